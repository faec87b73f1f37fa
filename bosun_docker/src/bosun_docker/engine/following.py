"""The end of a container, followed as it happens."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from bosun_docker.engine.client import Engine

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


@contextmanager
def following(engine: Engine, container: str, since: str) -> Iterator[queue.Queue[str]]:
    """Yield a queue that gets one text when the container ends, or when its own health check fails; from `since` on."""
    found: queue.Queue[str] = queue.Queue()
    filters = {"container": [container], "event": ["die", "health_status"]}

    def follow(events: Iterator[dict[str, Any]]) -> None:
        with suppress(Exception):  # it ends when the block does, in whatever way the SDK finds
            for event in events:
                action = str(event.get("Action", ""))
                if action == "die":
                    found.put(f"ended with exit code {event['Actor']['Attributes'].get('exitCode')}")
                elif action.endswith(": unhealthy"):
                    found.put("is unhealthy, says its image's own health check")

    with engine.again() as own, own.events(filters, since) as events:
        threading.Thread(target=follow, args=(events,), daemon=True).start()
        yield found
