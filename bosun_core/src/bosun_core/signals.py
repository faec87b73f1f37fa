"""The signals that end an action, and how to keep them from coming between two steps."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_ASKED_TO_END = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
ENDING = (*_ASKED_TO_END, signal.SIGALRM)


def heeded() -> tuple[signal.Signals, ...]:
    """Return the signals that ask to end, but for those that whoever started us has ignored, as nohup does."""
    return tuple(number for number in _ASKED_TO_END if signal.getsignal(number) is not signal.SIG_IGN)


def keep_for_later() -> None:
    """Have a signal that asks to end wait until there is somebody to heed it, so that its action has a status."""
    signal.pthread_sigmask(signal.SIG_BLOCK, heeded())


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let no `Interruption` come inside; one that is due comes at the end. For what is short and must be whole."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def hold_signals() -> None:
    """Have none of the signals interrupt what comes now, for the rest of the process."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
