"""pe_status: the namespace's health beside that of its deployments. Rights are in test_rights, the API in the kit."""

import json
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.k8s
Act = Callable[..., dict[str, Any]]

LABEL = "bosun.datarobot.com"


def test_a_healthy_environment_passes_with_an_entry_for_each_deployment(
    clean: Any, act: Act, package: Callable[..., str]
) -> None:
    act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    seen = act("pe_status", pe={"deployments": ["d1"]})
    assert (seen["status"], list(seen["data"]["deploymentsStatus"])) == ("passing", ["d1"])
    assert seen["data"]["deploymentsStatus"]["d1"]["data"]["currentModelId"] == "A"


def test_what_is_listed_and_missing_or_there_and_not_listed_is_a_warning(
    clean: Any, act: Act, package: Callable[..., str]
) -> None:
    act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    seen = act("pe_status", pe={"deployments": ["d2"]})
    assert seen["status"] == "warning"
    assert seen["data"]["deploymentsStatus"]["d2"]["status"] == "failing"
    assert "d1" in seen["msg"]


def test_without_a_list_a_deployment_without_pods_is_a_warning_that_names_it(
    clean: Any, act: Act, package: Callable[..., str], until: Callable[..., Any]
) -> None:
    for name in ("d1", "d2"):
        act("deployment_start", {"id": name, "modelId": "A", "modelArtifact": package("A")})
    assert act("pe_status")["status"] == "passing"
    (workload,) = [one for one in clean.objects("deployments") if "d1" in one["metadata"]["annotations"].values()]
    clean("scale", "deployment", workload["metadata"]["name"], "--replicas=0")
    seen = until(lambda: (now := act("pe_status"))["status"] == "warning" and now)
    assert seen["msg"] == "failing: d1"
    found = {name: one["status"] for name, one in seen["data"]["deploymentsStatus"].items()}
    assert found == {"d1": "failing", "d2": "passing"}


def test_a_quota_without_room_is_a_warning_that_names_it(clean: Any, act: Act, until: Callable[..., Any]) -> None:
    about = {"name": "full", "labels": {f"{LABEL}/schema": "1"}}
    spec = {"hard": {"count/configmaps": "1", "pods": "5"}}  # each namespace has the ConfigMap of the authority
    clean.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": about, "spec": spec})
    until(lambda: clean.objects("resourcequotas")[0].get("status", {}).get("used", {}).get("count/configmaps") == "1")
    seen = act("pe_status")
    assert seen["status"] == "warning"
    assert "ResourceQuota full is used up: 1 of 1 count/configmaps" in seen["msg"]
    assert "pods" not in seen["msg"]


def test_what_an_ended_action_left_is_named_and_the_next_one_clears_it(
    clean: Any, act: Act, package: Callable[..., str], until: Callable[..., Any]
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    act("deployment_start", info, preStopSeconds=1)
    (serving,) = clean.objects("deployments")
    left = json.loads(json.dumps(serving).replace(f'"{LABEL}/generation": "1"', f'"{LABEL}/generation": "2"'))
    name = serving["metadata"]["name"].removesuffix("-1") + "-2"
    left["metadata"] = {key: left["metadata"][key] for key in ("labels", "annotations")} | {"name": name}
    clean.apply({key: value for key, value in left.items() if key != "status"})
    strays = until(lambda: [pod for pod in names_of(clean) if pod.startswith(f"{name}-")])
    seen = act("pe_status", pe={"deployments": ["d1"]})
    assert seen["status"] == "warning"
    assert f"left by an action that was ended, cleared by the next one: {strays[0]}" in seen["msg"]
    assert seen["data"]["deploymentsStatus"]["d1"]["status"] == "passing"
    again = act("deployment_start", info, preStopSeconds=1)
    assert again["msg"] == "deployment d1 already serves model A; nothing changed"
    assert [one["metadata"]["name"] for one in clean.objects("deployments")] == [serving["metadata"]["name"]]
    assert act("pe_status", pe={"deployments": ["d1"]})["status"] == "passing"


def names_of(place: Any) -> list[str]:
    return sorted(one["metadata"]["name"] for one in place.objects("pods"))


def test_what_somebody_else_made_under_our_keys_is_named_and_never_touched(clean: Any, act: Act) -> None:
    about = {"name": "theirs", "labels": {f"{LABEL}/deployment": "d9", f"{LABEL}/model": "A"}}
    clean.apply({"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": {"ports": [{"port": 80}]}})
    try:
        before = clean.objects("services")
        seen = act("pe_status")
        assert seen["status"] == "warning"
        assert "unmanaged (not made by this Bosun, never touched; docs/migrate.md): theirs" in seen["msg"]
        assert (act("deployment_list")["data"], act("deployment_stop", {"id": "d9"})["state"]) == ({}, "stopped")
        assert clean.objects("services") == before
    finally:
        clean("delete", "service", "theirs")
