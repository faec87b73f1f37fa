"""Requests of several clients at once, with a pause between two bursts: how idle connections are closed is met so."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence

_BEFORE, _STEP, _STEPS = 0.05, 0.002, 31
_STRIDE = 12  # by this the steps are taken: a run that ends early has met all parts of the range


def sweep(seconds: float) -> list[float]:
    """Return pauses, in seconds, from just below `seconds` to just above.

    A server counts from its answer on, and a client only from the last answer of a burst: most of them are below.
    """
    steps = (number * _STRIDE % _STEPS for number in range(_STEPS))
    return [seconds - _BEFORE + step * _STEP for step in steps]


class Bursts:
    """Has clients send their requests together, with a pause after the last answer to each burst.

    Args:
        clients: how many take part.
        pauses: seconds between two bursts, taken in turn and from the first one again.
        end: ends a pause early once it is set.
    """

    def __init__(self, clients: int, pauses: Sequence[float], end: threading.Event) -> None:
        self._pauses = itertools.chain([0.0], itertools.cycle(pauses))
        self._end = end
        self._barrier = threading.Barrier(clients, self._pause)

    def _pause(self) -> None:
        self._end.wait(next(self._pauses))

    def together(self) -> bool:
        """Wait until all clients are here and the pause is over; False once one of them has left."""
        try:
            self._barrier.wait()
        except threading.BrokenBarrierError:
            return False
        return True

    def leave(self) -> None:
        """Take part no more: there is no further burst. May be repeated."""
        self._barrier.abort()
