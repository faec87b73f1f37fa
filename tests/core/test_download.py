"""A modelArtifact that is a URL: fetched to this machine, within limits, and gone after the action."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.core.conftest import Bench

CONTENT = hashlib.shake_256(b"a model package").digest(3 * 1024 * 1024)
HALF = len(CONTENT) // 2
TOKEN = "planted-token-0123456789"

Reply = Callable[["Handler"], None]
Start = Callable[..., dict[str, Any]]

LOOKS_AT_PACKAGE = """
def deployment_start(self, info):
    import hashlib, pathlib
    file = pathlib.Path(info.model_artifact)
    content = file.read_bytes()
    return ok("started", name=file.name, folder=str(file.parent.parent), digest=hashlib.sha256(content).hexdigest())
deployment_replace_model = deployment_start
"""


class Handler(BaseHTTPRequestHandler):
    """Answers as the test says, and remembers what it was asked."""

    server: Web

    def do_GET(self) -> None:
        self.server.requests.append(self)
        number = min(len(self.server.requests), len(self.server.replies)) - 1
        with_reply = self.server.by_path.get(self.path, self.server.replies[number])
        try:
            with_reply(self)
        except ConnectionError:  # the runner hung up, as many a test wants it to
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        print("the server:", format % args)

    def head(self, code: int, **headers: object) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()


class Web(ThreadingHTTPServer):
    """A web server on 127.0.0.1 that gives its replies in turn, the last one from then on."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[Handler] = []
        self.replies: list[Reply] = [whole()]
        self.by_path: dict[str, Reply] = {}
        self.over = threading.Event()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def url(self, path: str = "/model.mlpkg") -> str:
        return self.origin + path

    def asked(self, *names: str) -> list[tuple[str | None, ...]]:
        """Return those headers of each request."""
        return [tuple(request.headers.get(name) for name in names) for request in self.requests]


def whole(
    content: bytes = CONTENT, *, ranges: bool = True, upto: int | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """Return a reply with the content, or the part that is asked for; after `upto` of its bytes the line is cut."""
    headers = {"ETag": '"v1"'} if headers is None else headers

    def reply(handler: Handler) -> None:
        asked = handler.headers.get("Range")
        same = handler.headers.get("If-Range") in (*headers.values(), None)
        first = int(asked.removeprefix("bytes=").rstrip("-")) if asked and ranges and same else 0
        part = {"Content-Range": f"bytes {first}-{len(content) - 1}/{len(content)}"} if first else {}
        handler.head(206 if first else 200, Content_Length=len(content) - first, **headers, **part)
        handler.wfile.write(content[first:upto])

    return reply


def refusal(code: int, **headers: object) -> Reply:
    return lambda handler: handler.head(code, Content_Length=0, **headers)


def redirect(to: str) -> Reply:
    return refusal(302, Location=to)


@pytest.fixture
def web() -> Iterator[Web]:
    with running(Web()) as server:
        yield server


@pytest.fixture
def other_web() -> Iterator[Web]:
    with running(Web()) as server:
        yield server


class running:  # noqa: N801  # reads as a verb where it is used
    def __init__(self, server: Web) -> None:
        self.server = server
        self.thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Web:
        self.thread.start()
        return self.server

    def __exit__(self, *_: object) -> None:
        self.server.over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def start(bench: Bench) -> Start:
    """Start a deployment with the package at a URL; its status tells what the plugin saw."""
    plugin = bench.plugin(LOOKS_AT_PACKAGE)

    def start(url: str, action: str = "deployment_start", mlops: str | None = None, **request: Any) -> dict[str, Any]:
        document: dict[str, Any] = bench.act(
            plugin, action, {"modelArtifact": url, "newModelId": "m2"}, {"mlopsUrl": mlops} if mlops else {}, **request
        )
        return document

    return start


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """Return the folder where packages are staged for plugins that have none of their own."""
    return tmp_path / "tmp" / f"bosun-{os.getuid()}"


def digest(content: bytes = CONTENT) -> str:
    return hashlib.sha256(content).hexdigest()


def what(document: dict[str, Any]) -> tuple[str, str]:
    return document["status"], document["msg"]


# What the plugin is given


def test_the_plugin_sees_the_whole_package_under_its_own_name_and_it_is_gone_afterwards(
    web: Web, start: Start, staged: Path
) -> None:
    document = start(web.url("/packages/model-7.mlpkg?signature=abc"))

    assert document["data"] == {"name": "model-7.mlpkg", "folder": str(staged), "digest": digest()}
    assert list(staged.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/a%20b.mlpkg", "a_b.mlpkg"),
        ("/a b.mlpkg", "a_b.mlpkg"),
        ("/x/..%2f..%2fetc%2fpasswd.txt", "_.._etc_passwd.txt"),
        ("/archive/", "package.mlpkg"),
        ("/archive", "package.mlpkg"),
        ("/..", "package.mlpkg"),
        ("", "package.mlpkg"),
        ("/" + "n" * 300 + ".mlpkg", "n" * 122 + ".mlpkg"),
    ],
)
def test_the_file_name_is_the_last_part_of_the_path_made_harmless(web: Web, start: Start, path: str, name: str) -> None:
    assert start(web.url(path))["data"]["name"] == name


