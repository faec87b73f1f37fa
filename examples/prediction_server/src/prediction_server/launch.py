"""Runs the server as a process of its own and talks to it: for tests and demonstrations."""

import http.client
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

READY_LINE = "listening on "
KILL_AFTER_SECONDS = 5.0


class ServerDidNotStartError(Exception):
    """The server ended, or said nothing in time; `exit_code` is None for the latter."""

    def __init__(self, exit_code: int | None, stderr: str) -> None:
        super().__init__(f"the prediction server did not start (exit code {exit_code}): {stderr}")
        self.exit_code = exit_code
        self.stderr = stderr


@dataclass(frozen=True)
class Answer:
    """What the server answered; `content` is its JSON, `headers` have lower-case names."""

    status: int
    content: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class RunningServer:
    """A server process that listens at `url`."""

    url: str
    process: subprocess.Popen[str]
    _stderr: IO[str]

    def request(
        self,
        method: str,
        path: str,
        body: bytes | str | Sequence[Mapping[str, object]] | None = None,
        *,
        content_type: str = "application/json",
        timeout: float = 30.0,
    ) -> Answer:
        """Send one request on a connection of its own; a `body` that is no text or bytes is sent as JSON.

        Raises:
            OSError: no answer came, within `timeout` seconds between two packets.
        """
        content = body if isinstance(body, bytes | str | None) else json.dumps(body)
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=timeout)
        try:
            connection.request(method, path, content, {"Content-Type": content_type})
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, json.loads(response.read()), headers)
        finally:
            connection.close()

    def stop(self, with_signal: signal.Signals = signal.SIGTERM, *, timeout: float = 30.0) -> int:
        """Send the signal, wait for the end and return the exit code (negative: ended by that signal).

        Raises:
            subprocess.TimeoutExpired: it still runs after `timeout` seconds.
        """
        self.process.send_signal(with_signal)
        return self.process.wait(timeout)

    def stderr(self) -> str:
        """Return what the server has written to its standard error so far."""
        return _text(self._stderr)


@contextmanager
def running_server(
    *arguments: str | Path,
    environ: Mapping[str, str] | None = None,
    ready_seconds: float = 60.0,
) -> Iterator[RunningServer]:
    """Start a server on a free port of 127.0.0.1, wait until it listens, and end it afterwards.

    Args:
        arguments: of the command line, but for the port.
        environ: environment variables on top of this process's own.
        ready_seconds: how long to wait for it to listen.

    Raises:
        ServerDidNotStartError: it ended first, or did not listen in time.
    """
    source = str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryFile("w+", encoding="utf-8") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "prediction_server", "--port", "0", *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": path, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        with process:
            try:
                yield RunningServer(_ready_url(process, stderr, ready_seconds), process, stderr)
            finally:
                _end(process)


def _ready_url(process: subprocess.Popen[str], stderr: IO[str], seconds: float) -> str:
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        line = process.stdout.readline() if selector.select(seconds) else None
    if line is None:
        raise ServerDidNotStartError(None, f"nothing was said in {seconds} s")
    if not line.startswith(READY_LINE):
        raise ServerDidNotStartError(process.wait(KILL_AFTER_SECONDS), _text(stderr))
    return line.removeprefix(READY_LINE).strip()


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(KILL_AFTER_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _text(file: IO[str]) -> str:
    # The server writes through the same open file: seek() would move its place.
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode("utf-8", "replace")
