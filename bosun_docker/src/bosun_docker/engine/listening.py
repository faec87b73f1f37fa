"""The engine's events, heard while something else is done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from bosun_docker.engine.client import Engine
from bosun_docker.engine.connection import Document

Hear = Callable[[Document | None], None]


@contextmanager
def listening(engine: Engine, filters: Mapping[str, Any], since: str | int, hear: Hear) -> Iterator[None]:
    """Have `hear` called with each event, from the engine's time `since` on, and with None when no more come.

    It is called by another thread, and not after the block.
    """
    with engine.again() as own:
        listener = threading.Thread(target=_listen, args=(own.events(filters, since), hear), daemon=True)
        listener.start()
        try:
            yield
        finally:
            own.cut(listener)


def _listen(events: Iterator[Document], hear: Hear) -> None:
    with suppress(Exception):  # they end when they are cut, in whatever way the SDK finds
        for event in events:
            hear(event)
    hear(None)
