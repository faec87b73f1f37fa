"""What a quota or an admission policy does not let in: told in one line, undone, and what served serves on."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.k8s
Act = Callable[..., dict[str, Any]]

LABELS = {"bosun.datarobot.com/schema": "1"}  # it goes with the tests' own objects
QUOTAS: dict[str, tuple[dict[str, str], str]] = {
    "no room for a pod": ({"pods": "1"}, "gets no pod: the namespace's ResourceQuota has no room; raise it"),
    "no room for a workload": (
        {"count/deployments.apps": "1"},
        "cannot create deployments.apps .*: the namespace's ResourceQuota has no room; raise it",
    ),
    "memory is counted and not named": (
        {"limits.memory": "1Gi"},
        "gets no pod: the namespace's ResourceQuota counts what the pods do not name; set it in keyValueConfig",
    ),
}
CONFINED = {
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
POD = {"containers": [{"name": "probe", "image": "none", "securityContext": CONFINED}]}
WORKLOAD = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "probe"},
    "spec": {
        "selector": {"matchLabels": {"of": "probe"}},
        "template": {"metadata": {"labels": {"of": "probe"}}, "spec": POD},
    },
}


@pytest.fixture
def serving(clean: Any, act: Act, package: Callable[..., str], predict: Callable[..., str]) -> Callable[..., None]:
    """A deployment that serves; sees that its replacement fails with a message and changes nothing."""
    url = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})["data"]["predictionUrl"]
    before = [one for one in clean.made() if not one.startswith("ResourceQuota/")]

    def check(message: str) -> None:
        info = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B")}
        status = act("deployment_replace_model", info)
        assert (status["status"], status["data"]["oldModelInUse"]) == ("failing", True)
        first, _, second = message.partition(".*")
        assert first in status["msg"]
        assert second in status["msg"]
        assert "\n" not in status["msg"]
        left = [one for one in clean.made() if not one.startswith("ResourceQuota/")]
        assert (predict(url), left) == ("A", before)

    return check


@pytest.mark.parametrize("name", QUOTAS)
def test_a_quota_is_told_and_the_old_model_serves_on(
    clean: Any, serving: Callable[..., None], until: Callable[..., Any], name: str
) -> None:
    hard, message = QUOTAS[name]
    about = {"name": "tight", "labels": LABELS}
    clean.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": about, "spec": {"hard": hard}})
    until(lambda: "used" in clean.objects("resourcequotas")[0].get("status", {}))
    serving(message)


@pytest.fixture
def policy(clean: Any, until: Callable[..., Any]) -> Iterator[Callable[..., None]]:
    """Has the cluster let no more objects of a kind into the namespace."""
    name = f"nobody-{clean.namespace}"
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": clean.namespace}}}

    def is_refused(probe: dict[str, Any]) -> bool:
        try:
            clean("create", "--dry-run=server", "-f", "-", given=json.dumps(probe))
        except AssertionError as error:
            return "denied request" in str(error)
        return False

    def refuse(group: str, resource: str, probe: dict[str, Any]) -> None:
        rules = [{"apiGroups": [group], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": [resource]}]
        spec = {
            "matchConstraints": {"resourceRules": rules, **here},
            "validations": [{"expression": "false", "message": "not in these tests"}],
        }
        binding = {"policyName": name, "validationActions": ["Deny"], "matchResources": here}
        version = "admissionregistration.k8s.io/v1"
        clean.apply(
            {"apiVersion": version, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec},
            {
                "apiVersion": version,
                "kind": "ValidatingAdmissionPolicyBinding",
                "metadata": {"name": name},
                "spec": binding,
            },
        )
        until(lambda: is_refused(probe), 30)

    yield refuse
    clean("delete", "validatingadmissionpolicy,validatingadmissionpolicybinding", name, "--ignore-not-found")


def test_a_policy_against_workloads_is_told_and_the_old_model_serves_on(
    clean: Any, policy: Callable[..., None], serving: Callable[..., None]
) -> None:
    policy("apps", "deployments", WORKLOAD)
    serving("cannot create deployments.apps .*: an admission policy of the cluster refuses it; ask who made it")


def test_a_policy_against_pods_is_told_and_a_start_leaves_nothing(
    clean: Any, act: Act, package: Callable[..., str], policy: Callable[..., None]
) -> None:
    policy("", "pods", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"}, "spec": POD})
    status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    assert "gets no pod: an admission policy of the cluster refuses it; ask who made it, or change" in status["msg"]
    assert "not in these tests" in status["msg"]
    assert (status["status"], clean.made()) == ("failing", [])


def test_a_field_that_the_cluster_does_not_know_is_told(clean: Any, act: Act, package: Callable[..., str]) -> None:
    patches = {"Service": [{"op": "add", "path": "/spec/type", "value": "Nowhere"}]}
    status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, patches=patches)
    assert status["status"] == "failing"
    assert 'Unsupported value: "Nowhere"' in status["msg"]
    assert "\n" not in json.dumps(status["msg"]).strip('"')
    assert clean.made() == []
