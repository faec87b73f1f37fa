"""`modelServing: shared`: several deployments in one prediction server, each behind its own endpoint."""

import re
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

Act = Callable[..., dict[str, Any]]


@pytest.fixture
def act(act: Act) -> Act:
    """Runs one action in shared mode, if nothing else is said."""
    return lambda *words, **more: act(*words, **{"modelServing": "shared", **more})


def server(place: Any) -> str:
    """The name of the shared server, without the prefix."""
    (name,) = [one for one in ids(place) if re.fullmatch("pps_[0-9a-f]{8}", one)]
    return name


def ids(place: Any) -> dict[str, str]:
    return {name.removeprefix(place.prefix): one for name, one in place.containers().items()}


def folders(place: Any) -> list[str]:
    """What the server's volume holds."""
    found = place("exec", f"{place.prefix}{server(place)}", "sh", "-c", "ls /opt/ml/model")
    return sorted(found.split())


def left(place: Any) -> tuple[list[str], int, int]:
    """Names of containers but for the server, number of models in the server, and of routes."""
    names = [name for name in ids(place) if not name.startswith("pps_")]
    return sorted(names), len(folders(place)), len(place.route_files())


def test_deployments_share_one_server_through_start_replacement_relaunch_and_stop(
    clean: Any, act: Act, package: Callable[..., str], predict: Callable[..., str]
) -> None:
    urls = {}
    for name in ("d1", "d2", "d3"):
        status = act("deployment_start", {"id": name, "modelId": f"A-{name}", "modelArtifact": package("A")})
        assert (status["status"], status["state"]) == ("passing", "ready"), status
        urls[name] = status["data"]["predictionUrl"]
    assert {name: predict(url) for name, url in urls.items()} == {name: f"A-{name}" for name in urls}
    markers = [f"deployment_{name}_A-{name}" for name in urls]
    one = ids(clean)[server(clean)]
    assert left(clean) == ([*markers, "traefik"], 3, 3)
    assert act("deployment_status", {"id": "d1"})["data"]["workloads"] == [f"{clean.prefix}{server(clean)}"]
    info = {"id": "d1", "modelId": "A-d1", "newModelId": "B", "modelArtifact": package("B")}
    assert act("deployment_replace_model", info)["status"] == "passing"
    assert act("deployment_relaunch", {"id": "d2"})["status"] == "passing"
    assert {name: predict(url) for name, url in urls.items()} == {"d1": "B", "d2": "A-d2", "d3": "A-d3"}
    assert left(clean) == (["deployment_d1_B", *markers[1:], "traefik"], 3, 3)
    listed = act("deployment_list")["data"]
    assert {name: (found["status"], found["data"]["currentModelId"]) for name, found in listed.items()} == {
        "d1": ("passing", "B"),
        "d2": ("passing", "A-d2"),
        "d3": ("passing", "A-d3"),
    }
    assert act("deployment_stop", {"id": "d3"})["status"] == "passing"
    assert left(clean) == (["deployment_d1_B", "deployment_d2_A-d2", "traefik"], 2, 2)
    assert ids(clean)[server(clean)] == one
    assert clean.images() == []
    assert act("plugin_stop")["status"] == "passing"
    assert {name: predict(urls[name]) for name in ("d1", "d2")} == {"d1": "B", "d2": "A-d2"}
    for name in ("d1", "d2"):
        act("deployment_stop", {"id": name})
    assert act("plugin_stop")["status"] == "passing"
    assert (clean.containers(), clean.volumes(), clean.images()) == ({}, [], [])
