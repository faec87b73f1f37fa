"""SIGKILL at the calls of an action: traffic goes on, the same action again converges, nothing is left behind.

What a call is, is in tests/making/killing.py; which of them are tried, in sampling.py beside it.
"""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import pytest
from asking import asked_once
from bosun_test.conformance.load import Load
from killing import Child, make_larger
from sampling import SEED, chosen, sampled

pytestmark = [pytest.mark.docker, pytest.mark.timeout(7200)]

BUDGET_SECONDS = 6.0
TOKEN = "planted-token-91aa"  # nobody's
OTHER_IMAGE = "bosun-test-pps-by-another-name"


class Story(NamedTuple):
    """An action that is killed: on what, with which settings, and what stands when it has been run again."""

    action: str
    end: tuple[list[str], int, int]
    begins_with: tuple[str, ...] = ()
    """What was done before: `plugin_start`, `deployment_start`."""
    settings: tuple[tuple[str, Any], ...] = ()
    monitored: bool = False
    loaded: bool = False
    """The deployment that was there before is asked all the while."""
    serving: str = "dedicated"


SERVES_A, SERVES_B = (["deployment_d1_A", "traefik"], 1, 1), (["deployment_d1_B", "traefik"], 1, 1)
IDLE, NOTHING = (["traefik"], 0, 0), ([], 0, 0)
BOTH = ("plugin_start", "deployment_start")
STORIES = {
    "start": Story("deployment_start", SERVES_A, ("plugin_start",)),
    "start without plugin_start": Story("deployment_start", SERVES_A),
    "replace": Story("deployment_replace_model", SERVES_B, BOTH, loaded=True),
    "relaunch": Story("deployment_relaunch", SERVES_A, BOTH, loaded=True),
    "stop": Story("deployment_stop", IDLE, BOTH),
    "plugin_start": Story("plugin_start", IDLE),
    "plugin_start, changed": Story("plugin_start", SERVES_A, BOTH, settings=(("logMaxFiles", 2),)),
    "plugin_stop": Story("plugin_stop", NOTHING, ("plugin_start",)),
    "plugin_stop, serving": Story("plugin_stop", SERVES_A, BOTH, loaded=True),
    "plugin_start, monitored": Story(
        "plugin_start", (["monitoring_agent", "rabbitmq", "traefik"], 0, 0), monitored=True
    ),
    "plugin_start, monitored, changed": Story(
        "plugin_start",
        (["monitoring_agent", "rabbitmq", "traefik"], 0, 0),
        ("plugin_start",),
        settings=(("logMaxFiles", 2),),
        monitored=True,
    ),
    "plugin_stop, monitored": Story("plugin_stop", NOTHING, ("plugin_start",), monitored=True),
}


SHARED = ("start", "replace", "relaunch", "stop", "plugin_stop, serving")
STORIES |= {
    f"{name}, shared": STORIES[name]._replace(
        serving="shared", end=(sorted([*STORIES[name].end[0], "pps"]), *STORIES[name].end[1:])
    )
    for name in SHARED
}
# The settings of the server alone: the proxy goes on.
STORIES["plugin_start, shared, server replaced"] = Story(
    "plugin_start",
    (["deployment_d1_A", "pps", "traefik"], 1, 1),
    BOTH,
    settings=(("ppsBaseImage", OTHER_IMAGE),),
    loaded=True,
    serving="shared",
)
ALWAYS = ("start", "replace", "stop", "plugin_start")
TRIED = [*ALWAYS, *sampled([name for name in STORIES if name not in ALWAYS], "stories", 3)]


def left(place: Any) -> tuple[list[str], int, int]:
    """Names of the containers, number of models that are kept (as images, or in the shared server), and of routes."""
    names = [name.removeprefix(place.prefix) for name in place.containers()]
    servers = [name for name in names if re.fullmatch("pps_[0-9a-f]{8}", name)]
    models = [place("exec", f"{place.prefix}{name}", "ls", "-A", "/opt/ml/model").split() for name in servers]
    kept = len(place.images()) + sum(len(found) for found in models)
    return sorted("pps" if name in servers else name for name in names), kept, len(place.route_files())


def volumes_of(place: Any) -> list[str]:
    """The volumes that belong to the containers that are there."""
    owners = {"routes": "traefik", "rabbitmq": "rabbitmq"}
    return sorted(place.prefix + name for name, owner in owners.items() if place.prefix + owner in place.containers())


@pytest.fixture
def packages(package: Callable[..., str]) -> dict[str, str]:
    return {name: make_larger(package(name)) for name in ("A", "B")}


@pytest.mark.parametrize("name", TRIED)
def test_killed_at_any_call_and_run_again_it_converges(
    place: Any,
    act: Callable[..., Any],
    packages: dict[str, str],
    predict: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    name: str,
) -> None:
    story = STORIES[name]
    if OTHER_IMAGE in dict(story.settings).values():
        place("tag", place.variables["BOSUN_TEST_PPS_IMAGE"], OTHER_IMAGE)
        request.addfinalizer(lambda: place("image", "rm", "--force", OTHER_IMAGE))
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)
    more: dict[str, Any] = {"plugin_config": {"mlopsUrl": "http://127.0.0.1:9"}, "modelServing": story.serving}
    if story.monitored:
        more["agentImage"] = place.variables["BOSUN_TEST_AGENT_IMAGE"]
    infos = {
        "deployment_start": {"id": "d1", "modelId": "A", "modelArtifact": packages["A"]},
        "deployment_replace_model": {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": packages["B"]},
        "deployment_relaunch": {"id": "d1"},
        "deployment_stop": {"id": "d1"},
    }

    def prepare() -> None:
        place.clear(keep_proxy="plugin_start" in story.begins_with and not story.monitored)
        for action in story.begins_with:
            assert act(action, infos.get(action), **more)["status"] == "passing"

    def run() -> Any:
        return act(story.action, infos.get(story.action), **more, **dict(story.settings))

    prepare()
    calls = Child(run, None).finish()
    assert calls is not None
    url = f"{place.url}/deployments/d1/predictions"
    killed: list[int] = []
    for number in chosen(calls, name, BUDGET_SECONDS, killed):
        prepare()
        child = Child(run, number)
        load: AbstractContextManager[Any] = Load(lambda: predict(url), threads=2) if story.loaded else nullcontext()
        with load:
            assert not story.loaded or load.flowing()
            if child.finish() is None:
                killed.append(number)
            status = run()
        assert (number, status["status"], left(place)) == (number, "passing", story.end), status["msg"]
        if story.serving == "dedicated":  # else the server has one, of its own name
            assert (number, sorted(place.volumes())) == (number, volumes_of(place))
        assert not story.loaded or (number, load.failed()[:3]) == (number, [])
        if "deployment_d1_A" in story.end[0]:
            assert asked_once(url).model == "A"
    print(f"{name}: {calls} calls, killed at {len(killed)} of them, {killed} (BOSUN_SEED={SEED})")
    assert killed
