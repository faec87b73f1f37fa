"""The actions, one after the other, on the cluster."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from asking import asked_once

pytestmark = pytest.mark.k8s
Act = Callable[..., dict[str, Any]]


_heard: dict[str, list[Any]] = {}
"""What is heard of audit events, which are listened to once for all: a hook cannot be removed."""


@pytest.fixture(scope="module")
def listening() -> Callable[[str], AbstractContextManager[list[Any]]]:
    """Yields what is told of an audit event inside."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _heard:
            _heard[event].append(arguments)

    @contextmanager
    def listen(event: str) -> Iterator[list[Any]]:
        _heard[event] = []
        try:
            yield _heard[event]
        finally:
            del _heard[event]

    sys.addaudithook(hook)
    return listen


def leads_anywhere(url: str) -> bool:
    try:
        asked_once(url)
    except OSError:
        return False
    return True


def test_a_deployment_is_started_replaced_relaunched_and_stopped(
    clean: Any, act: Act, package: Callable[..., str], predict: Callable[..., str]
) -> None:
    first, second = package("A"), package("B")
    assert act("plugin_start")["status"] == "passing"
    started = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": first})
    url = started["data"]["predictionUrl"]
    assert (started["status"], started["state"]) == ("passing", "ready")
    assert url == f"{clean.url}/d1/predictions"
    assert predict(url) == predict(url.removesuffix("ions")) == "A"
    before = clean.made()
    again = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": first})
    assert (again["msg"], clean.made()) == ("deployment d1 already serves model A; nothing changed", before)

    info = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": second}
    assert act("deployment_replace_model", info)["data"]["currentModelId"] == "B"
    assert predict(url) == "B"
    relaunched = act("deployment_relaunch", {"id": "d1"})
    assert (relaunched["status"], predict(url)) == ("passing", "B")

    listed = act("deployment_list")["data"]
    (pod,) = (one["metadata"]["name"] for one in clean.objects("pods"))
    expected = {"currentModelId": "B", "predictionUrl": url, "workloads": [pod]}
    assert listed == {"d1": {"status": "passing", "state": "ready", "msg": None, "data": expected}}
    seen = act("pe_status", pe={"deployments": ["d1"]})
    assert (seen["status"], seen["data"]) == ("passing", {"deploymentsStatus": listed})

    assert act("deployment_stop", {"id": "d1"})["state"] == "stopped"
    assert clean.made() == []


