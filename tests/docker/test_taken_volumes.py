"""Volumes of somebody else under the names that the shared parts need: told, and left alone."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.docker

Act = Callable[..., dict[str, Any]]


def taken(place: Any, act: Act, name: str, **more: Any) -> str:
    """What plugin_start says where somebody has a volume of this name."""
    place("volume", "create", name)
    try:
        status = act("plugin_start", **more)
        assert (status["status"], [one for one in place.containers() if one != place.proxy]) == ("failing", [])
        return str(status["msg"])
    finally:
        place.clear()


def test_the_routes_volume_of_somebody_else_is_told(place: Any, act: Act) -> None:
    place.clear()
    name = f"{place.prefix}routes"
    assert taken(place, act, name).startswith(f"volume {name} is there and is not ours; remove it, or choose another")


def test_the_brokers_volume_of_somebody_else_is_told(place: Any, act: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    place.clear()
    monkeypatch.setenv("MLOPS_API_TOKEN", "a-token")
    more = {
        "agentImage": place.variables["BOSUN_TEST_AGENT_IMAGE"],
        "plugin_config": {"mlopsUrl": "http://127.0.0.1:9"},
    }
    name = f"{place.prefix}rabbitmq"
    assert taken(place, act, name, **more).startswith(f"volume {name} is there and is not ours; remove it, or choose")


def test_the_shared_servers_volume_of_somebody_else_is_told(place: Any, act: Act) -> None:
    act("plugin_start", modelServing="shared")
    (server,) = [name for name in place.containers() if name.startswith(f"{place.prefix}pps_")]
    place.clear()
    told = taken(place, act, server, modelServing="shared")
    assert told.startswith(f"volume {server} is there and is not ours; remove it, or choose another")