def test_the_name_that_the_server_gives_counts_for_nothing(web: Web, start: Start) -> None:
    web.replies = [whole(headers={"Content-Disposition": 'attachment; filename="/etc/evil.sh"'})]

    assert start(web.url("/model.mlpkg"))["data"]["name"] == "model.mlpkg"


def test_a_plugin_says_where_its_packages_are_staged(web: Web, bench: Bench, tmp_path: Path) -> None:
    wanted = tmp_path / "base" / ".bosun" / "downloads"
    plugin = bench.plugin(f"{LOOKS_AT_PACKAGE}\ndef staging_folder(self):\n    return {str(wanted)!r}\n")

    document = bench.act(plugin, "deployment_start", {"modelArtifact": web.url()})

    assert document["data"]["folder"] == str(wanted)


def test_the_folder_for_packages_is_its_users_alone(web: Web, start: Start, staged: Path) -> None:
    start(web.url())

    assert staged.stat().st_mode & 0o777 == 0o700


def test_a_link_in_the_place_of_that_folder_is_refused(web: Web, start: Start, staged: Path, tmp_path: Path) -> None:
    staged.symlink_to(tmp_path)

    assert what(start(web.url())) == (
        "failing",
        f"{staged} is not a folder of this user alone; remove it, or set TMPDIR",
    )


def test_a_dry_run_fetches_nothing(web: Web, bench: Bench) -> None:
    plugin = bench.plugin("def deployment_start(self, info):\n    return ok(info.model_artifact)")

    document = bench.act(plugin, "deployment_start", {"modelArtifact": web.url()}, dry_run=True)

    assert (document["msg"], web.requests) == (web.url(), [])


def test_password_and_query_of_a_url_are_masked_in_what_a_plugin_says_of_it(bench: Bench) -> None:
    plugin = bench.plugin("def deployment_start(self, info):\n    return ok(info.model_artifact)")
    url = "https://someone:planted-password@127.0.0.1/model.mlpkg?signature=planted"

    document = bench.act(plugin, "deployment_start", {"modelArtifact": url}, dry_run=True)

    assert document["msg"] == "https://someone:***@127.0.0.1/model.mlpkg?***"


def test_the_package_is_gone_after_a_plugin_that_failed(web: Web, bench: Bench, staged: Path) -> None:
    plugin = bench.plugin("def deployment_start(self, info):\n    raise ValueError('no')")

    assert bench.act(plugin, "deployment_start", {"modelArtifact": web.url()})["status"] == "failing"
    assert list(staged.iterdir()) == []


def test_a_replacement_whose_package_does_not_come_says_that_the_old_model_serves(web: Web, start: Start) -> None:
    web.replies = [refusal(404)]

    document = start(web.url(), "deployment_replace_model")

    assert document["data"] == {"oldModelInUse": True, "currentModelId": "m1"}


