"""The life of a lock's holder, as it shows it on the engine."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from bosun_core.errors import EnvironmentFailure

from bosun_docker import holding


class Engine:
    """One that does not answer the first calls."""

    def __init__(self, unanswered: int) -> None:
        self._unanswered = unanswered
        self.touched = threading.Event()

    @contextmanager
    def again(self) -> Iterator[Any]:
        yield self

    def touch(self, lock: str) -> None:
        self._unanswered -= 1
        if self._unanswered >= 0:
            raise EnvironmentFailure(f"cannot touch {lock}")
        self.touched.set()


def test_a_holder_goes_on_showing_its_life_after_a_call_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "_BEAT_SECONDS", 0.01)
    engine, end = Engine(unanswered=2), threading.Event()
    lock = holding.Lock(engine, "lock", "deployment d1", was_in_use=False)  # type: ignore[arg-type]  # all that it asks
    beating = threading.Thread(target=lock.show_life, args=(end,))
    beating.start()
    seen = engine.touched.wait(5)
    end.set()
    beating.join()
    assert seen
