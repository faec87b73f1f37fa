"""Patches, differences, rights, routes' verdicts, and what a look says: functions of documents."""

from collections.abc import Callable
from typing import Any

import pytest
from bosun_core.status import ActionStatus, DeploymentState
from bosun_k8s.checking import Route, of_route
from bosun_k8s.cluster.errors import refused
from bosun_k8s.documents import patches
from bosun_k8s.looks.looking import Deployed, entry
from bosun_k8s.looks.observed import Pod, Service, read
from bosun_k8s.planning import differences
from bosun_k8s.rights import Right, granted

Made = Callable[..., Any]
ROOT = "bosun.datarobot.com"


def test_patches_are_done_in_their_order_and_leave_the_document_alone() -> None:
    document = {"kind": "X", "a": [1, 2], "b": {"c": 1}}
    operations = [
        {"op": "test", "path": "/a/0", "value": 1},
        {"op": "add", "path": "/a/-", "value": 3},
        {"op": "remove", "path": "/b/c"},
        {"op": "copy", "from": "/a/0", "path": "/b/d~1e"},
    ]
    assert patches.applied(document, operations) == {"kind": "X", "a": [1, 2, 3], "b": {"d/e": 1}}
    assert document == {"kind": "X", "a": [1, 2], "b": {"c": 1}}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/a", "value": 2},
        {"op": "remove", "path": "/b"},
        {"op": "add", "path": "/b/c", "value": 1},
        {"op": "replace", "path": "", "value": 3},
    ],
)
def test_a_patch_that_does_not_fit_is_a_mismatch(operation: dict[str, Any]) -> None:
    with pytest.raises(patches.Mismatch):
        patches.applied({"a": 1}, [operation])


def test_differences_are_told_by_path_without_what_is_the_servers_own() -> None:
    before = {"metadata": {"resourceVersion": "1", "labels": {"a": "1"}}, "spec": {"list": [{"x": 1}, {"x": 2}]}}
    after = {"metadata": {"resourceVersion": "2", "labels": {"a": "2"}}, "spec": {"list": [{"x": 1}, {"x": 3}], "n": 1}}
    assert list(differences(before, after)) == [
        "metadata.labels.a: '1' -> '2'",
        "spec.list[1].x: 2 -> 3",
        "spec.n: None -> 1",
    ]


def test_what_has_a_name_in_a_list_is_known_by_it() -> None:
    before = {"env": [{"name": "B", "value": "1"}, {"name": "C", "value": "1"}]}
    after = {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    assert list(differences(before, after)) == [
        "env.A: None -> {'name': 'A', 'value': '1'}",
        "env.B.value: '1' -> '2'",
        "env.C: {'name': 'C', 'value': '1'} -> None",
    ]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list"]}, True),
        ({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}, True),
        ({"apiGroups": [""], "resources": ["deployments"], "verbs": ["get"]}, False),
        ({"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"]}, False),
        ({"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"], "resourceNames": ["x"]}, False),
    ],
)
def test_a_rule_grants_a_right_or_not(rule: dict[str, Any], expected: bool) -> None:
    assert granted(Right("apps", "deployments", "get"), [rule]) is expected


def route(*conditions: dict[str, Any], generation: int = 1) -> Route:
    parents = [{"conditions": list(conditions)}] if conditions else []
    return read({"metadata": {"name": "r", "generation": generation}, "status": {"parents": parents}}, Route)


def test_a_gateway_has_not_spoken_has_taken_or_has_refused_a_route() -> None:
    accepted = {"type": "Accepted", "status": "True", "reason": "Accepted"}
    unseen = {"type": "ResolvedRefs", "status": "False", "reason": "BackendNotFound", "message": "no such Service"}
    refused = {"type": "Accepted", "status": "False", "reason": "NotAllowedByListeners", "message": "not from there"}
    assert of_route(route()) is None
    assert of_route(route(accepted)) == ""
    assert of_route(route(accepted, unseen)) is None
    assert of_route(route({**accepted, "observedGeneration": 2}, generation=2)) == ""
    assert of_route(route(refused)) == "the gateway does not take the route: NotAllowedByListeners (not from there)"


def test_what_a_gateway_said_of_a_route_before_it_was_changed_does_not_count() -> None:
    accepted = {"type": "Accepted", "status": "True", "reason": "Accepted", "observedGeneration": 1}
    assert of_route(route(accepted, generation=2)) is None


def service(number: str, **told: str) -> Service:
    about = {"name": "n", "annotations": {f"{ROOT}/{key}": value for key, value in told.items()}}
    return read({"metadata": about, "spec": {"selector": {f"{ROOT}/generation": number}}}, Service)


def pod(name: str, generation: str, model: str, *, ready: bool = True, ending: bool = False, **status: Any) -> Pod:
    about = {
        "name": name,
        "labels": {f"{ROOT}/generation": generation},
        "annotations": {f"{ROOT}/model": model},
        "deletionTimestamp": "2026-01-01T00:00:00Z" if ending else None,
    }
    conditions = [{"type": "Ready", "status": str(ready)}]
    return read({"metadata": about, "status": {"conditions": conditions, **status}}, Pod)


