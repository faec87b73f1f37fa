"""What is told of an API server that answers wrongly, or not at all."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from acting import Act, acting
from bosun_core.errors import EnvironmentFailure, Interruption
from bosun_k8s.cluster import connection as cluster
from bosun_k8s.cluster import kubeconfig
from bosun_k8s.settings import KubernetesSettings
from k8s_goals import NEEDED
from stub_api import answering, silent, write_kubeconfig

from bosun_k8s import names


@pytest.fixture
def leading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Act]:
    """Makes what runs actions with a kubeconfig that leads to a server."""

    def lead(server: str) -> Act:
        monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path / "kubeconfig", server)))
        return acting("k8s", lambda **more: {**NEEDED, "kubeConfigContext": "bosun", **more}, tmp_path)

    return lead


@pytest.mark.parametrize("action", ["plugin_start", "deployment_list", "deployment_status"])
@pytest.mark.parametrize("content", [b"<html>welcome</html>", b'"welcome"'])
def test_a_server_that_is_no_api_server_is_told(leading: Callable[[str], Act], action: str, content: bytes) -> None:
    with answering(lambda *_asked: (200, content)) as server:
        status: dict[str, Any] = leading(server)(action, {"id": "d1", "modelId": "A"})
    assert status["status"] == "failing"
    assert status["msg"] == (
        f"{server} answers with no document of Kubernetes; correct the kubeconfig's server, or what stands before it"
    )


def test_a_server_that_never_answers_is_told_within_the_limit(
    leading: Callable[[str], Act], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bosun_k8s.cluster.connection._WEBHOOK_SECONDS", 0.5)
    (tmp_path / "A.mlpkg").write_bytes(b"package")
    with silent() as server:
        info = {"id": "d1", "modelId": "A", "modelArtifact": str(tmp_path / "A.mlpkg")}
        status = leading(server)("deployment_start", info, apiLimit=0.5)
    assert status["msg"] == (
        f"the API server {server} cannot be asked: it does not answer; see that the cluster runs and that this machine "
        "reaches it"
    )
    assert (status["status"], status["state"]) == ("failing", "errored")
    assert status["duration"] < 1 + cluster._SHORT_SECONDS + 2


def test_a_connection_to_a_pod_that_is_never_answered_is_told_within_the_limit(
    leading: Callable[[str], Act], settings: Callable[..., KubernetesSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bosun_k8s.cluster.connection._WEBHOOK_SECONDS", 0.1)
    with silent() as server:
        leading(server)
        made = cluster.Cluster(settings(kubeConfigContext="bosun", apiLimit=0.1))
        with pytest.raises(EnvironmentFailure, match="does not answer; see that the cluster runs"):
            made.attached("/api/v1/namespaces/models/pods/p/attach", [])


def test_a_connection_to_a_pod_that_is_refused_says_what_to_do(
    leading: Callable[[str], Act], settings: Callable[..., KubernetesSettings]
) -> None:
    said = b'{"message": "pods \\"p\\" is forbidden: User \\"u\\" cannot create resource \\"pods/attach\\""}'
    with answering(lambda *_asked: (403, said)) as server:
        leading(server)
        made = cluster.Cluster(settings(kubeConfigContext="bosun"))
        with pytest.raises(EnvironmentFailure) as raised:
            made.attached("/api/v1/namespaces/models/pods/p/attach", [])
    assert str(raised.value) == (
        'cannot attach to p: this user may not; grant it with deploy/role.yaml (the API server says: pods "p" is '
        'forbidden: User "u" cannot create resource "pods/attach")'
    )


def test_a_signal_while_the_kubeconfig_is_read_tells_the_model_that_serves(
    leading: Callable[[str], Act], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, ended = kubeconfig.login, []

    def interrupted(file: str, context: str) -> Any:
        if not ended:
            ended.append(True)
            raise Interruption("SIGTERM")
        return read(file, context)

    def served(_method: str, path: str, _credentials: str) -> tuple[int, bytes]:
        told = {"name": "d1", "annotations": {names.MODEL: "A"}}
        service = {"metadata": told, "spec": {"selector": {names.GENERATION: "1"}}}
        pod = {"metadata": {"name": "d1-1", "labels": {names.GENERATION: "1"}}}
        document = service if "/services/" in path else {"metadata": {}, "items": [pod] if "/pods" in path else []}
        return 200, json.dumps(document).encode()

    monkeypatch.setattr(kubeconfig, "login", interrupted)
    (tmp_path / "B.mlpkg").write_bytes(b"package")
    info = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": str(tmp_path / "B.mlpkg")}
    with answering(served) as server:
        status = leading(server)("deployment_replace_model", info)
    assert (status["status"], status["data"]) == ("failing", {"oldModelInUse": True, "currentModelId": "A"})


def test_a_credential_that_expires_is_read_anew(leading: Callable[[str], Act], tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"

    def expiring(_method: str, _path: str, credentials: str) -> tuple[int, bytes]:
        if credentials != "Bearer a-token-of-today":
            kubeconfig.write_text(kubeconfig.read_text().replace("token-of-a-test", "a-token-of-today"))
            return 401, b"{}"
        return 200, b'{"metadata": {}, "items": []}'

    with answering(expiring) as server:
        status = leading(server)("deployment_list")
    assert (status["status"], status["data"]) == ("passing", {})


def test_a_list_whose_beginning_is_forgotten_goes_on_in_the_state_of_now(leading: Callable[[str], Act]) -> None:
    def page(name: str, more: str) -> tuple[int, bytes]:
        told = {names.DEPLOYMENT: name, names.ENVIRONMENT: "e"}
        about = {"name": name, "annotations": told}
        service = {"metadata": about, "spec": {"selector": {names.GENERATION: "1"}}}
        return 200, json.dumps({"metadata": {"continue": more}, "items": [service]}).encode()

    def forgetful(_method: str, path: str, _credentials: str) -> tuple[int, bytes]:
        if "/services" not in path:
            return 200, b'{"metadata": {}, "items": []}'
        if "continue=old" in path:
            return 410, json.dumps({"message": "too old", "metadata": {"continue": "of-now"}}).encode()
        return page("d2", "") if "continue=of-now" in path else page("d1", "old")

    with answering(forgetful) as server:
        status = leading(server)("deployment_list", environmentId="e")
    assert sorted(status["data"]) == ["d1", "d2"]


def test_a_program_of_the_kubeconfig_that_does_not_end_is_told_within_the_limit(
    leading: Callable[[str], Act], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bosun_k8s.cluster.connection._WEBHOOK_SECONDS", 0.1)
    act = leading("https://127.0.0.1:9")
    document = yaml.safe_load((tmp_path / "kubeconfig").read_text())
    program = {"apiVersion": "client.authentication.k8s.io/v1", "command": "sleep", "args": ["5"]}
    document["users"][0]["user"] = {"exec": {**program, "interactiveMode": "Never"}}
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(document))
    status = act("deployment_list", apiLimit=0.4)
    assert status["msg"] == (
        f"the program that the kubeconfig {tmp_path}/kubeconfig names for its user does not end; run it by hand"
    )
