"""The signals that end an action, and how to keep them from coming between two steps."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from bosun_core.errors import Interruption

_ASKED_TO_END = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def heeded() -> tuple[signal.Signals, ...]:
    """Return the signals that ask to end, but for those that whoever started us has ignored, as nohup does."""
    return tuple(number for number in _ASKED_TO_END if signal.getsignal(number) is not signal.SIG_IGN)


def keep_for_later() -> None:
    """Have a signal that asks to end wait until there is somebody to heed it, so that its action has a status."""
    signal.pthread_sigmask(signal.SIG_BLOCK, heeded())


class _Held:
    """What `uninterrupted` holds back. Of the process's signals Python tells the main thread, so there is one."""

    depth = 0
    due: Interruption | None = None


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let no `Interruption` come inside; one that is due comes at the end. For what is short and must be whole."""
    # A mask would not do: another thread takes the signal then, and Python's handler still runs in this one.
    _Held.depth += 1
    try:
        yield
    finally:
        _Held.depth -= 1
        due = _Held.due
        if due is not None and not _Held.depth:
            _Held.due = None
            raise due


def interrupt(cause: Interruption) -> None:
    """Raise it, from a signal's handler; inside `uninterrupted` at the end of that.

    Raises:
        Interruption: always, now or then.
    """
    if not _Held.depth:
        raise cause
    _Held.due = cause


def hold_signals() -> None:
    """Have none of the signals interrupt what comes now, for the rest of the process."""
    for number in (*_ASKED_TO_END, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
