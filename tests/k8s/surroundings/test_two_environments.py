"""Two environments in one namespace: no action of the one sees or touches what is the other's."""

import os
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.k8s
Act = Callable[..., dict[str, Any]]

LONG = "e" * 70  # longer than a label: both are told apart by a hash
LABEL = "bosun.datarobot.com"


def objects_of(place: Any, environment: str) -> dict[str, str]:
    """Kind and name of each object of an environment, with its identity."""
    kinds = "deployments,services,httproutes,secrets,horizontalpodautoscalers,poddisruptionbudgets,leases,pods"
    found = place.objects(kinds, "-l", f"{LABEL}/schema=1")
    return {
        f"{one['kind']}/{one['metadata']['name']}": one["metadata"]["uid"]
        for one in found
        if one["metadata"]["annotations"][f"{LABEL}/env"] == environment
    }


PAIRS = [(f"{LONG}1", f"{LONG}2"), ("one", "two"), ("Env", "env")]


@pytest.mark.parametrize(("one", "other"), PAIRS if os.environ.get("BOSUN_THOROUGH") else PAIRS[:1])
def test_no_action_of_one_environment_touches_what_is_the_others(
    clean: Any, act: Act, package: Callable[..., str], predict: Callable[..., str], one: str, other: str
) -> None:
    def of(environment: str) -> dict[str, Any]:
        path = "one" if environment == one else "other"
        return {
            "environmentId": environment,
            "outfacingPredictionURLPrefix": f"{clean.url}/{path}",
            "preStopSeconds": 1,
        }

    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A"), "keyValueConfig": {"minAvailable": 1}}
    url = act("deployment_start", info, **of(one))["data"]["predictionUrl"]
    before = objects_of(clean, one)
    assert len(before) == 5  # workload, service, route, budget, pod

    new = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B")}
    assert "d1" in act("deployment_replace_model", new, **of(other))["msg"]
    assert act("deployment_status", {"id": "d1"}, **of(other))["status"] == "failing"
    assert act("deployment_relaunch", {"id": "d1"}, **of(other))["status"] == "failing"
    assert act("deployment_stop", {"id": "d1"}, **of(other))["state"] == "stopped"
    assert act("deployment_list", **of(other))["data"] == {}
    seen = act("pe_status", pe={"deployments": []}, **of(other))
    assert (seen["status"], seen["data"]["deploymentsStatus"]) == ("passing", {})
    assert act("plugin_stop", **of(other))["status"] == "passing"
    assert objects_of(clean, one) == before

    started = act("deployment_start", {**info, "modelId": "C"}, **of(other))
    assert (predict(started["data"]["predictionUrl"]), predict(url)) == ("C", "A")
    assert list(act("deployment_list", **of(other))["data"]) == ["d1"]
    assert act("deployment_stop", {"id": "d1"}, **of(other))["state"] == "stopped"
    assert (objects_of(clean, other), objects_of(clean, one), predict(url)) == ({}, before, "A")
