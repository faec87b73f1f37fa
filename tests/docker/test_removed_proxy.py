"""A proxy that somebody removed: a stop finds the routes that were left."""

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
