"""The end of a container, followed as it happens."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from bosun_docker.engine.client import Engine
from bosun_docker.engine.listening import listening
from bosun_docker.looks import health

EVER = "1"


def began(engine: Engine, container: str) -> str:
    """Return when a container's run began, as a moment for `following`."""
    found = engine.container(container)
    return EVER if found is None else moment(found["State"]["StartedAt"])


def moment(told: str) -> str:
    """Return an engine's moment, say 2026-01-02T03:04:05.6Z, in seconds with nanoseconds; `EVER` where it is none yet.

    >>> moment("1970-01-01T00:01:05.6Z")
    '65.600000000'
    """
    seconds = int(datetime.fromisoformat(told[:19] + "+00:00").timestamp())
    fraction = told[19:].strip(".Z")
    return f"{seconds}.{fraction:0<9}" if seconds > 0 else EVER


class Followed:
    """What a container's events told so far."""

    def __init__(self) -> None:
        self._faults: queue.Queue[str] = queue.Queue()
        self._out_of_memory = False

    def take(self, event: Mapping[str, Any] | None) -> None:
        """Take the next event; None says nothing."""
        if event is None:
            return
        self._out_of_memory = self._out_of_memory or event.get("Action") == "oom"
        fault = health.told_by(event, out_of_memory=self._out_of_memory)
        if fault is not None:
            self._faults.put(fault)

    def fault(self, seconds: float) -> str | None:
        """Wait for a fault, at most so long, and return it."""
        with suppress(queue.Empty):
            return self._faults.get(timeout=seconds)
        return None

    def late(self, fault: str) -> str:
        """Return the fault of a container that still runs, with what its events tell of it."""
        hungry = f"; a process in it ran out of memory: {health.MORE_MEMORY}"
        return f"{fault}{hungry if self._out_of_memory else ''}"


@contextmanager
def following(engine: Engine, container: str, since: str) -> Iterator[Followed]:
    """Yield what gets a fault when the container ends, or when its own health check fails; from `since` on."""
    followed = Followed()
    filters = {"container": [container], "event": ["oom", "die", "health_status"]}
    with listening(engine, filters, since, followed.take):
        yield followed
