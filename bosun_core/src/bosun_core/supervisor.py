"""The process around an action: it ends the action in time, and tells of its death where the action no longer can.

The action runs in a child process. A plugin may crash the interpreter, call os._exit, be killed for want of memory or
hang where no exception reaches it: the parent is still there to write the status file. The fork costs 7 ms: a child
copies each page that it writes to, so what is imported before it counts twice.
"""

import atexit
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, NoReturn

from bosun_core.errors import Interruption, interruption_behind
from bosun_core.signals import heeded, hold_signals, interrupt

_AGAIN_SECONDS = 0.001  # between two tries, until the callback has ended in which an interruption was ignored
# Python heeds a signal between two steps: one that comes after its last look, but before the call that blocks, wakes
# nobody. One that was heeded has the others ignored.
_REMINDER_SECONDS = 0.25


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
    # An agent may have SIGCHLD ignored, which a new process inherits: then nobody would be told of the child's end.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    watched = (signal.SIGCHLD, *heeded())
    signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    result_end, child_result_end = os.pipe()
    child_life_end, life_end = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(result_end)
        os.close(life_end)
        os.set_blocking(child_life_end, False)
        _interrupt_on_signals(limits, child_life_end)
        _end_with_parent(child_life_end)
        _run_child(action, died, child_result_end, watched)
    os.close(child_result_end)
    os.close(child_life_end)
    reason = _wait(child, limits, watched)
    result = _read_now(result_end)
    os.close(result_end)
    os.close(life_end)
    hold_signals()  # one that comes now must not keep the status from being written
    signal.pthread_sigmask(signal.SIG_UNBLOCK, watched)
    return result[0] if result else died(reason)


def _read_now(descriptor: int) -> bytes:
    """Return what has been written: the other end may be open still, in a process that the plugin has left behind."""
    os.set_blocking(descriptor, False)
    try:
        return os.read(descriptor, 1)
    except BlockingIOError:
        return b""


def _run_child(
    action: Callable[[], int], died: Callable[[str], int], result_end: int, watched: tuple[signal.Signals, ...]
) -> NoReturn:
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, watched)
        code = action()
    except BaseException as error:
        early = interruption_behind(error)
        if early is None:
            raise
        code = died(str(early))  # before the action had begun
    hold_signals()
    with suppress(BrokenPipeError):  # the parent was killed; the status is written all the same
        os.write(result_end, bytes([code]))
    end_process(code)


def end_process(code: int) -> NoReturn:
    """End the process after its exit handlers; the interpreter's own tidying of memory, 9 ms, is left out."""
    if "threading" in sys.modules:
        threading = sys.modules["threading"]
        if any(one is not threading.main_thread() and not one.daemon for one in threading.enumerate()):
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
        if _parent_is_gone(life_end):  # and was, before the kernel knew whom to tell
            os.kill(os.getpid(), signal.SIGTERM)


def _parent_is_gone(life_end: int) -> bool:
    try:
        return not os.read(life_end, 1)
    except BlockingIOError:
        return False


def _interrupt_on_signals(limits: Limits, life_end: int) -> None:
    def heed(number: int, _frame: object) -> None:
        hold_signals()  # what cleans up after the first is not disturbed by a second
        if _parent_is_gone(life_end):
            _end_without_parent(limits.grace)
        if number == signal.SIGALRM:
            why = f"the action took longer than {limits.timeout:g} s (--timeout) and was ended; raise the limit"
        else:
            why = f"the action was ended by {signal.Signals(number).name}; run it again"
        interrupt(Interruption(why))

    # SIGTERM even where it was ignored at the start: it is how the parent's end is told.
    for number in {signal.SIGTERM, signal.SIGALRM, *heeded()}:
        signal.signal(number, heed)
    _interrupt_again_where_ignored()


def _interrupt_again_where_ignored() -> None:
    """Have an interruption come once more that Python ignored, as it does what a weak reference's callback raises."""
    tell = sys.unraisablehook

    def heed(ignored: "sys.UnraisableHookArgs") -> None:
        cause = ignored.exc_value
        if not isinstance(cause, Interruption):
            tell(ignored)
            return
        import threading  # hardly ever needed

        main = threading.get_ident()  # handlers, and so what they raise, run in no other
        taken = threading.Event()
        has_returned = False

        def again(*_: object) -> None:
            if has_returned:  # else it would be ignored once more
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                taken.set()
                interrupt(cause)

        def send() -> None:
            while not taken.wait(_AGAIN_SECONDS):
                signal.pthread_kill(main, signal.SIGTERM)

        signal.signal(signal.SIGTERM, again)
        threading.Thread(target=send, daemon=True).start()
        has_returned = True

    sys.unraisablehook = heed


def _end_without_parent(grace: float) -> None:
    """Have the kernel end this process after the grace, since the parent that would do so is gone."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, grace)


def _wait(child: int, limits: Limits, watched: tuple[signal.Signals, ...]) -> str:
    """Wait until the child has ended, ending it where it has to be; return how it died."""
    deadline = None if limits.timeout is None else time.monotonic() + limits.timeout
    status, number = _watch(child, deadline, watched)
    if status is not None:
        return _cause(status, asked=None)
    asked = "its time was up (--timeout)" if number is None else f"{signal.Signals(number).name} came"
    given_up = time.monotonic() + limits.grace  # one for all: a second signal gives no more time
    while status is None:
        os.kill(child, signal.SIGALRM if number is None else number)
        status, _ = _watch(child, min(given_up, time.monotonic() + _REMINDER_SECONDS), watched)
        if status is None and time.monotonic() >= given_up:
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
    return _cause(status, asked)


def _watch(child: int, deadline: float | None, watched: tuple[signal.Signals, ...]) -> tuple[int | None, int | None]:
    """Return the child's wait status when it has ended, or the signal that came; neither at the deadline."""
    while (number := _next_signal(deadline, watched)) == signal.SIGCHLD:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status, None
    return None, number


def _next_signal(deadline: float | None, watched: tuple[signal.Signals, ...]) -> int | None:
    """Return the next watched signal, or None at the deadline."""
    if deadline is None:
        return signal.sigwaitinfo(watched).si_signo
    arrived = signal.sigtimedwait(watched, max(0.0, deadline - time.monotonic()))
    return arrived.si_signo if arrived else None


def _cause(status: int, asked: str | None) -> str:
    code = os.waitstatus_to_exitcode(status)
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    if asked and code == -signal.SIGKILL:
        return f"the action did not end after {asked}, and was killed; run it again"
    return f"the action's process {how} before it had a status; run it again with --log-level debug"
