"""`bosun-load` asks a real server, tells what it saw, and ends with what that is worth."""

from __future__ import annotations

import http.server
import re
import shutil
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prediction_server.launch import RunningServer, running_server
from prediction_server.make_package import write_package

COMMAND = Path(sys.executable).with_name("bosun-load")
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    folder = tmp_path / "deployments/deployment_d1"
    folder.mkdir(parents=True)
    write_package(folder / "model.mlpkg")
    (folder / "config.yml").write_text("deployment_id: d1\nmodel_id: model-A\n")
    with running_server("--deployments", str(folder.parent)) as running:
        yield running


@pytest.fixture
def run(tmp_path: Path) -> Run:
    rows = tmp_path / "rows.json"
    rows.write_text('[{"x": 1, "y": 2}]')

    def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
        command = [COMMAND, "--body", rows, *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
        print(done.args, done.stdout, done.stderr)
        return done

    return run


def url(server: RunningServer) -> str:
    return f"{server.url}/deployments/deployment_d1/predictions"


def test_it_tells_how_many_were_answered_how_fast_and_by_which_model(run: Run, server: RunningServer) -> None:
    done = run("--seconds", "0.5", url(server))
    assert (done.returncode, done.stderr) == (0, "")
    first, model, failed = done.stdout.splitlines()
    assert re.fullmatch(r"\d+ requests in [\d.]+ s, \d+ a second; half within .* ms, 99% within .* ms, .*", first)
    assert re.fullmatch(r"  model-A: \d+ answers, asked for from 0.0 s to [\d.]+ s", model)
    assert failed == "failed: 0"


def test_while_a_command_runs_it_goes_on_and_marks_it_in_the_picture(
    run: Run, server: RunningServer, tmp_path: Path
) -> None:
    folder = tmp_path / "deployments/deployment_d1"
    change = f"echo 'the command speaks'; sleep 0.3; printf 'deployment_id: d1\\nmodel_id: model-B\\n' > {folder}/new"
    change += f" && mv {folder}/new {folder}/config.yml && sleep 0.5"
    done = run("--seconds", "0.3", "--picture", "run.svg", "--title", "a change", url(server), "--", "sh", "-c", change)
    assert done.returncode == 0
    assert done.stdout.startswith("the command speaks\n")
    assert re.search(r"^  model-B: \d+ answers", done.stdout, re.MULTILINE)
    assert done.stdout.endswith("failed: 0\nanswered by another model after the command had ended: 0\n")
    texts = [one.text or "" for one in ET.parse(tmp_path / "run.svg").iter("{http://www.w3.org/2000/svg}text")]
    assert re.fullmatch(r"a change: \d+ requests, 0 failed", texts[0])
    assert {"begins", "ended", "model-A", "model-B"} <= set(texts)


def test_with_a_pause_it_asks_in_bursts_until_each_pause_was_made_once(run: Run, server: RunningServer) -> None:
    done = run("--pause", "0.1", "--clients", "5", url(server))
    assert (done.returncode, done.stderr, done.stdout.splitlines()[-1]) == (0, "", "failed: 0")
    found = re.match(r"(\d+) requests in ([\d.]+) s", done.stdout)
    assert found is not None
    requests, seconds = found.groups()
    assert int(requests) % 5 == 0
    assert 50 <= int(requests) <= 5 * 32
    assert float(seconds) < 5


def test_a_connection_that_was_closed_while_idle_is_made_again_and_is_no_failure(run: Run) -> None:
    class Closing(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 0.2

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Closing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/x"
        done = run("--pause", "0.6", "--clients", "3", "--seconds", "2", address)
        server.shutdown()
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "failed: 0")


def test_a_failing_command_is_a_failure(run: Run, server: RunningServer) -> None:
    assert run("--seconds", "0.1", url(server), "--", "false").returncode == 1


def test_requests_that_fail_are_counted_by_their_reason(run: Run, server: RunningServer, tmp_path: Path) -> None:
    gone = ["sh", "-c", f"sleep 0.2; rm -r {tmp_path}/deployments/deployment_d1"]
    done = run("--seconds", "0.3", url(server), "--", *gone)
    assert done.returncode == 1
    failed = re.search(r"^failed: (\d+)\n  (\d+) times NoAnswerError: 404 .*", done.stdout, re.MULTILINE)
    assert failed is not None
    assert int(failed[1]) >= int(failed[2]) > 0


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["http://127.0.0.1:1/x"], 1, "no prediction comes from http://127.0.0.1:1/x: ConnectionRefusedError: .*"),
        (["ftp://x"], 64, "ftp://x is no URL; it begins with http:// or https://"),
        ([], 64, "the following arguments are required: URL; --help shows how to call it"),
        (["--body", "missing", "http://x"], 64, "--body missing cannot be read: No such file or directory"),
        (["--picture", "no/x.svg", "http://x"], 64, "--picture no/x.svg cannot be written: No such file or directory"),
        (["--clients", "0", "http://x"], 64, "--clients is at least 1, .*"),
        (["--pause", "0", "http://x"], 64, "--pause is between 0.1 and 3600"),
        (["--pause", "nan", "http://x"], 64, "--pause is between 0.1 and 3600"),
    ],
)
def test_a_mistake_is_one_line(run: Run, words: list[str], code: int, line: str) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (code, "")
    assert re.fullmatch(f"bosun-load: {line}\n", done.stderr)


def test_a_command_that_is_not_there_is_one_line(run: Run, server: RunningServer) -> None:
    assert shutil.which("no-such-command") is None
    done = run("--seconds", "0", url(server), "--", "no-such-command")
    assert (done.returncode, done.stderr) == (
        64,
        "bosun-load: no-such-command cannot be run: No such file or directory\n",
    )
