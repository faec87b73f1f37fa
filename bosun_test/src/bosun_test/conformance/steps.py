"""An action in a child process, step by step: counted, killed at one, or held at one while somebody else acts.

Steps are the audit events that reach outside the process, counted from where the plugin begins to act.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Container
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from bosun_core.runner import ActionRequest, run_action

# Events of the interpreter that touch nothing outside the process.
_INNER = ("import", "compile", "exec", "marshal.", "object.", "sys.", "code.", "ctypes.", "builtins.", "gc.")


def watch_steps(at_step: Callable[[int], None]) -> None:
    """Have `at_step` called at each step of the action that this process runs, for the rest of its life."""
    count = -1  # until the plugin begins to act

    def hook(event: str, _arguments: object) -> None:
        nonlocal count
        if event == "bosun.action":
            count = 0
        elif count >= 0 and not event.startswith(_INNER):
            count += 1
            at_step(count)

    sys.addaudithook(hook)


def at(step: int, act: Callable[[], object]) -> Callable[[int], None]:
    """Return what calls `act` when it is itself called with `step`."""

    def at_step(count: int) -> None:
        if count == step:
            act()

    return at_step


def end_at_once() -> None:
    """End this process by SIGKILL."""
    os.kill(os.getpid(), signal.SIGKILL)


def in_a_child(work: Callable[[], int], at_step: Callable[[int], None]) -> int:
    """Run `work` in a child process, `at_step` called there at each step, and return its exit code."""
    child = _forked(work, at_step)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _forked(work: Callable[[], int], at_step: Callable[[int], None]) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        # An environment may have threads of its own; the child needs none of them.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        code = 70
        try:
            watch_steps(at_step)
            code = work()
        finally:
            os._exit(code)
    return child


def killed(request: ActionRequest, step: int) -> bool:
    """Run an action in a child that is killed at its n-th step; False where it ended before that."""
    return in_a_child(lambda: _run(request), at(step, end_at_once)) == -signal.SIGKILL


def _run(request: ActionRequest) -> int:
    run_action(request)
    return 0


def counted_steps(request: ActionRequest) -> int:
    """Run an action to its end in a child and return how many steps it has."""
    reader, writer = os.pipe()
    counts = [0]

    def work() -> int:
        run_action(request)
        os.write(writer, str(counts[-1]).encode())
        return 0

    in_a_child(work, lambda count: counts.__setitem__(0, count))
    os.close(writer)
    with os.fdopen(reader) as stream:
        return int(stream.read() or 0)


def spread(steps: int, most: int | None) -> list[int]:
    """Return the steps 1 to `steps`, or at most `most` of them spread evenly, the first and the last among them."""
    if most is None or steps <= most:
        return list(range(1, steps + 1))
    if most == 1:
        return [1]
    return sorted({1 + round(index * (steps - 1) / (most - 1)) for index in range(most)})


class Held:
    """An action in a child process that is held at each of `stops` until it is told to go on.

    As a context manager: what still runs at the end of the block is killed.
    """

    def __init__(self, request: ActionRequest, stops: Container[int] = ()) -> None:
        self.step: int | None = None
        """The step that it is held at, None where it runs or has ended."""
        self.status: dict[str, Any] | None = None
        """The status that it ended with, None where it has not ended, or died."""
        self._request = request
        self._stops = stops
        self._line = b""

    def __enter__(self) -> Self:
        self._tells, self._tell = os.pipe()
        self._goes, self._go = os.pipe()
        self._child = _forked(self._work, self._at_step)
        os.close(self._tell)
        os.close(self._goes)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.kill(self._child, signal.SIGKILL)  # not yet waited for, so the number is still its own
        os.waitpid(self._child, 0)
        os.close(self._tells)
        os.close(self._go)

    def wait(self, limit: float) -> bool:
        """Wait at most `limit` seconds until it is held or has ended; False where it does something all the while."""
        deadline = time.monotonic() + limit
        while not self._line.endswith(b"\n"):
            if not select.select([self._tells], [], [], max(0.0, deadline - time.monotonic()))[0]:
                return False
            piece = os.read(self._tells, 65536)
            if not piece:  # it died
                return True
            self._line += piece
        told, self._line = json.loads(self._line), b""
        if isinstance(told, int):
            self.step = told
        else:
            self.status = told
        return True

    def go_on(self) -> None:
        """Let it go on from where it is held; where only a thread of its was held it may have ended meanwhile."""
        self.step = None
        with suppress(BrokenPipeError):
            os.write(self._go, b"\n")

    def _at_step(self, count: int) -> None:
        if count in self._stops:
            os.write(self._tell, f"{count}\n".encode())
            os.read(self._goes, 1)

    def _work(self) -> int:
        os.close(self._tells)
        os.close(self._go)  # else the end of the parent would go unnoticed
        status = run_action(self._request)
        with os.fdopen(self._tell, "wb") as stream:
            stream.write(json.dumps(status).encode() + b"\n")
        return 0
