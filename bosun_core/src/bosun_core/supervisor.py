"""The process around an action: it ends the action in time, and tells of its death where the action no longer can.

The action runs in a child process. A plugin may crash the interpreter, call os._exit, be killed for want of memory or
hang where no exception reaches it: the parent is still there to write the status file. The fork costs 2 ms.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, NoReturn

from bosun_core.errors import Interruption
from bosun_core.signals import ENDING, hold_signals

_WATCHED = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Limits(NamedTuple):
    """How long an action may take, and how long it may then take to end, in seconds; None is without a limit."""

    timeout: float | None
    grace: float


def supervised(action: Callable[[], int], died: Callable[[str], int], limits: Limits) -> int:
    """Run `action` in a child process and return its exit code.

    SIGTERM, SIGINT, SIGHUP and the end of the time raise `Interruption` in the action; where it does not end within
    the grace it is killed. Where it dies before it has returned, `died` is called with one line that says how, and its
    exit code counts.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    result_end, child_result_end = os.pipe()
    child_life_end, life_end = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(result_end)
        os.close(life_end)
        _run_child(action, child_result_end, child_life_end, limits)
    os.close(child_result_end)
    os.close(child_life_end)
    reason = _wait(child, limits)
    result = _read_now(result_end)
    os.close(result_end)
    os.close(life_end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _WATCHED)
    return result[0] if result else died(reason)


def _read_now(descriptor: int) -> bytes:
    """Return what has been written: the other end may be open still, in a process that the plugin has left behind."""
    os.set_blocking(descriptor, False)
    try:
        return os.read(descriptor, 1)
    except BlockingIOError:
        return b""


def _run_child(action: Callable[[], int], result_end: int, life_end: int, limits: Limits) -> NoReturn:
    _end_with_parent(life_end)
    _interrupt_on_signals(limits)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _WATCHED)
    code = action()
    hold_signals()
    with suppress(BrokenPipeError):  # the parent was killed; the status is written all the same
        os.write(result_end, bytes([code]))
    end_process(code)


def end_process(code: int) -> NoReturn:
    """End the process after its exit handlers; the interpreter's own tidying of memory, 9 ms, is left out."""
    if "threading" in sys.modules and sys.modules["threading"].active_count() > 1:
        sys.exit(code)  # a plugin's threads are waited for, as the interpreter does
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or never there
            stream.flush()
    os._exit(code)


def _end_with_parent(life_end: int) -> None:
    """Have the kernel send SIGTERM when the parent's end of the pipe closes: an action never outlives its runner."""
    if hasattr(fcntl, "F_SETSIG"):  # Linux
        fcntl.fcntl(life_end, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(life_end, fcntl.F_SETSIG, signal.SIGTERM)
        fcntl.fcntl(life_end, fcntl.F_SETFL, fcntl.fcntl(life_end, fcntl.F_GETFL) | os.O_ASYNC)


def _interrupt_on_signals(limits: Limits) -> None:
    def interrupt(number: int, _frame: object) -> None:
        hold_signals()  # what cleans up after the first is not disturbed by a second
        if number == signal.SIGALRM:
            raise Interruption(
                f"the action took longer than {limits.timeout:g} s (--timeout) and was ended; raise the limit"
            )
        raise Interruption(f"the action was ended by {signal.Signals(number).name}; run it again")

    for number in ENDING:
        signal.signal(number, interrupt)


def _wait(child: int, limits: Limits) -> str:
    """Wait until the child has ended, ending it where it has to be; return how it died."""
    deadline = None if limits.timeout is None else time.monotonic() + limits.timeout
    asked: str | None = None
    while True:
        number = _next_signal(deadline)
        if number == signal.SIGCHLD:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return _cause(status, asked)
            continue
        if number is not None:
            os.kill(child, number)
        elif asked is None:
            os.kill(child, signal.SIGALRM)
        else:
            os.kill(child, signal.SIGKILL)
        asked = asked or ("its time was up (--timeout)" if number is None else f"{signal.Signals(number).name} came")
        deadline = time.monotonic() + limits.grace


def _next_signal(deadline: float | None) -> int | None:
    """Return the next watched signal, or None at the deadline."""
    if deadline is None:
        return signal.sigwaitinfo(_WATCHED).si_signo
    arrived = signal.sigtimedwait(_WATCHED, max(0.0, deadline - time.monotonic()))
    return arrived.si_signo if arrived else None


def _cause(status: int, asked: str | None) -> str:
    code = os.waitstatus_to_exitcode(status)
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    if asked and code == -signal.SIGKILL:
        return f"the action did not end after {asked}, and was killed; run it again"
    return f"the action's process {how} before it had a status; run it again with --log-level debug"
