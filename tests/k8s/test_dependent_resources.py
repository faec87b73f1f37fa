"""What stands around a workload and is refused by the cluster: found before anything is changed, all or nothing."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

pytestmark = pytest.mark.k8s
Act = Callable[..., dict[str, Any]]

SCALED = {"maxReplicas": 4, "minReplicas": 1, "cpuRequest": "50m"}
MERGED = ("--type=merge", "-p")
TIMEOUT = json.dumps([{"op": "add", "path": "/spec/rules/0/timeouts", "value": {"request": "60s"}}])


class Refusal(NamedTuple):
    """What stands in the way of a replacement."""

    before: dict[str, Any]
    after: dict[str, Any]
    edit: tuple[str, ...] = ()
    quota: str = ""


REFUSALS = {
    "somebody scales it": Refusal(SCALED, SCALED, ("hpa", *MERGED, json.dumps({"spec": {"minReplicas": 2}}))),
    "somebody edited its route": Refusal({}, {}, ("httproute", "--type=json", "-p", TIMEOUT)),
    "no autoscaler is admitted": Refusal({}, SCALED, quota="horizontalpodautoscalers.autoscaling"),
    "no budget is admitted": Refusal({}, {"replicas": 2}, quota="poddisruptionbudgets.policy"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_replacement_whose_dependent_resource_is_refused_changes_nothing(
    clean: Any, act: Act, package: Callable[..., str], predict: Callable[[str], str], until: Any, name: str
) -> None:
    before, after, edit, quota = REFUSALS[name]
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A"), "keyValueConfig": before}
    url = act("deployment_start", info, preStopSeconds=1)["data"]["predictionUrl"]
    service = clean.service_of("d1")["metadata"]["name"]
    if edit:
        clean("patch", edit[0], service, "--field-manager=somebody", *edit[1:])
    if quota:
        about = {"name": "none", "labels": {"bosun.datarobot.com/schema": "1"}}
        clean.apply(
            {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": about, "spec": {"hard": {f"count/{quota}": "0"}}}
        )
        until(lambda: "used" in clean.objects("resourcequotas")[0].get("status", {}))
    made = [one for one in clean.made() if not one.startswith("Pod/")]
    new = {**info, "newModelId": "B", "modelArtifact": package("B"), "keyValueConfig": after}
    for dry_run in (True, False):
        status = act("deployment_replace_model", new, preStopSeconds=1, dry_run=dry_run)
        assert (status["status"], status["state"]) == ("failing", "errored")
        assert status["data"] == {"oldModelInUse": True, "currentModelId": "A"}
    assert (predict(url), [one for one in clean.made() if not one.startswith("Pod/")]) == ("A", made)
