"""What a run under load came to, in lines of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from bosun_test.load.clients import Sample, percentile

_FAULTS = 5


class Run(NamedTuple):
    """A run under load; `ended` is when the command had ended, in seconds since the load began, None without one."""

    samples: Sequence[Sample]
    ended: float | None = None

    @property
    def failed(self) -> list[Sample]:
        """The requests that were not answered."""
        return [one for one in self.samples if one.fault is not None]

    @property
    def late(self) -> list[Sample]:
        """The requests that began after the command had ended, and that not the last model answered."""
        models = [one.model for one in self.samples if one.model is not None]
        if self.ended is None or not models:
            return []
        after = [one for one in self.samples if one.began >= self.ended and one.model is not None]
        return [one for one in after if one.model != models[-1]]

    def lines(self) -> list[str]:
        """Return the report."""
        end = max((one.began + one.seconds for one in self.samples), default=0.0)
        rate = len(self.samples) / end if end else 0.0
        answered = [one for one in self.samples if one.fault is None]
        half, most, slowest = (percentile(answered, share) * 1000 for share in (0.5, 0.99, 1.0))
        told = [
            f"{len(self.samples)} requests in {end:.1f} s, {rate:.0f} a second; "
            f"half within {half:.1f} ms, 99% within {most:.1f} ms, all within {slowest:.1f} ms"
        ]
        for model in dict.fromkeys(one.model for one in answered):
            own = [one.began for one in answered if one.model == model]
            told.append(f"  {model}: {len(own)} answers, asked for from {own[0]:.1f} s to {own[-1]:.1f} s")
        told.append(f"failed: {len(self.failed)}")
        faults = Counter(str(one.fault) for one in self.failed)
        told += [f"  {count} times {fault}" for fault, count in faults.most_common(_FAULTS)]
        if self.ended is not None:
            told.append(f"answered by another model after the command had ended: {len(self.late)}")
        return told
