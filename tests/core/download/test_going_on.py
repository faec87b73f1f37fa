"""A fetch that was cut, or whose action was ended, goes on with what has come."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from package_server import (
    CONTENT,
    HALF,
    LOOKS_AT_PACKAGE,
    Handler,
    Reply,
    Start,
    Web,
    digest,
    refusal,
    stall_after_half,
    whole,
)

if TYPE_CHECKING:
    from tests.core.conftest import Bench


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
