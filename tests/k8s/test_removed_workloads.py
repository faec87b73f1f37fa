"""A pod, a Deployment or a Service that somebody removed: each action does what it reports, nothing else is lost."""

from collections.abc import Callable
from typing import Any

import pytest
from bosun_core.reporting import listen

pytestmark = pytest.mark.k8s
Act = Callable[..., dict[str, Any]]
Predict = Callable[[str], str]
LABEL = "bosun.datarobot.com"
CUSTOM = {"modelExecutionType": "customInferenceModel"}


def remove(place: Any, part: str) -> None:
    """Remove the Service of d1, or its Deployment with its pods."""
    if part == "service":
        place("delete", "services", "-l", f"{LABEL}/deployment=d1")
        return
    place("delete", "deployments", "-l", f"{LABEL}/deployment=d1")
    place("delete", "pods", "-l", f"{LABEL}/deployment=d1", "--force", "--grace-period=0")


def kinds_of(place: Any) -> list[str]:
    return [name.partition("/")[0] for name in place.made()]


@pytest.fixture
def started(clean: Any, act: Act, package: Callable[..., str]) -> dict[str, Any]:
    """What is told of a deployment that serves."""
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    return {**act("deployment_start", info)["data"], "info": info}


@pytest.mark.parametrize("part", ["deployment", "service"])
def test_every_look_reports_what_is_gone_and_the_plans_change_nothing(
    clean: Any, act: Act, package: Callable[..., str], started: dict[str, Any], part: str
) -> None:
    remove(clean, part)
    status = act("deployment_status", {"id": "d1"})
    entry = act("deployment_list")["data"]["d1"]
    seen = act("pe_status", pe={"deployments": ["d1"]})
    gone = {
        "deployment": "it has no pod; look at the events of its Deployment, or start it again",
        "service": "its Service is gone, so nothing leads to it; start it again, or stop it",
    }[part]
    told = ("failing", "errored", f"deployment d1: {gone}")
    for one in (status, entry, seen["data"]["deploymentsStatus"]["d1"]):
        assert (one["status"], one["state"], one["msg"]) == told
    assert (seen["status"], "d1" in seen["msg"]) == ("warning", True)
    before = clean.made()
    replacement = {"id": "d1", "newModelId": "B", "modelArtifact": package("B")}
    for action, info in (("deployment_replace_model", replacement), ("deployment_relaunch", {"id": "d1"})):
        assert act(action, info, dry_run=True)["status"] == "passing"
    assert clean.made() == before


@pytest.mark.parametrize("part", ["deployment", "service"])
def test_a_relaunch_without_a_package_and_then_a_replacement_bring_it_back(
    clean: Any, act: Act, package: Callable[..., str], predict: Predict, started: dict[str, Any], part: str
) -> None:
    remove(clean, part)
    relaunched = act("deployment_relaunch", {"id": "d1"})
    assert (relaunched["status"], relaunched["state"], predict(started["predictionUrl"])) == ("passing", "ready", "A")
    remove(clean, part)
    replaced = act("deployment_replace_model", {"id": "d1", "newModelId": "B", "modelArtifact": package("B")})
    assert (replaced["status"], replaced["state"], predict(started["predictionUrl"])) == ("passing", "ready", "B")
    assert kinds_of(clean) == ["Deployment", "HTTPRoute", "Pod", "Service"]


def test_a_replacement_that_fails_keeps_the_model_of_a_deployment_whose_service_was_removed(
    clean: Any, act: Act, package: Callable[..., str], predict: Predict, started: dict[str, Any], until: Any
) -> None:
    remove(clean, "service")
    bad = {"id": "d1", "newModelId": "B", "modelArtifact": package("B", crash_at_start=True)}
    status = act("deployment_replace_model", bad)
    assert (status["status"], status["data"]) == ("failing", {"oldModelInUse": True, "currentModelId": "A"})
    assert act("deployment_status", {"id": "d1"})["status"] == "passing"
    assert act("deployment_start", started["info"])["status"] == "passing"
    assert predict(started["predictionUrl"]) == "A"


def test_a_replacement_that_fails_says_of_no_old_model_that_it_is_in_use(
    clean: Any, act: Act, package: Callable[..., str], started: dict[str, Any]
) -> None:
    remove(clean, "deployment")
    bad = {"id": "d1", "newModelId": "B", "modelArtifact": package("B", crash_at_start=True)}
    status = act("deployment_replace_model", bad)
    assert (status["status"], status["state"], status["data"]) == ("failing", "errored", None)


@pytest.mark.usefixtures("started")
def test_a_stop_clears_what_stands_around_a_deployment_that_somebody_removed_whole(clean: Any, act: Act) -> None:
    for part in ("service", "deployment"):
        remove(clean, part)
    assert kinds_of(clean) == ["HTTPRoute"]
    stopped = act("deployment_stop", {"id": "d1"})
    assert (stopped["status"], stopped["state"], clean.made()) == ("passing", "stopped", [])


def test_a_relaunch_of_an_unknown_deployment_with_an_image_makes_nothing(clean: Any, act: Act) -> None:
    values = {"image": clean.variables["BOSUN_TEST_K8S_PPS_IMAGE"]}
    status = act("deployment_relaunch", {"id": "d1", "modelId": "A", "keyValueConfig": values, **CUSTOM})
    assert (status["status"], status["state"], clean.made()) == ("failing", "errored", [])
    assert status["msg"] == "deployment d1 is unknown in this environment; start it with deployment_start"


def test_a_finished_replacement_is_ready_though_a_pod_of_another_generation_is_still_listed(
    clean: Any, act: Act, package: Callable[..., str], started: dict[str, Any]
) -> None:
    (pod,) = clean.objects("pods")
    about = {key: pod["metadata"][key] for key in ("labels", "annotations")}
    stray = {"name": "stray", **about, "labels": {**about["labels"], f"{LABEL}/generation": "99"}}
    stray["labels"].pop("pod-template-hash", None)
    spec = {key: pod["spec"][key] for key in ("securityContext", "containers")}
    made: list[str] = []

    def add(step: str, _done: float, _total: float | None) -> None:
        if step == "switching" and not made:
            made.append(step)
            spec["containers"][0].pop("volumeMounts", None)
            clean.apply({"apiVersion": "v1", "kind": "Pod", "metadata": stray, "spec": spec})

    end = listen(add)
    try:
        status = act("deployment_replace_model", {"id": "d1", "newModelId": "B", "modelArtifact": package("B")})
    finally:
        end()
    assert (status["status"], status["state"], made) == ("passing", "ready", ["switching"])