CRASHED = {"containerStatuses": [{"name": "model", "state": {"terminated": {"exitCode": 1}}}]}


@pytest.mark.parametrize(
    ("found", "model", "status", "state", "message"),
    [
        (
            Deployed("d1", service("2", model="B"), (pod("b", "2", "B"),)),
            "B", ActionStatus.OK, DeploymentState.READY, None,
        ),
        (
            Deployed("d1", service("1", model="A"), (pod("a", "1", "A"), pod("b", "2", "B", ready=False)), held=True),
            "A", ActionStatus.OK, DeploymentState.REPLACING_MODEL, None,
        ),
        (
            Deployed("d1", service("2", model="B"), (pod("a", "1", "A", ending=True), pod("b", "2", "B"))),
            "B", ActionStatus.OK, DeploymentState.READY, None,
        ),
        (
            Deployed("d1", service("0"), (pod("a", "1", "A", ready=False),), held=True),
            "A", ActionStatus.UNKNOWN, DeploymentState.LAUNCHING, "it is being launched",
        ),
        (
            Deployed("d1", service("0", stopping="true"), (pod("a", "1", "A", ending=True),), held=True),
            "A", ActionStatus.UNKNOWN, DeploymentState.SHUTTING_DOWN, "it is being stopped",
        ),
        (
            Deployed("d1", service("0", stopping="true"), ()),
            None, ActionStatus.ERROR, DeploymentState.ERRORED, "its stop did not come to its end; stop it again",
        ),
        (
            Deployed("d1", service("0"), ()),
            None, ActionStatus.ERROR, DeploymentState.ERRORED, "its start did not come to its end; start it again",
        ),
        (
            Deployed("d1", service("1", model="A"), (pod("a", "1", "A", ready=False, **CRASHED),)),
            "A", ActionStatus.ERROR, DeploymentState.ERRORED, "pod a ended with exit code 1; relaunch it",
        ),
        (
            Deployed("d1", service("1", model="A"), (pod("a", "1", "A"), pod("b", "1", "A", ready=False, **CRASHED))),
            "A", ActionStatus.WARN, DeploymentState.READY, "1 of 2 pods are ready; pod b ended with exit code 1",
        ),
        (
            Deployed("d1", None, (pod("a", "1", "A"),)),
            "A", ActionStatus.ERROR, DeploymentState.ERRORED, "its Service is gone, so nothing leads to it; start it",
        ),
        (
            Deployed("d1", service("0", model="A", generation="1"), (pod("a", "1", "A"),)),
            "A", ActionStatus.ERROR, DeploymentState.ERRORED, "its Service was changed by somebody and leads nowhere",
        ),
        (
            Deployed("d1", service("1", model="A"), ()),
            "A", ActionStatus.ERROR, DeploymentState.ERRORED, "it has no pod",
        ),
        (
            Deployed("d1", service("1", model="A"), (pod("b", "2", "B", ready=False),), held=True),
            "A", ActionStatus.ERROR, DeploymentState.ERRORED, "it has no pod",
        ),
    ],
)  # fmt: skip
def test_a_deployment_is_judged_by_the_pods_that_its_service_leads_to(
    env: Made, found: Deployed, model: str | None, status: ActionStatus, state: DeploymentState, message: str | None
) -> None:
    one = entry(env(), found)
    assert (one.model_id, one.status, one.state) == (model, status, state)
    assert one.msg is None if message is None else message in str(one.msg)
    assert one.prediction_url == "https://models.example.com/deployments/d1/predictions"
    assert one.workloads == tuple(sorted(pod.name for pod in found.pods))


@pytest.mark.parametrize(
    ("ending", "phase", "has_ended"),
    [(True, "Succeeded", True), (True, "Failed", True), (True, "Running", False), (False, "Failed", False)],
)
def test_a_pod_has_ended_where_it_is_to_go_and_its_containers_do_not_run(
    ending: bool, phase: str, has_ended: bool
) -> None:
    assert pod("a", "1", "A", ready=False, ending=ending, phase=phase).has_ended is has_ended


@pytest.mark.parametrize(
    ("code", "said", "message"),
    [
        (400, 'admission webhook "w.example.com" denied the request: no', "an admission webhook of the cluster"),
        (500, 'failed calling webhook "w.example.com": failed to call webhook: Post "https://127.0.0.1:9/": context '
              "deadline exceeded", "an admission webhook of the cluster does not answer"),
        (403, 'pods "p" is forbidden: error looking up service account models/none: serviceaccount "none" not found',
         "the service account is not there; make it, or correct its name in the settings"),
        (403, 'leases "x" is forbidden: unable to create new content in namespace n because it is being terminated',
         "the namespace is being deleted; create it again when it is gone, or correct kubeNamespace"),
        (403, 'User "u" cannot list resource "pods"', "this user may not; grant it with deploy/role.yaml"),
        (404, "404 page not found", "nothing is known of that there; install its CRD, or correct the kubeconfig's"),
        (418, "a teapot", "the API server says: a teapot"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_do_and_keeps_the_api_servers_words(code: int, said: str, message: str) -> None:
    told = str(refused("list pods", code, {"message": said}))
    assert told.startswith(f"cannot list pods: {message}")
    assert said in told