def test_progress_is_reported_from_the_first_byte_to_the_last(web: Web, start: Start, tmp_path: Path) -> None:
    start(web.url(), events=str(tmp_path / "events"))

    events = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    done = [event["done"] for event in events if event["event"] == "progress"]
    assert [event["event"] for event in events] == ["action_started", *["progress"] * len(done), "action_finished"]
    assert {(event["step"], event["total"]) for event in events[1:-1]} == {("downloading", len(CONTENT))}
    assert (done[0], done[-1], sorted(done)) == (0, len(CONTENT), done)


# Going on with what has come


@pytest.mark.parametrize(
    "headers",
    [{"ETag": '"v1"'}, {"Last-Modified": formatdate(0, usegmt=True)}, {"ETag": 'W/"v1"', "Last-Modified": "v2"}],
    ids=["ETag", "Last-Modified", "weak ETag"],
)
def test_a_cut_package_is_gone_on_with_where_it_broke_off(web: Web, start: Start, headers: dict[str, str]) -> None:
    web.replies = [whole(upto=HALF, headers=headers), whole(headers=headers)]

    document = start(web.url())

    assert document["data"]["digest"] == digest()
    strong = headers.get("Last-Modified") or headers["ETag"]
    assert web.asked("Range", "If-Range") == [(None, None), (f"bytes={HALF - 1}-", strong)]


def test_without_a_version_of_the_package_the_next_try_starts_over(web: Web, start: Start) -> None:
    web.replies = [whole(upto=HALF, headers={}), whole(headers={})]

    assert start(web.url())["data"]["digest"] == digest()
    assert web.asked("Range") == [(None,), (None,)]


def test_a_server_that_cannot_resume_sends_it_all_again(web: Web, start: Start) -> None:
    web.replies = [whole(upto=HALF), whole(ranges=False)]

    assert start(web.url())["data"]["digest"] == digest()


def test_a_package_that_changed_meanwhile_is_fetched_anew(web: Web, start: Start) -> None:
    web.replies = [whole(upto=HALF), whole(CONTENT[::-1], headers={"ETag": '"v2"'})]

    assert start(web.url())["data"]["digest"] == digest(CONTENT[::-1])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda handler: handler.head(416, Content_Length=0, Content_Range="bytes */7"),
        lambda handler: handler.head(206, Content_Length=0, Content_Range="bytes 5-9/10", ETag='"v1"'),
        lambda handler: handler.head(206, Content_Length=0, Content_Range="nonsense", ETag='"v1"'),
        lambda handler: handler.head(
            206, Content_Length=0, Content_Range=f"bytes {HALF - 1}-{len(CONTENT) - 1}/{len(CONTENT)}", ETag='"v2"'
        ),
    ],
    ids=["no such part", "another part", "a part of nothing", "a part of another version"],
)
def test_after_a_part_that_does_not_fit_the_package_is_fetched_anew(web: Web, start: Start, wrong: Reply) -> None:
    web.replies = [whole(upto=HALF), wrong, whole()]

    assert start(web.url())["data"]["digest"] == digest()
    assert web.asked("Range") == [(None,), (f"bytes={HALF - 1}-",), (None,)]


def test_the_next_action_goes_on_with_what_a_failed_one_has_fetched(web: Web, start: Start) -> None:
    web.replies = [whole(upto=HALF), refusal(500), whole()]

    first = start(web.url())
    second = start(web.url())

    assert first["status"] == "failing"
    assert second["data"]["digest"] == digest()
    assert web.asked("Range")[2] == (f"bytes={HALF - 1}-",)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_next_action_goes_on_with_what_an_ended_one_has_fetched(
    web: Web, bench: Bench, start: Start, number: signal.Signals
) -> None:
    web.replies = [stall_after_half, whole()]
    config = bench.action_file({"modelArtifact": web.url()})
    with bench.started("--plugin", "sample.py", "--action", "deployment_start", "--config", config) as runner:
        runner.wait_for(lambda event: event.get("done", 0) >= HALF - 300_000)
        runner.process.send_signal(number)
        runner.finished()

    assert start(web.url())["data"]["digest"] == digest()
    ((first,), (second,)) = web.asked("Range")
    assert first is None
    assert second is not None
    assert int(second.removeprefix("bytes=").rstrip("-")) >= HALF - 300_000