def test_settings_reach_the_pod_and_other_ones_bring_a_new_one(
    clean: Any, act: Act, package: Callable[..., str]
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    asked = {"memory": "300m", "cpuRequest": "50m", "environment": {"COLOUR": "red"}, "replicas": 2}
    act("deployment_start", {**info, "keyValueConfig": asked})
    pods = clean.objects("pods")
    container = pods[0]["spec"]["containers"][0]
    assert len(pods) == 2
    assert container["resources"]["limits"] == {"memory": "300Mi"}
    assert {"name": "COLOUR", "value": "red"} in container["env"]
    (budget,) = clean.objects("poddisruptionbudgets")
    assert budget["spec"]["maxUnavailable"] == 1
    changed = act("deployment_start", {**info, "keyValueConfig": {"memory": "301m"}})
    assert changed["status"] == "passing"
    assert [one["spec"]["containers"][0]["resources"]["limits"] for one in clean.objects("pods")] == [
        {"memory": "301Mi"}
    ]
    assert clean.objects("poddisruptionbudgets") == []


def test_a_route_that_somebody_removed_is_brought_back_by_the_same_start(
    clean: Any, act: Act, package: Callable[..., str], predict: Callable[..., str], until: Callable[..., Any]
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    started = act("deployment_start", info)
    clean("delete", "httproutes", "--all")
    until(lambda: not leads_anywhere(started["data"]["predictionUrl"]))  # a gateway learns of it some time later
    again = act("deployment_start", info)
    assert (again["status"], again["data"]["workloads"]) == ("passing", started["data"]["workloads"])
    assert predict(started["data"]["predictionUrl"]) == "A"


def test_an_init_container_that_has_done_its_work_is_no_failure(
    clean: Any, act: Act, package: Callable[..., str]
) -> None:
    first = {
        "name": "first",
        "image": clean.variables["BOSUN_TEST_K8S_PPS_IMAGE"],
        "command": ["/bin/true"],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    patches = {"Deployment": [{"op": "add", "path": "/spec/template/spec/initContainers", "value": [first]}]}
    status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, patches=patches)
    assert status["status"] == "passing", status["msg"]
    assert act("deployment_status", {"id": "d1"})["status"] == "passing"


def test_another_way_from_outside_is_brought_without_a_new_pod(
    clean: Any, act: Act, package: Callable[..., str], predict: Callable[..., str]
) -> None:
    name, _, value = clean.variables["BOSUN_TEST_K8S_INGRESS_ANNOTATION"].partition("=")
    ingress = {
        "gateway": None,
        "ingressClass": clean.variables["BOSUN_TEST_K8S_INGRESS_CLASS"],
        "ingressPaths": "prefix",
        "ingressAnnotations": {name: value},
    }
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    act("deployment_start", info)
    pods = [one["metadata"]["name"] for one in clean.objects("pods")]
    status = act("deployment_start", info, **ingress)
    assert (status["status"], status["data"]["workloads"]) == ("passing", pods)
    assert (len(clean.objects("ingresses")), clean.objects("httproutes")) == (1, [])


def test_a_dry_run_tells_what_would_be_and_changes_nothing(clean: Any, act: Act, package: Callable[..., str]) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    told = act("deployment_start", info, dry_run=True)
    assert told["status"] == "passing"
    assert [" ".join(step.split()[:2]) for step in told["data"]["plan"]] == [
        "make image",
        "create services",
        "create httproutes.gateway.networking.k8s.io",
        "create deployments.apps",
        "wait until",  # the gateway takes the route
        "wait until",  # it is ready
        "switch services",
        "wait until",  # traffic has moved
        "check the",  # way from outside
    ]
    assert clean.made() == []


def test_the_steps_that_run_are_those_that_a_dry_run_returns(
    clean: Any, act: Act, package: Callable[..., str], listening: Callable[[str], AbstractContextManager[list[Any]]]
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    new = {**info, "newModelId": "B", "modelArtifact": package("B")}
    other = {**new, "keyValueConfig": {"minAvailable": 1}}
    for action, asked in (
        ("deployment_start", info),
        ("deployment_replace_model", new),
        ("deployment_replace_model", other),
        ("deployment_relaunch", {"id": "d1"}),
        ("deployment_stop", {"id": "d1"}),
    ):
        planned = act(action, asked, dry_run=True)["data"]["plan"]
        with listening("bosun.done") as done:
            assert act(action, asked)["status"] == "passing"
        assert done == [(step, "done") for step in planned], (action, asked)
    assert clean.made() == []


def test_a_dry_run_of_a_replacement_tells_how_the_pods_will_differ_and_no_secret(
    clean: Any, act: Act, package: Callable[..., str]
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    act("deployment_start", info)
    before = clean.made()
    values = {"memory": "300m", "environment": {"DB_PASSWORD": "a-password-of-a-test"}}
    new = {**info, "newModelId": "B", "modelArtifact": package("B"), "keyValueConfig": values}
    told = act("deployment_replace_model", new, dry_run=True)
    (step,) = (one for one in told["data"]["plan"] if one.startswith("create deployments.apps"))
    assert "containers.model.env.MLOPS_MODEL_ID.value: 'A' -> 'B'" in step
    assert "containers.model.resources.limits: None -> {'memory': '300Mi'}" in step
    assert "DB_PASSWORD" in step
    assert "a-password-of-a-test" not in json.dumps(told)
    assert clean.made() == before


def test_a_dry_run_makes_no_new_pods_where_the_same_ones_stay(
    clean: Any, act: Act, package: Callable[..., str]
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    act("deployment_start", info)
    told = act("deployment_start", {**info, "keyValueConfig": {"minAvailable": 1}}, dry_run=True)
    steps = [" ".join(step.split()[:2]) for step in told["data"]["plan"]]
    assert steps == [
        "create poddisruptionbudgets.policy",
        "change services",  # which says what there is
        "check the",  # way from outside
    ]


def test_hostile_ids_are_kept_apart(clean: Any, act: Act, package: Callable[..., str]) -> None:
    artifact = package("A")
    ids = ["d1", "D1", "0777", "a" * 128, "_.-"]
    for name in ids:
        status = act("deployment_start", {"id": name, "modelId": name, "modelArtifact": artifact})
        assert status["status"] == "passing", status["msg"]
    listed = act("deployment_list")["data"]
    assert {name: one["data"]["currentModelId"] for name, one in listed.items()} == {name: name for name in ids}


def test_an_autoscaler_follows_the_generation_that_serves(clean: Any, act: Act, package: Callable[..., str]) -> None:
    values = {"keyValueConfig": {"maxReplicas": 2, "cpuRequest": "50m"}}

    def target() -> tuple[str, list[str]]:
        (scaler,) = clean.objects("horizontalpodautoscalers")
        workloads = [one["metadata"]["name"] for one in clean.objects("deployments")]
        return scaler["spec"]["scaleTargetRef"]["name"], workloads

    act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A"), **values})
    first, workloads = target()
    assert workloads == [first]
    new = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B"), **values}
    assert act("deployment_replace_model", new)["status"] == "passing"
    second, workloads = target()
    assert workloads == [second]
    assert first != second
    act("deployment_relaunch", {"id": "d1"})
    assert clean.objects("horizontalpodautoscalers") == []
