"""Dry runs: what they plan is what the action then does, and they change nothing on the engine."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from model_kinds import KINDS, Maker

pytestmark = pytest.mark.docker

Act = Callable[..., dict[str, Any]]


def picture(place: Any) -> dict[str, Any]:
    """All that is on the engine of a place: containers as they are, images with all their names, volumes, routes."""
    containers = place.containers()
    template = "{{.Id}} {{.Name}} {{.Image}} {{.State.StartedAt}} {{json .Config}} {{json .HostConfig}}"
    lines = place("image", "ls", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}").splitlines()
    return {
        "containers": place("inspect", "--format", template, *containers.values()) if containers else "",
        "images": sorted(line for line in lines if line.startswith((place.prefix, f"users-{place.network}"))),
        "volumes": place.volumes(),
        "routes": place.route_files(),
        "networks": place("network", "ls", "-q", "--no-trunc", "--filter", f"name={place.network}"),
    }


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, set[str]]:
    """What came and what went, by the words that a plan has for it."""

    def names(seen: dict[str, Any]) -> set[str]:
        containers = {f"container {line.split()[1][1:]} {line.split()[0]}" for line in seen["containers"].splitlines()}
        return {
            *containers,
            *(f"image {line}" for line in seen["images"]),
            *(f"volume {one}" for one in seen["volumes"]),
        }

    def plain(found: set[str]) -> set[str]:
        return {" ".join(one.split()[:2]) for one in found}

    return {"came": plain(names(after) - names(before)), "went": plain(names(before) - names(after))}


def planned(plan: list[str]) -> dict[str, set[str]]:
    """What a plan says will come and go."""
    found: dict[str, set[str]] = {"came": set(), "went": set()}
    for step in plan:
        step = step.partition(",")[0]
        if match := re.match(r"(create|make|build|load) ((?:container|image|volume) \S+)", step):
            found["came"].add(match[2])
        elif match := re.match(r"remove ((?:container|image|volume) \S+)", step):
            found["went"].add(match[1])
        elif match := re.match(r"replace (container \S+)", step):
            found["came"].add(match[1])
            found["went"].add(match[1])
    return found


def checked(place: Any, act: Act, action: str, info: dict[str, Any] | None, **settings: Any) -> list[str]:
    """Run an action dry, and then for good; return its plan, which was true."""
    before = picture(place)
    dry = act(action, info, dry_run=True, **settings)
    assert picture(place) == before
    plan = list(dry["data"]["plan"])
    status = act(action, info, **settings)
    assert status["status"] == "passing", status
    assert planned(plan) == difference(before, picture(place)), plan
    again = act(action, info, dry_run=True, **settings)
    if action != "deployment_relaunch":
        assert (again["data"]["plan"], again["msg"]) == ([], "nothing would change")
    return plan


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "shared"])
def test_the_plan_of_every_action_is_what_it_does(clean: Any, act: Act, maker: Maker, kind: str) -> None:
    act("plugin_start")
    first, second = maker.make(kind, "A").info, maker.make(kind, "B").info
    url = f"{clean.url}/deployments/d1"
    start = checked(clean, act, "deployment_start", {"id": "d1", "modelId": "A", **first})

    def coming(model: str) -> list[str]:
        waiting = ["start it", "wait until it answers", f"switch {url} to it"]
        return [f"create container {clean.prefix}deployment_d1_{model}", *waiting]

    assert start[-5:-1] == coming("A")
    replace = checked(clean, act, "deployment_replace_model", {"id": "d1", "modelId": "A", "newModelId": "B", **second})
    assert f"remove container {clean.prefix}deployment_d1_A, which serves model A" in replace
    relaunch = checked(clean, act, "deployment_relaunch", {"id": "d1"})
    one = f"container {clean.prefix}deployment_d1_B"
    going = ["remove the old route", f"remove {one}, which serves model B", f"give {one} its name"]
    assert relaunch == [*coming("B"), *going]
    stop = checked(clean, act, "deployment_stop", {"id": "d1"})
    assert stop[:2] == [f"have {url} lead nowhere", f"remove {one}, which serves model B"]


def test_the_plan_of_a_replacement_by_the_same_model_with_another_package_names_the_old_image(
    clean: Any, act: Act, package: Callable[..., str]
) -> None:
    act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    before = clean.images()
    status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("B")}, dry_run=True)
    assert status["data"]["plan"][-1] == f"remove image {before[0]}"


def test_the_plans_of_plugin_start_and_plugin_stop_are_what_they_do(place: Any, act: Act) -> None:
    place.clear()
    start = checked(place, act, "plugin_start", None)
    assert start == [f"create volume {place.prefix}routes", f"create container {place.proxy}"]
    ports = {"traefikPortMapping": {80: place.port, 8080: place.other_port()}}
    assert checked(place, act, "plugin_start", None, **ports) == [f"replace container {place.proxy}"]
    place("stop", place.proxy)
    before = picture(place)
    assert act("plugin_start", dry_run=True, **ports)["data"]["plan"] == [f"start container {place.proxy}"]
    assert picture(place) == before
    assert checked(place, act, "plugin_stop", None) == [
        f"remove container {place.proxy}",
        f"remove volume {place.prefix}routes",
    ]


def test_with_monitoring_the_plans_name_broker_and_agent(place: Any, act: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    place.clear()
    monkeypatch.setenv("MLOPS_API_TOKEN", "planted-token")
    more = {"agentImage": place.variables["BOSUN_TEST_AGENT_IMAGE"]}
    mlops = {"mlopsUrl": "https://mlops.example.com"}

    def run(action: str, *words: Any, **other: Any) -> dict[str, Any]:
        return act(action, *words, plugin_config=mlops, **other)

    assert [step for step in checked(place, run, "plugin_start", None, **more) if "container" in step] == [
        f"create container {place.prefix}{part}" for part in ("traefik", "rabbitmq", "monitoring_agent")
    ]
    assert [step for step in checked(place, run, "plugin_stop", None, **more) if "container" in step] == [
        f"remove container {place.prefix}{part}" for part in ("monitoring_agent", "rabbitmq", "traefik")
    ]


def test_a_plan_tells_that_somebody_else_has_the_proxys_name(place: Any, act: Act) -> None:
    place.clear()
    place("create", f"--name={place.proxy}", place.variables["BOSUN_TEST_PPS_IMAGE"])
    told = act("plugin_start", dry_run=True)
    assert (told["status"], told["msg"]) == ("failing", act("plugin_start")["msg"])
    place.clear()