KILLED_AT = """
import itertools, os, sys
steps = itertools.count()
sys.addaudithook(lambda event, args: event == "bosun.step" and next(steps) == {step} and os.kill(os.getpid(), 9))
from bosun_core.cli import main
main({arguments!r})
"""


@pytest.mark.parametrize("step", [0, 1, 5, 11])
def test_a_fetch_that_is_killed_at_any_step_is_gone_on_with(web: Web, bench: Bench, start: Start, step: int) -> None:
    config = bench.action_file({"modelArtifact": web.url()})
    arguments = ["--plugin", "sample.py", "--action", "deployment_start", "--config", config]
    code = KILLED_AT.format(step=step, arguments=arguments)
    killed = subprocess.run(
        [sys.executable, "-c", code],
        cwd=bench.folder,
        env=bench.environment(),
        capture_output=True,
        timeout=30,
        check=False,
    )

    assert b"was killed by SIGKILL" in killed.stdout
    assert start(web.url())["data"]["digest"] == digest()
    ((first,), *_) = web.asked("Range")
    assert first is None


def test_a_package_left_whole_by_a_killed_action_is_only_confirmed_by_the_server(
    web: Web, bench: Bench, start: Start
) -> None:
    plugin = bench.plugin("def deployment_start(self, info):\n    import os; os._exit(9)", file="dies.py")
    config = bench.action_file({"modelArtifact": web.url()})
    bench.command("--plugin", plugin, "--action", "deployment_start", "--config", config)

    assert start(web.url())["data"]["digest"] == digest()
    assert web.asked("Range") == [(None,), (f"bytes={len(CONTENT) - 1}-",)]


def test_what_nobody_went_on_with_for_a_day_is_cleared_by_the_next_fetch(web: Web, start: Start, staged: Path) -> None:
    web.by_path = {"/old.mlpkg": whole(upto=HALF), "/recent.mlpkg": whole(upto=HALF)}
    start(web.url("/old.mlpkg"))
    (old,) = staged.iterdir()
    start(web.url("/recent.mlpkg"))
    (recent,) = set(staged.iterdir()) - {old}
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(old, (two_days_ago, two_days_ago))

    start(web.url())

    assert list(staged.iterdir()) == [recent]


def test_two_runners_that_fetch_one_url_at_once_are_kept_apart(web: Web, bench: Bench) -> None:
    both = threading.Barrier(2, timeout=30)

    def together(handler: Handler) -> None:
        both.wait()
        whole()(handler)

    web.replies = [together]
    bench.plugin(LOOKS_AT_PACKAGE)
    config = bench.action_file({"modelArtifact": web.url()})
    arguments = ("--plugin", "sample.py", "--action", "deployment_start", "--config", config)
    with bench.started(*arguments) as one, bench.started(*arguments) as other:
        runs = [one.finished(), other.finished()]

    assert [run.status["data"]["digest"] for run in runs] == [digest(), digest()]


def test_memory_does_not_grow_with_the_package(web: Web, bench: Bench) -> None:
    bench.plugin("def deployment_start(self, info):\n    import resource\n    return ok(kib=peak())", head=PEAK)
    peaks = []
    for megabytes in (1, 200):
        web.replies = [zeros(megabytes)]
        config = bench.action_file({"modelArtifact": web.url(f"/{megabytes}.mlpkg")})
        run = bench.command("--plugin", "sample.py", "--action", "deployment_start", "--config", config)
        peaks.append(run.status["data"]["kib"])

    assert peaks[1] - peaks[0] < 8 * 1024, peaks


PEAK = "def peak():\n    import resource\n    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss"


def zeros(megabytes: int) -> Reply:
    def reply(handler: Handler) -> None:
        handler.head(200, Content_Length=megabytes << 20)
        for _ in range(megabytes):
            handler.wfile.write(bytes(1 << 20))

    return reply


# Who sees the token


def test_the_token_goes_to_the_host_of_mlops_url(web: Web, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)

    start(web.url(), mlops=f"{web.origin}/api/v2")

    assert web.asked("Authorization") == [(f"Bearer {TOKEN}",)]


