"""The signals that end an action, and how to keep them from coming between two steps."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM)


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
