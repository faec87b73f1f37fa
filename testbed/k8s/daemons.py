"""The programs of the cluster as processes: each with its command, its readiness and its id file."""

import os
import socket
import ssl
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError

from testbed import processes
from testbed.errors import TestbedError
from testbed.places import logs
from testbed.running import last_lines

READY_SECONDS = 60
STOP_SECONDS = 20
ANSWER_SECONDS = 5
# The cluster's addresses are this machine's: no proxy leads there.
_NO_PROXY: Mapping[str, str | None] = {
    name: None for word in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for name in (word, word.upper())
}


@dataclass(frozen=True)
class Daemon:
    """One program that runs in the background, with all its files in `folder`, which its command line names."""

    label: str
    """How it is called in files and messages."""
    folder: Path
    command: list[str]
    ready: Callable[[], bool]
    program: Callable[[], Path] | None = None
    """Where its program is, asked for when it starts; None: where PATH has the command's first word."""
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def runs(self) -> bool:
        """Whether its process is there."""
        return processes.find(self._id_file, str(self.folder)) is not None

    def start(self) -> None:
        """Start it where it does not run, and return once it is ready.

        Raises:
            TestbedError: it ends, or is not ready in time; the end of its log is in the text.
        """
        log = logs() / f"{self.label}.log"
        if self.runs:
            return
        if self.ready():
            raise TestbedError(f"another program answers where {self.label} should: end it first")
        program = str(self.program()) if self.program else self.command[0]
        process = processes.start([program, *self.command[1:]], log, {**_NO_PROXY, **self.environ})
        self._id_file.parent.mkdir(exist_ok=True)
        self._id_file.write_text(str(process.pid), encoding="utf-8")
        processes.wait_ready(process, self.ready, seconds=READY_SECONDS, log=log)

    def end(self) -> None:
        """End it, and wait until it is gone. Already gone is success.

        Raises:
            TestbedError: it had to be killed, or is there even so.
        """
        processes.end(self._id_file, str(self.folder), seconds=STOP_SECONDS)
        self._id_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End it by SIGKILL, and wait until it is gone. Already gone is success.

        Raises:
            TestbedError: it is there even so.
        """
        number = processes.find(self._id_file, str(self.folder))
        processes.kill([] if number is None else [number])

    @property
    def _id_file(self) -> Path:
        return self.folder / "processes" / self.label


def answers(url: str, *, also: int = 200) -> Callable[[], bool]:
    """Return the question whether `url` answers 200, or the status `also`; who answers is not checked."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))

    def ask() -> bool:
        try:
            with opener.open(url, timeout=ANSWER_SECONDS) as answer:
                return bool(answer.status == 200)
        except HTTPError as error:
            error.close()
            return error.code == also
        except OSError:
            return False

    return ask


def listens(path: Path) -> Callable[[], bool]:
    """Return the question whether somebody listens at the Unix socket `path`."""

    def ask() -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(os.fspath(path))
            except OSError:
                return False
            return True

    return ask


def story(label: str) -> str:
    """Return the end of a program's log."""
    return last_lines(logs() / f"{label}.log")
