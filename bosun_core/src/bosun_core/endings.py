"""Work that is carried to its end, whatever signal comes meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from bosun_core.errors import Interruption


def to_its_end(work: Callable[[], object]) -> None:
    """Do `work`, which may be repeated; where a signal interrupts it, do it once more before the signal counts."""
    try:
        work()
    except Interruption:
        work()  # no second signal comes: the runner holds them after the first
        raise
