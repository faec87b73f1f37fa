"""The network of a place, where the settings have it made."""

from collections.abc import Callable
from typing import Any

import pytest
from docker_place import LABEL

pytestmark = pytest.mark.docker


def test_a_network_is_made_where_createnetwork_says_so(place: Any, act: Callable[..., Any]) -> None:
    place.clear()
    network = f"{place.network}-made"
    try:
        status = act("plugin_start", dockerNetwork=network, createNetwork=True)
        ours = place("network", "ls", "--filter", f"label={LABEL}.place", "--format", "{{.Name}}").split()
        assert (status["status"], network in ours) == ("passing", True)
    finally:
        act("plugin_stop", dockerNetwork=network)
        place("network", "rm", network)


def test_a_network_that_was_made_goes_with_a_plugin_start_that_fails(place: Any, act: Callable[..., Any]) -> None:
    place.clear()
    network = f"{place.network}-made"
    taken = {"80": f"192.0.2.1:{place.other_port()}"}
    status = act("plugin_start", dockerNetwork=network, createNetwork=True, traefikPortMapping=taken)
    made = place("network", "ls", "--filter", f"name={network}", "--format", "{{.Name}}").split()
    assert (status["status"], made, place.containers()) == ("failing", [], {}), status
