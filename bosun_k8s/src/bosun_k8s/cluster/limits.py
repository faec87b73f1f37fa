"""A limit for what knows none of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

DoneT = TypeVar("DoneT")


def within(seconds: float, work: Callable[[], DoneT]) -> DoneT:
    """Return what `work` does; where it takes longer it goes on in the background, for nobody.

    Raises:
        TimeoutError: it takes longer.
    """
    outcome: Future[DoneT] = Future()

    def do() -> None:
        try:
            outcome.set_result(work())
        except Exception as error:  # raised where it is waited for
            outcome.set_exception(error)

    threading.Thread(target=do, daemon=True).start()
    return outcome.result(seconds)
