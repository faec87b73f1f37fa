"""The cluster that `make testbed-k8s` made, with a namespace for one module's tests."""

import json
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import pytest

ENFORCE = "pod-security.kubernetes.io/enforce"
CONTAINER = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}


@dataclass
class Cluster:
    """A cluster through kubectl, and the namespaces that one module's tests made."""

    variables: dict[str, str]
    namespace: str
    made: list[str] = field(default_factory=list)

    def __call__(self, *words: str, stdin: str = "", seconds: float = 60) -> str:
        """What `kubectl WORDS` prints."""
        kubectl = self.variables.get("BOSUN_TEST_K8S_KUBECTL", "kubectl")
        command = [kubectl, f"--namespace={self.namespace}", *words]
        ended = subprocess.run(
            command, input=stdin, capture_output=True, text=True, timeout=seconds, env=self.variables
        )
        assert ended.returncode == 0, f"{' '.join(command)}\n{ended.stderr}"
        return ended.stdout.strip()

    def apply(self, *objects: dict[str, Any]) -> None:
        whole = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self("apply", "--server-side", "--filename=-", stdin=json.dumps(whole))

    def get(self, *words: str) -> Any:
        return json.loads(self("get", "--output=json", *words))

    def beside(self, name: str, enforce: str) -> "Cluster":
        """Another namespace, removed with this one."""
        other = Cluster(self.variables, f"{self.namespace}-{name}", self.made)
        labels = {ENFORCE: enforce}
        metadata = {"name": other.namespace, "labels": labels}
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        self.made.append(other.namespace)
        return other

    def pod(self, name: str, image: str, *command: str, restricted: bool = True, **spec: Any) -> dict[str, Any]:
        """A pod that runs once."""
        container = {"name": "main", "image": image, "command": list(command)}
        if restricted:
            container["securityContext"] = CONTAINER
        whole = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": [container], **spec}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": whole}

    def deployment(self, name: str, variable: str, port: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """A Deployment of one pod that obeys `restricted`, and its Service."""
        labels = {"app": name}
        container = {
            "name": "main",
            "image": self.variables[variable],
            "ports": [{"containerPort": port}],
            "securityContext": CONTAINER,
        }
        template = {
            "metadata": {"labels": labels},
            "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]},
        }
        spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
        service = {"selector": labels, "ports": [{"port": port}]}
        return (
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec},
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": service},
        )

    def end_of(self, pod: str) -> str:
        """What a pod has printed, once it has ended well; "" before."""
        status = self.get(f"pod/{pod}")["status"]
        assert status["phase"] != "Failed", self("logs", pod)
        return self("logs", pod) if status["phase"] == "Succeeded" else ""

    def run_pod(self, name: str, variable: str, *command: str) -> str:
        """What a pod of the image that `variable` names has printed when it ended well."""
        self.apply(self.pod(name, self.variables[variable], *command))
        self("wait", "--for=jsonpath={.status.phase}=Succeeded", f"pod/{name}", "--timeout=60s", seconds=70)
        return self("logs", name)

    def waiting_reason(self, pod: str) -> str:
        """Why the pod's container does not run yet, as the kubelet says it."""
        states = self.get(f"pod/{pod}")["status"].get("containerStatuses", [])
        return states[0]["state"].get("waiting", {}).get("reason", "") if states else ""

    def status(self, url: str) -> int:
        """The status of the answer; 0 where nobody answers yet."""
        try:
            with build_opener(ProxyHandler({})).open(url, timeout=5) as answer:
                return int(answer.status)
        except HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest, k8s_variables: dict[str, str]) -> Iterator[Cluster]:
    """The cluster, with a namespace that enforces `restricted`; all that was made in it is removed afterwards."""
    everywhere = Cluster(k8s_variables, f"bosun-test-{uuid.uuid4().hex[:8]}")
    failed_before = request.session.testsfailed
    metadata = {"name": everywhere.namespace, "labels": {ENFORCE: "restricted"}}
    try:
        everywhere.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    except (AssertionError, OSError) as error:
        pytest.fail(f"the cluster does not answer, run `make testbed-k8s` again: {error}", pytrace=False)
    everywhere.made.append(everywhere.namespace)
    try:
        yield everywhere
        if request.session.testsfailed > failed_before:
            print(everywhere("get", "pods,events", "--output=wide"))
    finally:
        everywhere("delete", "namespace", "--wait=false", *everywhere.made)


@pytest.fixture
def kwok(cluster: Cluster, tmp_path: Path) -> Iterator[str]:
    """The name of a simulated node, which takes pods that tolerate it."""
    program = cluster.variables.get("BOSUN_TEST_K8S_KWOK", "kwok")
    label, name = f"kwok-of={cluster.namespace}", f"{cluster.namespace}-simulated"
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kwok-of": cluster.namespace}},
        "spec": {"taints": [{"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}]},
        "status": {"allocatable": {"cpu": "32", "memory": "256Gi", "pods": "1000"}},
    }
    with (tmp_path / "kwok.log").open("w") as log:
        simulating = subprocess.Popen(
            [program, f"--manage-nodes-with-label-selector={label}", "--node-lease-duration-seconds=40"],
            env=cluster.variables,
            stdout=log,
            stderr=log,
        )
    try:
        cluster.apply(node)
        yield name
    finally:
        cluster("delete", "pods", f"--field-selector=spec.nodeName={name}", "--wait=false")
        cluster("delete", f"node/{name}")
        simulating.terminate()
        simulating.wait(20)
        print((tmp_path / "kwok.log").read_text()[-2000:])