@pytest.mark.parametrize(
    "mlops", [None, "https://127.0.0.1:{port}", "http://localhost:{port}", "http://127.0.0.1", "x"]
)
def test_the_token_goes_to_no_other_scheme_host_or_port(
    web: Web, start: Start, monkeypatch: pytest.MonkeyPatch, mlops: str | None
) -> None:
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)

    start(web.url(), mlops=mlops and mlops.format(port=web.server_port))

    assert web.asked("Authorization") == [(None,)]


def test_a_redirect_to_another_host_does_not_take_the_token_along(
    web: Web, other_web: Web, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)
    web.replies = [redirect(other_web.url("/stored.bin"))]

    document = start(web.url(), mlops=web.origin)

    assert document["data"]["digest"] == digest()
    assert (web.asked("Authorization"), other_web.asked("Authorization")) == ([(f"Bearer {TOKEN}",)], [(None,)])


def test_a_redirect_within_the_host_of_mlops_url_keeps_the_token(
    web: Web, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)
    web.replies = [redirect("/elsewhere.mlpkg"), whole()]

    start(web.url(), mlops=web.origin)

    assert web.asked("Authorization") == [(f"Bearer {TOKEN}",)] * 2


def test_a_resumed_fetch_through_a_redirect_asks_for_the_rest(web: Web, other_web: Web, start: Start) -> None:
    web.replies = [redirect(other_web.url("/stored.bin"))]
    other_web.replies = [whole(upto=HALF), whole()]

    assert start(web.url())["data"]["digest"] == digest()
    assert other_web.asked("Range") == [(None,), (f"bytes={HALF - 1}-",)]


def test_user_and_password_of_a_url_go_to_its_host_and_into_no_message(
    web: Web, other_web: Web, start: Start, tmp_path: Path
) -> None:
    web.replies = [redirect(other_web.url("/stored.bin"))]
    other_web.replies = [refusal(404)]
    url = web.url().replace("//", "//someone:planted-password@")

    document = start(url, events=str(tmp_path / "events"))

    assert what(document) == ("failing", f"modelArtifact {web.url()} is not there (404); check the URL")
    assert web.asked("Authorization") == [("Basic c29tZW9uZTpwbGFudGVkLXBhc3N3b3Jk",)]
    assert other_web.asked("Authorization") == [(None,)]
    assert "planted-password" not in (tmp_path / "events").read_text()


def test_the_query_of_a_url_which_may_be_signed_is_in_no_message(web: Web, start: Start) -> None:
    web.replies = [refusal(410)]

    document = start(web.url("/m.mlpkg?signature=planted"))

    assert document["msg"] == f"modelArtifact {web.url('/m.mlpkg')} is not there (410); check the URL"


# Limits


def test_a_package_above_the_size_limit_is_refused_before_it_is_read(web: Web, start: Start, staged: Path) -> None:
    web.replies = [lambda handler: handler.head(200, Content_Length=10**15)]

    assert what(start(web.url(), download_limit=1000)) == (
        "failing",
        f"{web.url()} has {10**15} bytes, more than 1000 may be fetched; raise --download-limit",
    )
    assert list(staged.iterdir()) == []


def test_a_body_that_grows_above_the_size_limit_is_cut(web: Web, start: Start, staged: Path) -> None:
    def endless(handler: Handler) -> None:
        handler.head(200)
        while not web.over.is_set():
            handler.wfile.write(CONTENT)

    web.replies = [endless]

    assert what(start(web.url(), download_limit=10**7)) == (
        "failing",
        f"{web.url()} has more than {10**7} bytes, more than {10**7} may be fetched; raise --download-limit",
    )
    assert list(staged.iterdir()) == []


def stall_at_once(handler: Handler) -> None:
    handler.server.over.wait(30)


def stall_in_the_head(handler: Handler) -> None:
    while not handler.server.over.wait(0.02):
        handler.wfile.write(b"X")


def stall_after_half(handler: Handler) -> None:
    whole(upto=HALF)(handler)
    handler.wfile.flush()
    handler.server.over.wait(30)


def stall_without_a_length(handler: Handler) -> None:
    handler.head(200)
    handler.wfile.write(CONTENT[:HALF])
    handler.server.over.wait(30)


