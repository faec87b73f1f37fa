"""Rights that are missing: each is named, verb and resource, and what an action began is undone."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.k8s
Act = Callable[..., dict[str, Any]]

DEPLOY = Path(__file__).parents[3] / "bosun_k8s" / "deploy"
RULES = yaml.safe_load((DEPLOY / "role.yaml").read_text())["rules"]
IN_CI = 3


def rights_of(rule: dict[str, Any]) -> set[str]:
    """A rule's rights, as a message names them."""
    (group,), (resource,) = rule["apiGroups"], rule["resources"]
    return {f"{verb} {resource}{f'.{group}' if group else ''}" for verb in rule["verbs"]}


def named(place: Any, message: str) -> set[str]:
    """The rights that a message names."""
    end = f" in namespace {place.namespace}; grant it with deploy/role.yaml, or correct kubeNamespace"
    if not message.startswith("this user may not ") or not message.endswith(end):
        return set()
    return set(message.removeprefix("this user may not ").removesuffix(end).split(", "))


@pytest.fixture
def without(clean: Any) -> Iterator[Callable[..., None]]:
    """Takes rules from the Role; they are back afterwards."""

    def take(*rules: dict[str, Any]) -> None:
        role = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": "bosun"},
            "rules": [rule for rule in RULES if rule not in rules],
        }
        clean("replace", "-f", "-", given=yaml.safe_dump(role))

    yield take
    clean("apply", "-f", DEPLOY / "role.yaml")


def test_every_right_that_is_missing_is_named_with_verb_and_resource(
    clean: Any, act: Act, until: Callable[..., Any], without: Callable[..., None]
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rules = RULES if os.environ.get("BOSUN_THOROUGH") else random.Random(seed).sample(RULES, IN_CI)
    for rule in rules:
        without(rule)
        expected = rights_of(rule)
        until(lambda expected=expected: named(clean, act("plugin_start")["msg"]) == expected, 10)
        seen = act("pe_status")
        assert (seen["status"], named(clean, seen["msg"])) == ("failing", expected)


def test_an_action_without_a_right_is_undone_and_what_served_serves(
    clean: Any,
    act: Act,
    package: Callable[..., str],
    predict: Callable[..., str],
    until: Callable[..., Any],
    without: Callable[..., None],
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    url = act("deployment_start", info)["data"]["predictionUrl"]
    before = clean.made()
    rule = next(rule for rule in RULES if rule["resources"] == ["deployments"])
    without(rule)
    refused = ("auth", "can-i", "create", "deployments", f"--as=system:serviceaccount:{clean.namespace}:bosun")
    until(lambda: clean(*refused, check=False) == "no", 10)
    new = {**info, "newModelId": "B", "modelArtifact": package("B")}
    status = act("deployment_replace_model", new)
    assert status["status"] == "failing"
    assert "deployments.apps" in status["msg"]
    assert "this user may not; grant it with deploy/role.yaml (the API server says: " in status["msg"]
    assert (predict(url), clean.made()) == ("A", before)


def test_rights_for_kaniko_are_named_in_its_namespace(clean: Any, act: Act) -> None:
    settings = {"kanikoImage": clean.variables["BOSUN_TEST_K8S_KANIKO_IMAGE"], "kanikoNamespace": "kube-public"}
    told = act("plugin_start", **settings)
    assert told["status"] == "failing"
    assert told["msg"].startswith("this user may not create pods in namespace kube-public, delete pods in namespace")
    assert "create pods/attach in namespace kube-public" in told["msg"]
