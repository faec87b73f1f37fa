"""Calls that the engine takes long for, and reports on: each has a limit, whatever the engine does or does not say."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from bosun_docker.engine.client import Engine

Reports = Iterator[dict[str, Any]]


class TimeIsUp(Exception):
    """The call took longer than it may."""


def reports(engine: Engine, call: Callable[[Engine], Reports], limit: float) -> Reports:
    """Yield what the engine reports of a call, which is made on a connection of its own.

    A call that the caller does not see to its end, by a signal or an error, is cut.

    Args:
        engine: the engine.
        call: makes the call on the engine that it is given.
        limit: how many seconds it may take.

    Raises:
        TimeIsUp: it takes longer.
        BosunError: the call's own errors.
    """
    found: queue.SimpleQueue[dict[str, Any] | BaseException | None] = queue.SimpleQueue()
    deadline = time.monotonic() + limit
    with engine.again(limit) as own:
        worker = threading.Thread(target=_make, args=(own, call, found), daemon=True)
        worker.start()
        try:
            while True:
                try:
                    one = found.get(timeout=max(0.0, deadline - time.monotonic()))
                except queue.Empty:
                    raise TimeIsUp from None
                if one is None:
                    return
                if isinstance(one, BaseException):
                    raise one
                yield one
        finally:
            own.cut(worker)


def _make(
    engine: Engine, call: Callable[[Engine], Reports], found: queue.SimpleQueue[dict[str, Any] | BaseException | None]
) -> None:
    try:
        for one in call(engine):
            found.put(one)
    except BaseException as error:  # it is raised in the thread that waits
        found.put(error)
    else:
        found.put(None)