@pytest.mark.parametrize("stall", [stall_at_once, stall_in_the_head, stall_after_half, stall_without_a_length])
def test_a_server_that_stalls_is_given_up_when_the_time_is_up(web: Web, start: Start, stall: Reply) -> None:
    web.replies = [stall]
    began = time.monotonic()

    status, message = what(start(web.url(), download_timeout=0.4))

    assert status == "failing"
    assert message.startswith(f"{web.url()} did not come within 0.4 s: ")
    assert message.endswith("raise --download-timeout, or try again")
    assert time.monotonic() - began < 5


def test_a_body_that_ends_short_is_an_error_after_six_tries(web: Web, start: Start) -> None:
    web.replies = [whole(upto=HALF)]

    status, message = what(start(web.url()))

    assert (status, message) == (
        "failing",
        f"{web.url()} did not come in 6 tries: the connection was cut after {HALF} of {len(CONTENT)} bytes "
        f"({HALF} bytes are kept for the next try); try again",
    )
    assert len(web.requests) == 6


def test_a_connection_that_is_cut_before_the_head_is_tried_again(web: Web, start: Start) -> None:
    web.replies = [lambda handler: None, whole()]

    assert start(web.url())["data"]["digest"] == digest()


def test_a_busy_server_is_asked_again_after_the_time_it_names(web: Web, start: Start) -> None:
    web.replies = [refusal(503, Retry_After=1), refusal(429, Retry_After=formatdate(0, usegmt=True)), whole()]
    began = time.monotonic()

    document = start(web.url())

    assert document["data"]["digest"] == digest()
    assert 1 <= time.monotonic() - began < 5


def test_a_server_that_is_busy_for_longer_than_the_limit_is_not_waited_for(web: Web, start: Start) -> None:
    web.replies = [refusal(503, Retry_After=100)]

    assert what(start(web.url(), download_timeout=50)) == (
        "failing",
        f"{web.url()} did not come within 50 s: the server is busy (503) (nothing is kept); "
        "raise --download-timeout, or try again",
    )


# Refusals, each in one line


@pytest.mark.parametrize("code", [401, 403])
def test_a_refusal_without_a_token_names_the_variable(web: Web, start: Start, code: int) -> None:
    web.replies = [refusal(code)]

    assert what(start(web.url(), mlops=web.origin)) == (
        "failing",
        f"{web.url()} may not be fetched ({code}); MLOPS_API_TOKEN is not set",
    )


def test_a_refusal_of_another_host_says_that_the_token_is_not_for_it(
    web: Web, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)
    web.replies = [refusal(401)]

    assert what(start(web.url(), mlops="https://mlops.invalid")) == (
        "failing",
        f"{web.url()} may not be fetched (401); MLOPS_API_TOKEN is sent to the host of mlopsUrl only, which is another",
    )


def test_a_refusal_of_the_token_asks_to_check_it(web: Web, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)
    web.replies = [refusal(403)]

    assert what(start(web.url(), mlops=web.origin)) == (
        "failing",
        f"{web.url()} may not be fetched (403); check that MLOPS_API_TOKEN is valid and may read it",
    )


