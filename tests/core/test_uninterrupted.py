"""What is whole inside `uninterrupted`, whichever thread of the process a signal comes to."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bosun_core.errors import Interruption
from bosun_core.signals import interrupt, uninterrupted


@pytest.fixture(autouse=True)
def heard() -> Iterator[threading.Event]:
    """Whether SIGTERM came, which interrupts."""
    came = threading.Event()

    def heed(*_: object) -> None:
        came.set()
        interrupt(Interruption("ended"))

    before = signal.signal(signal.SIGTERM, heed)
    yield came
    signal.signal(signal.SIGTERM, before)


def steps(done: list[str], thread: int, heard: threading.Event, until: Callable[..., Any]) -> None:
    with uninterrupted():
        signal.pthread_kill(thread, signal.SIGTERM)
        until(heard.is_set)  # a wait in this thread would not let the handler run
        done.append("first")
        with uninterrupted():
            os.kill(os.getpid(), signal.SIGTERM)
            done.append("inside")
        done.append("last")
    done.append("after")


def test_an_interruption_comes_at_its_end_also_where_another_thread_took_the_signal(
    heard: threading.Event, until: Callable[..., Any]
) -> None:
    done: list[str] = []
    end = threading.Event()
    other = threading.Thread(target=end.wait)
    other.start()
    try:
        with pytest.raises(Interruption):
            steps(done, other.ident or 0, heard, until)
    finally:
        end.set()
        other.join()
    assert done == ["first", "inside", "last"]


def test_one_that_was_told_is_not_told_again() -> None:
    with pytest.raises(Interruption), uninterrupted():
        os.kill(os.getpid(), signal.SIGTERM)
    with uninterrupted():
        pass
    with pytest.raises(Interruption):
        os.kill(os.getpid(), signal.SIGTERM)
