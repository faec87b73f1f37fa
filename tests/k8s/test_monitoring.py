"""Monitoring: a prediction at the endpoint ends as a message that the agent beside the model has read."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.k8s

TOKEN = "planted-token-41c6ee"
CONFIG = {  # what a real agent sends, and nothing of ours
    "MLOPS_BOSUN_PRED_ENV_TYPE": "k8s",
    "MLOPS_BOSUN_PRED_ENV_PLATFORM": "k8s",
    "MLOPS_BOSUN_PRED_ENV_ENABLE_MONITORING": True,
    "MLOPS_BOSUN_MONITORING_URL": "http://127.0.0.1:9",
}
KINDS = "deployments,replicasets,pods,services,httproutes,configmaps,leases,events,endpointslices"


@pytest.fixture
def monitored(clean: Any, act: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs an action with all that monitoring needs."""
    if "/bosun-test/" not in clean.variables["BOSUN_TEST_K8S_AGENT_IMAGE"]:
        pytest.skip("BOSUN_TEST_K8S_AGENT_IMAGE is not the stand-in: only that shows what it recorded")
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)
    image = clean.variables["BOSUN_TEST_K8S_AGENT_IMAGE"]
    more = {"plugin_config": CONFIG, "agentImage": image, "preStopSeconds": 2}
    return lambda *words: act(*words, **more)


def messages(place: Any, pod: str) -> list[tuple[str, str]]:
    """Deployment and model of each message that the agent of a pod has read."""
    lines = place("logs", pod, "-c", "monitoring-agent").splitlines()
    found = [json.loads(line) for line in lines if line.startswith("{")]
    return [(one["deploymentId"], one["modelId"]) for one in found]


def pods(place: Any) -> list[str]:
    return sorted(one["metadata"]["name"] for one in place.objects("pods"))


def test_predictions_reach_the_agent_beside_the_model_through_start_and_replacement(
    clean: Any, monitored: Any, package: Callable[..., str], predict: Callable[..., str], until: Callable[..., Any]
) -> None:
    assert monitored("plugin_start")["status"] == "passing"
    started = monitored("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    assert started["status"] == "passing"
    url = started["data"]["predictionUrl"]
    (first,) = pods(clean)
    predict(url)
    predict(url)
    assert until(lambda: messages(clean, first)[1:]) == [("d1", "A")]
    assert clean("exec", first, "-c", "model", "--", "ls", "-A", "/var/spool/bosun") == ""

    info = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B")}
    assert monitored("deployment_replace_model", info)["status"] == "passing"
    (second,) = pods(clean)
    assert (second != first, predict(url)) == (True, "B")
    assert until(lambda: messages(clean, second)) == [("d1", "B")]


def test_the_agent_reads_what_was_spooled_while_the_pod_drained(
    clean: Any, monitored: Any, package: Callable[..., str], predict: Callable[..., str], until: Callable[..., Any]
) -> None:
    """The agent ends after the model, with what came last in its hands."""
    monitored("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    (pod,) = clean.objects("pods")
    name, address = pod["metadata"]["name"], pod["status"]["podIP"]
    command = [clean.variables["BOSUN_TEST_K8S_KUBECTL"], "-n", clean.namespace, "logs", "-f", name]
    with subprocess.Popen(
        [*command, "-c", "monitoring-agent"], env=clean.variables, stdout=subprocess.PIPE, text=True
    ) as following:
        clean("delete", "pod", name, "--wait=false")
        until(lambda: "deletionTimestamp" in json.loads(clean("get", "pod", name, "-o", "json"))["metadata"])
        predict(f"http://{address}:8080/predictions")
        said, _ = following.communicate(timeout=60)
    assert '"modelId": "A"' in said


def test_the_token_is_in_the_secret_alone(clean: Any, monitored: Any, package: Callable[..., str]) -> None:
    told = [
        monitored("plugin_start"),
        monitored("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}),
        monitored("pe_status"),
    ]
    (pod,) = clean.objects("pods")
    name = pod["metadata"]["name"]
    assert TOKEN not in json.dumps([*told, *clean.objects(KINDS)]) + clean("logs", name, "--all-containers")
    (secret,) = clean.objects("secrets", "-l", "bosun.datarobot.com/schema=1")
    assert list(secret["data"]) == ["MLOPS_API_TOKEN"]
    assert TOKEN in clean("exec", name, "-c", "monitoring-agent", "--", "env")
    assert TOKEN not in clean("exec", name, "-c", "model", "--", "env")
    monitored("deployment_stop", {"id": "d1"})
    assert clean.objects("secrets", "-l", "bosun.datarobot.com/schema=1") == []


def test_a_replacement_that_fails_leaves_no_secret_that_was_not_there(
    clean: Any, act: Callable[..., Any], monitored: Any, package: Callable[..., str]
) -> None:
    act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    before = [one for one in clean.made() if not one.startswith("Pod/")]
    info = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B", crash_at_start=True)}
    status = monitored("deployment_replace_model", info)
    assert (status["status"], status["data"]["oldModelInUse"]) == ("failing", True)
    assert [one for one in clean.made() if not one.startswith("Pod/")] == before


MISSING = "missing is MLOPS_API_TOKEN (environment variable)"


def test_without_a_token_everything_else_works_and_each_action_that_makes_something_warns(
    clean: Any, act: Callable[..., Any], package: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLOPS_API_TOKEN", raising=False)
    more = {"agentImage": clean.variables["BOSUN_TEST_K8S_AGENT_IMAGE"], "plugin_config": CONFIG, "preStopSeconds": 0}
    start = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    replacement = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B")}
    for action, info in (
        ("plugin_start", None),
        ("deployment_start", start),
        ("deployment_start", start),  # nothing changes, and nothing is monitored still
        ("deployment_replace_model", replacement),
        ("deployment_relaunch", {"id": "d1"}),
    ):
        for dry_run in (True, False):
            status = act(action, info, dry_run=dry_run, **more)
            assert (status["status"], status["msg"].count(MISSING)) == ("warning", 1), (action, dry_run, status)
    assert act("deployment_status", {"id": "d1"}, **more)["status"] == "passing"  # it serves
    (pod,) = clean.objects("pods")
    assert "initContainers" not in pod["spec"]
