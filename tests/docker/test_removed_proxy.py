"""A proxy that somebody removed, with its routes or without: a stop finds what was left, a relaunch what is kept."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.docker

Act = Callable[..., dict[str, Any]]


@pytest.fixture
def without_proxy(clean: Any, act: Act, package: Callable[..., str]) -> Any:
    """The place, with a deployment whose proxy was removed."""
    act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    clean("rm", "--force", clean.proxy)
    return clean


def test_a_stop_leaves_no_route(without_proxy: Any, act: Act) -> None:
    assert act("deployment_stop", {"id": "d1"})["status"] == "passing"
    assert (act("plugin_start")["status"], act("deployment_list")["data"]) == ("passing", {})


def test_the_plan_of_a_stop_brings_the_proxy_back(without_proxy: Any, act: Act) -> None:
    plan = act("deployment_stop", {"id": "d1"}, dry_run=True)["data"]["plan"]
    assert plan[0] == f"create container {without_proxy.proxy}"


@pytest.mark.parametrize("serving", ["dedicated", "shared"])
def test_a_relaunch_brings_back_a_deployment_whose_route_was_lost(
    clean: Any, act: Act, package: Callable[..., str], predict: Callable[..., str], serving: str
) -> None:
    act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, modelServing=serving)
    clean("rm", "--force", clean.proxy)
    clean("volume", "rm", f"{clean.prefix}routes")
    status = act("deployment_relaunch", {"id": "d1"}, modelServing=serving)
    assert (status["status"], predict(status["data"]["predictionUrl"])) == ("passing", "A"), status
    assert [name for name in clean.containers() if "deployment_d1" in name] == [f"{clean.prefix}deployment_d1_A"]
