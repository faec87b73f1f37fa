"""Load on one deployment while something is done to it: which model answered, how fast, and what failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import NamedTuple, Self


class Sample(NamedTuple):
    """One request: when it began (seconds since the load did), how long it took, which model answered, or why none."""

    began: float
    seconds: float
    model: str | None
    fault: str | None


class Load:
    """A closed loop of requests from several threads, for as long as the block lasts.

    Args:
        ask: sends one request and returns the id of the model that answered; raises where none did.
        threads: how many requests are under way at once.
        limit: the most requests that are sent.
    """

    def __init__(self, ask: Callable[[], str], threads: int = 4, limit: int = 200_000) -> None:
        self.samples: list[Sample] = []
        self.marks: list[tuple[float, str]] = []
        self._ask = ask
        self._limit = limit
        self._end = threading.Event()
        self._flowing = threading.Event()
        self._began = time.monotonic()
        self._threads = [threading.Thread(target=self._loop, daemon=True) for _ in range(threads)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()
        self.samples.sort()

    def flowing(self, limit: float = 10.0) -> bool:
        """Wait until requests have been answered; False where none was within `limit` seconds."""
        return self._flowing.wait(limit)

    def mark(self, what: str) -> float:
        """Note what happened just now; returns the time, in seconds since the load began."""
        moment = time.monotonic() - self._began
        self.marks.append((moment, what))
        return moment

    def failed(self) -> list[Sample]:
        """Return the requests that were not answered."""
        return [sample for sample in self.samples if sample.fault is not None]

    def answered_by(self, model: str, since: float = 0.0) -> list[Sample]:
        """Return the requests that began after `since` and that `model` answered."""
        return [sample for sample in self.samples if sample.model == model and sample.began >= since]

    def _loop(self) -> None:
        while not self._end.is_set() and len(self.samples) < self._limit:
            began = time.monotonic()
            model, fault = None, None
            try:
                model = self._ask()
            except Exception as error:  # whatever keeps an answer from coming is what is looked for here
                fault = f"{type(error).__name__}: {error}"
            self.samples.append(Sample(began - self._began, time.monotonic() - began, model, fault))
            if fault is None:
                self._flowing.set()


def percentile(samples: Sequence[Sample], share: float) -> float:
    """Return the latency, in seconds, that `share` of the requests did not exceed."""
    ordered = sorted(sample.seconds for sample in samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
