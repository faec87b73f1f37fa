"""What another agent package left on the engine: named as unmanaged, never touched, moved as docs/migrate.md says."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.docker

Act = Callable[..., dict[str, Any]]
NAMES = ("deployment_d1_A", "deployment_d2_B", "traefik", "rabbitmq", "monitoring_agent")
FACTS = "{{.Id}} {{.Name}} {{.State.StartedAt}} {{.State.Running}} {{.RestartCount}}"


@pytest.fixture
def theirs(place: Any) -> Iterator[list[str]]:
    """Containers with the names that the existing package gives its own, all of which run."""
    place.clear()
    image = place.variables["BOSUN_TEST_PPS_IMAGE"]
    for name in NAMES:
        place("run", "--detach", f"--name={place.prefix}{name}", f"--network={place.network}", image)
    yield [f"{place.prefix}{name}" for name in NAMES]
    place.clear()


def test_they_are_named_and_no_action_touches_them(
    place: Any, theirs: list[str], act: Act, package: Callable[..., str]
) -> None:
    before = place("inspect", "--format", FACTS, *theirs)
    told = act("pe_status", pe={"deployments": []})
    assert (told["status"], told["msg"]) == (
        "warning",
        f"unmanaged (not made by this Bosun, never touched; docs/migrate.md): {', '.join(sorted(theirs))}",
    )
    info = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("A")}
    actions = ("plugin_start", "deployment_start", "deployment_replace_model", "deployment_relaunch")
    statuses = {action: act(action, info)["status"] for action in actions}
    assert statuses == dict.fromkeys(actions, "failing")
    assert act("deployment_stop", info)["msg"] == "deployment d1 was not there; nothing to stop"
    assert act("deployment_list")["data"] == {}
    assert act("plugin_stop")["status"] == "passing"
    assert place("inspect", "--format", FACTS, *theirs) == before
    assert (sorted(place.containers()), place.images()) == (sorted(theirs), [])


def test_a_deployment_is_moved_without_a_gap(
    place: Any, theirs: list[str], act: Act, package: Callable[..., str], predict: Callable[..., str]
) -> None:
    # docs/migrate.md, Docker: a prefix and a port of our own beside the old ones, then the old container is removed.
    own = {"containerNamePrefix": f"{place.prefix}n_", "generatedImagePrefix": f"{place.prefix}n_"}
    before = place("inspect", "--format", FACTS, *theirs)
    assert act("plugin_start", **own)["status"] == "passing"
    started = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, **own)
    assert (started["status"], predict(started["data"]["predictionUrl"])) == ("passing", "A")
    assert place("inspect", "--format", FACTS, *theirs) == before
    place("rm", "--force", theirs[0])
    assert predict(started["data"]["predictionUrl"]) == "A"
    act("deployment_stop", {"id": "d1"}, **own)
    assert act("plugin_stop", **own)["status"] == "passing"


def test_a_deployment_is_moved_with_a_gap(
    place: Any, theirs: list[str], act: Act, package: Callable[..., str], predict: Callable[..., str]
) -> None:
    # docs/migrate.md, Docker: the old proxy and the deployment's container go, Bosun takes their names.
    shared = [name for name in theirs if "deployment_" not in name]
    place("rm", "--force", *shared, theirs[0])
    assert act("plugin_start")["status"] == "passing"
    started = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    assert (started["status"], predict(started["data"]["predictionUrl"])) == ("passing", "A")
    told = act("pe_status")
    assert (told["status"], told["msg"].endswith(f": {theirs[1]}")) == ("warning", True)
