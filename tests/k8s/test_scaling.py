"""An autoscaler is seen to scale by the model's load, a disruption budget to hold."""

import json
import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from bosun_test.conformance.load import Load

pytestmark = pytest.mark.k8s
Act = Callable[..., dict[str, Any]]

THOROUGH = bool(os.environ.get("BOSUN_THOROUGH"))


def ready(place: Any) -> list[str]:
    """The names of the pods that get traffic."""
    found = []
    for pod in place.objects("pods"):
        states = {one["type"]: one["status"] for one in pod["status"].get("conditions", [])}
        if states.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]:
            found.append(pod["metadata"]["name"])
    return sorted(found)


def test_an_autoscaler_adds_a_pod_under_load_and_a_replacement_keeps_their_number(
    clean: Any,
    act: Act,
    package: Callable[..., str],
    predict: Callable[..., str],
    until: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLOPS_API_TOKEN", "token-of-a-test")
    # The agent beside the model requests no CPU, which must not keep the model's load from being known.
    more = {
        "agentImage": clean.variables["BOSUN_TEST_K8S_AGENT_IMAGE"],
        "plugin_config": {"mlopsUrl": "http://127.0.0.1:9"},
        "preStopSeconds": 1,
    }
    values = {"maxReplicas": 2, "cpuRequest": "100m", "targetCPU": 50}
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A"), "keyValueConfig": values}
    url = act("deployment_start", info, **more)["data"]["predictionUrl"]
    (first,) = ready(clean)
    with Load(lambda: predict(url), threads=2, limit=1_000_000) as load:
        began = time.monotonic()
        until(lambda: len(ready(clean)) == 2, 90)
        print(f"scaled to two pods that are ready {time.monotonic() - began:.1f} s after the load began")
        assert first in ready(clean)
        (scaler,) = clean.objects("horizontalpodautoscalers")
        states = {one["type"]: (one["status"], one["reason"]) for one in scaler["status"]["conditions"]}
        assert states["ScalingActive"] == ("True", "ValidMetricFound")
        new = {**info, "newModelId": "B", "modelArtifact": package("B")}
        assert act("deployment_replace_model", new, **more)["status"] == "passing"
        assert len(ready(clean)) == 2
    assert load.failed() == []
    if THOROUGH:
        until(lambda: len(ready(clean)) == 1, 120)
        assert predict(url) == "B"


def evicted(place: Any, pod: str) -> str:
    """Ask the API server to evict a pod, as `kubectl drain` does; return what it says against it, if anything."""
    path = f"/api/v1/namespaces/{place.namespace}/pods/{pod}/eviction"
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
    try:
        place("create", "--raw", path, "-f", "-", given=json.dumps(eviction))
    except AssertionError as error:
        return str(error)
    return ""


def test_a_disruption_budget_holds_against_an_eviction(
    clean: Any, act: Act, package: Callable[..., str], predict: Callable[..., str], until: Callable[..., Any]
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    values = {"replicas": 2, "minAvailable": 1}
    url = act("deployment_start", {**info, "keyValueConfig": values}, preStopSeconds=1)["data"]["predictionUrl"]

    def allowed() -> int:
        (budget,) = clean.objects("poddisruptionbudgets")
        return int(budget.get("status", {}).get("disruptionsAllowed", 0))

    until(lambda: allowed() == 1)
    one, other = ready(clean)
    with Load(lambda: predict(url), threads=2) as load:
        assert load.flowing()
        assert evicted(clean, one) == ""
        refused = evicted(clean, other)
        until(lambda: len(ready(clean)) == 2)
    assert "(TooManyRequests): Cannot evict pod as it would violate the pod's disruption budget" in refused
    assert other in ready(clean)
    assert load.failed() == []

    # More than one replica has a budget unasked; with as many as there are nothing may be evicted at all.
    changed = {**info, "keyValueConfig": {"replicas": 2, "minAvailable": "100%"}}
    assert act("deployment_start", changed, preStopSeconds=1)["status"] == "passing"
    until(lambda: clean.objects("poddisruptionbudgets")[0]["spec"]["minAvailable"] == "100%" and allowed() == 0)
    assert all("(TooManyRequests)" in evicted(clean, pod) for pod in ready(clean))
