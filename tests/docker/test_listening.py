"""Events of the engine, heard while something else is done."""

import threading
import time
from typing import Any

import pytest
from bosun_docker.engine.client import Engine
from bosun_docker.engine.host import find
from bosun_docker.engine.listening import listening

pytestmark = pytest.mark.docker

HEARD_IN = 0.3  # seconds


def test_nothing_is_heard_after_the_block_and_the_last_heard_is_that_no_more_comes(place: Any) -> None:
    heard: list[str | None] = []
    first = threading.Event()

    def hear(event: dict[str, Any] | None) -> None:
        first.set()
        time.sleep(HEARD_IN)  # the block ends meanwhile
        heard.append(None if event is None else event["Action"])

    volume = f"{place.prefix}heard"
    with (
        Engine(find()) as engine,
        listening(engine, {"type": ["volume"], "volume": [volume]}, str(time.time() - 1), hear),
    ):
        engine.create_volume(volume, {})
        assert first.wait(10)
    after = list(heard)
    place("volume", "rm", volume)
    assert after == heard == ["create", None]
