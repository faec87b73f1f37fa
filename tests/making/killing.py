"""An action in a child process that is killed at its n-th call, for every n or for a sample of them.

A call is one to the engine, the API server or a registry, a first probe after it, or a piece of the package on its way.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bosun_core.reporting import listen

PACKAGE_BYTES = 3_000_000  # three pieces


class Child:
    """An action in a child process, which begins when told to, and is killed at its n-th call."""

    def __init__(self, work: Callable[[], Any], kill_at: int | None) -> None:
        self._told, tell = os.pipe()
        wait, self._go = os.pipe()
        self._child = os.fork()
        if self._child:
            os.close(tell)
            os.close(wait)
            return
        try:
            os.read(wait, 1)
            calls = _Calls(kill_at)
            sys.addaudithook(calls.audited)
            listen(calls.progressed)
            work()
            os.write(tell, str(calls.count).encode())
        finally:
            os._exit(0)

    def finish(self) -> int | None:
        """Let it go, and return how many calls it made; None where it was killed."""
        os.write(self._go, b"\n")
        with os.fdopen(self._told) as stream:
            told = stream.read()
        os.close(self._go)
        os.waitpid(self._child, 0)
        return int(told) if told else None


class _Calls:
    """Counts the calls of this process, and ends it at one of them."""

    def __init__(self, kill_at: int | None) -> None:
        self.count = 0
        self._kill_at = kill_at
        self._probes = False

    def audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Count calls, and of probes one after the other the first."""
        if event == "bosun.step":
            self._next()
            self._probes = False
        elif event == "socket.connect" and isinstance(arguments[1], tuple) and not self._probes:
            self._next()
            self._probes = True

    def progressed(self, step: str, _done: float, _total: float | None) -> None:
        """Count pieces of the package."""
        if step == "sending the package":
            self._next()

    def _next(self) -> None:
        self.count += 1
        if self.count == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def make_larger(path: str) -> str:
    """Have a package take several pieces to send: a zip file may have anything behind it."""
    with Path(path).open("ab") as file:
        file.write(os.urandom(PACKAGE_BYTES))
    return path
