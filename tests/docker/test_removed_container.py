"""A container, or a route, that somebody removed: each action does what it reports, and says what brings it back."""

from collections.abc import Callable
from typing import Any

import pytest
from model_kinds import CUSTOM, Maker

pytestmark = pytest.mark.docker

Act = Callable[..., dict[str, Any]]
Predict = Callable[[str], str]
GONE = "deployment d1: its container is gone; start it again"


def containers_of(place: Any) -> list[str]:
    """The names of the containers of d1, without the place's prefix."""
    return [name.removeprefix(place.prefix) for name in place.containers() if "deployment_d1" in name]


def remove_container(place: Any) -> None:
    place("rm", "--force", *[f"{place.prefix}{name}" for name in containers_of(place)])


@pytest.fixture
def started(clean: Any, act: Act, package: Callable[..., str]) -> dict[str, Any]:
    """What is told of a deployment that serves."""
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    return {**act("deployment_start", info)["data"], "info": info}


@pytest.fixture
def removed(clean: Any, started: dict[str, Any]) -> dict[str, Any]:
    """The same deployment, its container removed."""
    remove_container(clean)
    return started


def test_a_replacement_brings_the_new_model(
    clean: Any, act: Act, package: Callable[..., str], predict: Predict, removed: dict[str, Any]
) -> None:
    info = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B")}
    planned = act("deployment_replace_model", info, dry_run=True)
    assert (planned["msg"].partition(" ")[0], containers_of(clean)) == ("would", [])
    status = act("deployment_replace_model", info)
    assert (status["status"], status["state"], status["msg"]) == ("passing", "ready", "deployment d1 serves model B")
    assert (predict(removed["predictionUrl"]), containers_of(clean)) == ("B", ["deployment_d1_B"])
    assert len(clean.route_files()) == 1


def test_a_replacement_that_fails_says_of_no_old_model_that_it_is_in_use(
    act: Act, package: Callable[..., str], removed: dict[str, Any]
) -> None:
    info = {"id": "d1", "newModelId": "B", "modelArtifact": package("B", crash_at_start=True)}
    status = act("deployment_replace_model", info)
    assert (status["status"], status["state"], status["data"]) == ("failing", "errored", None)
    assert act("deployment_status", {"id": "d1"})["msg"] == GONE


def test_a_start_brings_it_back(act: Act, predict: Predict, removed: dict[str, Any]) -> None:
    status = act("deployment_start", removed["info"])
    assert (status["status"], status["state"], predict(removed["predictionUrl"])) == ("passing", "ready", "A")


def test_a_relaunch_with_its_package_brings_it_back(act: Act, predict: Predict, removed: dict[str, Any]) -> None:
    status = act("deployment_relaunch", removed["info"])
    assert (status["status"], status["state"], predict(removed["predictionUrl"])) == ("passing", "ready", "A")


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_relaunch_without_a_package_says_what_brings_it_back(
    clean: Any, act: Act, removed: dict[str, Any], *, dry_run: bool
) -> None:
    status = act("deployment_relaunch", {"id": "d1", "modelId": "A"}, dry_run=dry_run)
    assert (status["status"], status["state"], containers_of(clean)) == ("failing", "errored", [])
    assert status["msg"] == (
        "deployment d1: its container is gone, so no package of it is kept; deployment_start brings it back"
    )


def test_a_relaunch_with_an_image_brings_it_back(
    maker: Maker, act: Act, predict: Predict, removed: dict[str, Any]
) -> None:
    status = act("deployment_relaunch", {"id": "d1", "modelId": "B", **maker.make("image", "B").info})
    assert (status["status"], predict(removed["predictionUrl"])) == ("passing", "B"), status


def test_a_relaunch_of_an_unknown_deployment_with_an_image_makes_nothing(clean: Any, act: Act) -> None:
    values = {"image": clean.variables["BOSUN_TEST_PPS_IMAGE"]}
    info = {"id": "d1", "modelId": "A", "modelExecutionType": CUSTOM, "keyValueConfig": values}
    status = act("deployment_relaunch", info)
    assert (status["status"], containers_of(clean)) == ("failing", [])
    assert status["msg"] == "deployment d1 is unknown in this environment; start it with deployment_start"


def test_a_stop_leaves_nothing(clean: Any, act: Act, removed: dict[str, Any]) -> None:
    status = act("deployment_stop", {"id": "d1"})
    assert (status["status"], status["state"], clean.route_files()) == ("passing", "stopped", {})
    assert act("deployment_list")["data"] == {}


def test_every_look_reports_it(act: Act, removed: dict[str, Any]) -> None:
    status = act("deployment_status", {"id": "d1"})
    entry = act("deployment_list")["data"]["d1"]
    seen = act("pe_status", pe={"deployments": ["d1"]})
    entries = [status, entry, seen["data"]["deploymentsStatus"]["d1"]]
    assert [(one["status"], one["state"], one["msg"]) for one in entries] == [("failing", "errored", GONE)] * 3
    assert (seen["status"], "d1" in seen["msg"]) == ("warning", True)


@pytest.mark.parametrize("serving", ["dedicated", "shared"])
def test_a_replacement_of_a_deployment_whose_route_was_lost_brings_the_new_model(
    clean: Any, act: Act, package: Callable[..., str], predict: Predict, serving: str
) -> None:
    act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, modelServing=serving)
    clean("rm", "--force", clean.proxy)
    clean("volume", "rm", f"{clean.prefix}routes")
    info = {"id": "d1", "newModelId": "B", "modelArtifact": package("B")}
    status = act("deployment_replace_model", info, modelServing=serving)
    assert (status["status"], predict(status["data"]["predictionUrl"])) == ("passing", "B"), status
    assert containers_of(clean) == ["deployment_d1_B"]


@pytest.mark.parametrize("action", ["deployment_start", "deployment_replace_model"])
def test_what_fails_keeps_the_model_of_a_deployment_whose_route_was_lost(
    clean: Any, act: Act, predict: Predict, started: dict[str, Any], action: str
) -> None:
    clean("rm", "--force", clean.proxy)
    clean("volume", "rm", f"{clean.prefix}routes")
    missing = {"id": "d1", "modelId": "B", "newModelId": "B", "modelArtifact": "/nowhere/B.mlpkg"}
    assert act(action, missing)["status"] == "failing"
    status = act("deployment_relaunch", {"id": "d1"})
    assert (status["status"], predict(started["predictionUrl"])) == ("passing", "A"), status


def test_a_marker_that_was_removed_from_the_shared_server_is_replaced(
    clean: Any, act: Act, package: Callable[..., str], predict: Predict
) -> None:
    act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, modelServing="shared")
    remove_container(clean)
    info = {"id": "d1", "newModelId": "B", "modelArtifact": package("B")}
    status = act("deployment_replace_model", info, modelServing="shared")
    assert (status["status"], predict(status["data"]["predictionUrl"])) == ("passing", "B"), status
