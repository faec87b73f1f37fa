"""An API server that is busy, forgetful or away for a moment: handled, bounded, told.

A proxy before the real one makes the faults that the real one will not.
"""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from fault_proxy import Faults, before

pytestmark = pytest.mark.k8s
Act = Callable[..., dict[str, Any]]


@pytest.fixture
def faults(clean: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    """The faults of a proxy that the plugin's kubeconfig leads to."""
    with before(clean.kubeconfig) as (made, kubeconfig):
        (tmp_path / "faulty").write_text(yaml.safe_dump(kubeconfig))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "faulty"))
        yield made


@pytest.mark.parametrize(
    "fault", [{"busy": 2}, {"expired_watches": 4}, {"cut_watches": 4}], ids=lambda one: next(iter(one))
)
def test_a_replacement_goes_on_over_a_fault(
    clean: Any,
    faults: Faults,
    act: Act,
    package: Callable[..., str],
    predict: Callable[..., str],
    fault: dict[str, int],
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A", load_seconds=1)}
    url = act("deployment_start", info)["data"]["predictionUrl"]
    for name, number in fault.items():
        setattr(faults, name, number)
    new = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B", load_seconds=1)}
    status = act("deployment_replace_model", new, preStopSeconds=1)
    print(faults.happened)
    assert len(faults.happened) == sum(fault.values())
    assert (status["status"], predict(url)) == ("passing", "B")


def test_a_pod_that_is_not_ready_for_a_moment_is_waited_for(
    clean: Any, faults: Faults, act: Act, package: Callable[..., str], until: Callable[..., Any]
) -> None:
    faults.unready_pods = 2

    def change() -> None:
        until(lambda: not faults.unready_pods)
        clean("annotate", "pods", "--all", "a-change=of-the-pod")  # what the kubelet's own change brings: an event

    changing = threading.Thread(target=change)
    changing.start()
    status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, routeLimit=120)
    changing.join()
    assert (status["status"], faults.happened) == ("passing", ["unready_pods"] * 2)


def test_a_pod_that_stays_not_ready_is_told_after_the_limit(
    clean: Any, faults: Faults, act: Act, package: Callable[..., str]
) -> None:
    faults.unready_pods = 2
    status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, routeLimit=2)
    assert (status["status"], faults.happened) == ("failing", ["unready_pods"] * 2)
    assert "none of its pods is ready" in status["msg"]


def test_an_answer_that_is_lost_after_the_change_was_made_is_no_failure(
    clean: Any, faults: Faults, act: Act, package: Callable[..., str], predict: Callable[[str], str]
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    act("deployment_start", info, preStopSeconds=1)
    new = {**info, "newModelId": "B", "modelArtifact": package("B")}
    faults.loses_answers = True
    status = act("deployment_replace_model", new, preStopSeconds=1)
    print("\n".join(faults.happened))
    assert (status["status"], predict(f"{clean.url}/d1/predictions")) == ("passing", "B")
    stopped = act("deployment_stop", {"id": "d1"}, preStopSeconds=1)
    assert (stopped["state"], clean.made()) == ("stopped", [])
    assert {one.partition(" ")[0] for one in faults.happened} == {"POST", "PATCH", "DELETE"}


def test_a_server_that_stays_too_busy_is_told_after_the_limit(clean: Any, faults: Faults, act: Act) -> None:
    faults.busy = 1000
    status = act("deployment_list", apiLimit=2)
    assert status["status"] == "failing"
    assert "cannot list services in namespace" in status["msg"]
    assert "the API server is too busy and stayed so for apiLimit" in status["msg"]
    assert len(faults.happened) < 5


def test_a_forgotten_page_begins_the_list_anew(
    clean: Any, faults: Faults, act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bosun_k8s.cluster.resources.PAGE", 2)
    labels = {"bosun.datarobot.com/schema": "1", "bosun.datarobot.com/env": "e"}
    names = [f"d{number}" for number in range(5)]
    for name in names:
        told = {"bosun.datarobot.com/env": "e", "bosun.datarobot.com/deployment": name}
        about = {"name": f"bosun-{name}", "labels": labels, "annotations": told}
        ports = [{"port": 80, "name": "http"}]
        clean.apply({"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": {"ports": ports}})
    faults.expired_pages = 2
    status = act("deployment_list", environmentId="e")
    assert (sorted(status["data"]), faults.happened) == (names, ["expired_pages"] * 2)


def test_a_credential_that_has_expired_is_told(clean: Any, act: Act, tmp_path: Path, monkeypatch: Any) -> None:
    document = yaml.safe_load(clean.kubeconfig.read_text())
    document["users"][0]["user"]["token"] = "expired-token-of-a-test"
    (tmp_path / "expired").write_text(json.dumps(document))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "expired"))
    status = act("deployment_list")
    assert status["status"] == "failing"
    assert "the API server does not take these credentials; renew them" in status["msg"]
    assert "expired-token-of-a-test" not in json.dumps(status)


def test_a_right_that_is_missing_is_named(clean: Any, act: Act) -> None:
    role = clean.objects("roles")[0]
    fewer = {**role, "rules": [one for one in role["rules"] if one["resources"] != ["leases"]]}
    clean("replace", "-f", "-", given=json.dumps(fewer))
    try:
        start, seen = act("plugin_start"), act("pe_status")
    finally:
        clean("apply", "-f", Path(__file__).parents[2] / "bosun_k8s/deploy/role.yaml")
    assert "this user may not create leases.coordination.k8s.io, delete leases" in start["msg"]
    assert (start["status"], seen["status"]) == ("failing", "failing")


def test_a_field_of_somebody_else_is_a_conflict_that_is_told_and_left(
    clean: Any, act: Act, package: Callable[..., str]
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    act("deployment_start", info)
    name = clean.service_of("d1")["metadata"]["name"]
    change = json.dumps({"spec": {"ports": [{"name": "http", "port": 80, "targetPort": 9999}]}})
    clean("patch", "service", name, "--type=merge", "--field-manager=somebody", "-p", change)
    new = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B")}
    status = act("deployment_replace_model", new)
    assert "somebody else has set this field" in status["msg"]
    assert (status["status"], status["data"]["oldModelInUse"]) == ("failing", True)
    assert clean.service_of("d1")["spec"]["ports"][0]["targetPort"] == 9999
    assert act("deployment_replace_model", new, forceConflicts=True)["status"] == "passing"