def test_a_token_that_no_header_can_carry_is_refused_unseen(
    web: Web, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLOPS_API_TOKEN", "planted\ntoken")

    assert what(start(web.url(), mlops=web.origin)) == (
        "failing",
        "MLOPS_API_TOKEN holds characters that no token has; set it anew",
    )


def test_any_other_answer_is_told_with_its_code(web: Web, start: Start) -> None:
    web.replies = [refusal(500)]

    assert what(start(web.url())) == (
        "failing",
        f"{web.url()} cannot be fetched: the server answered 500 Internal Server Error",
    )


def test_an_answer_without_a_package_is_no_package(web: Web, start: Start) -> None:
    web.replies = [refusal(204)]

    assert what(start(web.url())) == ("failing", f"{web.url()} brought no package: the server answered 204")


def test_a_redirect_to_a_file_is_not_followed(web: Web, start: Start) -> None:
    web.replies = [redirect("file:///etc/passwd")]

    assert what(start(web.url())) == (
        "failing",
        f"{web.url()} redirects in a circle, or to what is not fetched; check the URL",
    )


def test_redirects_in_a_circle_end(web: Web, start: Start) -> None:
    web.replies = [redirect("/model.mlpkg")]

    assert what(start(web.url())) == (
        "failing",
        f"{web.url()} redirects in a circle, or to what is not fetched; check the URL",
    )


def test_a_host_that_is_not_known_is_named(start: Start) -> None:
    status, message = what(start("http://no-such-host.invalid/m.mlpkg"))

    assert status == "failing"
    assert message.startswith("cannot find the host of http://no-such-host.invalid/m.mlpkg (")
    assert message.endswith("); check the URL")


def test_a_host_that_refuses_connections_is_named(start: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: nobody else can take the port meanwhile
        port = taken.getsockname()[1]

        assert what(start(f"http://127.0.0.1:{port}/m.mlpkg")) == (
            "failing",
            f"127.0.0.1:{port} refuses connections; check host and port, and that the server runs",
        )


@pytest.mark.parametrize("url", ["http://", "http:///m.mlpkg", "http://host:port/m", "http://a..b/m", "http://a b/m"])
def test_a_url_that_cannot_be_asked_for_is_refused(start: Start, url: str) -> None:
    assert what(start(url)) == ("failing", "modelArtifact is no URL that can be fetched; check its host and port")


def test_a_full_disk_is_told_and_not_left_full(web: Web, bench: Bench, small_disk: Path) -> None:
    plugin = bench.plugin(f"{LOOKS_AT_PACKAGE}\ndef staging_folder(self):\n    return {str(small_disk)!r}\n")

    document = bench.act(plugin, "deployment_start", {"modelArtifact": web.url()})

    assert what(document) == (
        "failing",
        f"cannot write to {small_disk}: No space left on device; make room there, and try again",
    )
    assert list(small_disk.iterdir()) == []


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a certificate for 127.0.0.1, signed by itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "certificate.pem"]
    try:
        subprocess.run([*command.split(), *names], cwd=folder, check=True, capture_output=True)
    except FileNotFoundError:
        if "BOSUN_REQUIRE_ALL" in os.environ:
            raise
        pytest.skip("openssl makes the certificate")
    both = folder / "both.pem"
    both.write_text((folder / "certificate.pem").read_text() + (folder / "key.pem").read_text())
    return both


@pytest.fixture
def secure_web(certificate: Path) -> Iterator[Web]:
    server = Web()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    # The handshake is left to the thread that serves the connection: one that fails must not end the server.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with running(server) as web:
        yield web


def secure(web: Web, path: str = "/model.mlpkg") -> str:
    return web.url(path).replace("http:", "https:")


def test_a_package_comes_over_tls_from_a_trusted_server(
    secure_web: Web, start: Start, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure_web.replies = [whole(upto=HALF), whole()]

    assert start(secure(secure_web))["data"]["digest"] == digest()


def test_a_certificate_that_is_not_trusted_is_told(
    secure_web: Web, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)

    assert what(start(secure(secure_web))) == (
        "failing",
        f"the certificate of 127.0.0.1:{secure_web.server_port} is not trusted (self-signed certificate); "
        "name the file of its authority in SSL_CERT_FILE",
    )


def test_a_stall_over_tls_is_given_up_when_the_time_is_up(
    secure_web: Web, start: Start, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure_web.replies = [stall_after_half]

    assert "did not come within 0.5 s" in start(secure(secure_web), download_timeout=0.5)["msg"]


def test_a_redirect_from_https_to_http_is_not_followed(
    secure_web: Web, web: Web, start: Start, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure_web.replies = [redirect(web.url())]

    document = start(secure(secure_web))

    assert what(document) == (
        "failing",
        f"127.0.0.1:{secure_web.server_port} redirects from https to http, which is not followed; "
        "give the URL of the package itself",
    )
    assert web.requests == []


def test_https_to_a_server_that_speaks_http_is_told(web: Web, start: Start) -> None:
    status, message = what(start(secure(web)))

    assert status == "failing"
    assert message.startswith(f"no TLS connection to 127.0.0.1:{web.server_port} (")
    assert message.endswith("); check scheme and port of the URL")
