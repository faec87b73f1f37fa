"""Load on one deployment while something is done to it: which model answered, how fast, and what failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import NamedTuple, Self

from bosun_test.load.bursts import Bursts

Ask = Callable[[], str]
"""Sends one request and returns the id of the model that answered; raises where none did."""

Client = Callable[[], AbstractContextManager[Ask]]
"""Connects, for as long as the context lasts."""


class Sample(NamedTuple):
    """One request: when it began (seconds since the load did), how long it took, which model answered, or why none."""

    began: float
    seconds: float
    model: str | None
    fault: str | None


class Load:
    """Requests from several clients, each sending one after the other, for as long as the block lasts.

    Args:
        ask: sends one request, on a connection of its own.
        threads: how many clients ask in this way.
        limit: the most requests that are sent.
        kept_open: further clients: each connects once, and again after a failure.
        pauses: seconds between two bursts, in which all clients send a request together, taken in turn; without them
            each client sends one request after the other.
    """

    def __init__(
        self,
        ask: Ask,
        threads: int = 4,
        limit: int = 200_000,
        *,
        kept_open: Sequence[Client] = (),
        pauses: Sequence[float] = (),
    ) -> None:
        self.samples: list[Sample] = []
        self.marks: list[tuple[float, str]] = []
        self._limit = limit
        self._end = threading.Event()
        self._noted = threading.Condition()
        self._began = time.monotonic()
        clients = [*[lambda: nullcontext(ask)] * threads, *kept_open]
        self._bursts = Bursts(len(clients), pauses, self._end) if pauses else None
        self._threads = [threading.Thread(target=self._loop, args=[client], daemon=True) for client in clients]

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
        """Wait until a request is answered; False where none is within `limit` seconds."""
        return self.goes_on(1, limit)

    def goes_on(self, answers: int, limit: float, since: float = 0.0) -> bool:
        """Wait until `answers` more requests that began after `since` are answered; False after `limit` seconds."""
        first = len(self.samples)

        def answered() -> bool:
            return sum(one.fault is None and one.began >= since for one in self.samples[first:]) >= answers

        with self._noted:
            self._noted.wait_for(lambda: answered() or not self._goes_on(), limit)
            return answered()

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

    def _loop(self, client: Client) -> None:
        try:
            self._ask_on(client)
        finally:
            if self._bursts is not None:
                self._bursts.leave()

    def _ask_on(self, client: Client) -> None:
        while self._goes_on():
            began = time.monotonic()
            try:
                with client() as ask:
                    while self._next_may_be_sent():
                        began = time.monotonic()
                        self._note(began, ask(), None)
            except Exception as error:  # whatever keeps an answer from coming is what is looked for here
                self._note(began, None, f"{type(error).__name__}: {error}")

    def _next_may_be_sent(self) -> bool:
        return self._goes_on() and (self._bursts is None or (self._bursts.together() and self._goes_on()))

    def _goes_on(self) -> bool:
        return not self._end.is_set() and len(self.samples) < self._limit

    def _note(self, began: float, model: str | None, fault: str | None) -> None:
        with self._noted:
            self.samples.append(Sample(began - self._began, time.monotonic() - began, model, fault))
            self._noted.notify_all()


def percentile(samples: Sequence[Sample], share: float) -> float:
    """Return the latency, in seconds, that `share` of the requests did not exceed."""
    ordered = sorted(sample.seconds for sample in samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
