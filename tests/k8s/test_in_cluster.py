"""Inside the cluster: an image of runner and plugin, made by deploy/Dockerfile, acts with the shipped rights alone."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(400)]

DEPLOY = Path(__file__).parents[2] / "bosun_k8s" / "deploy"
CHART = DEPLOY / "chart"
PRIVATE = "/tmp/plugin.k8s.conf.yaml"
CONFINED = {
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


@pytest.fixture(scope="module")
def image(place: Any, local_index: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The image, built by kaniko of wheels of this checkout."""
    given = place.variables.get("BOSUN_TEST_K8S_RUNNER_IMAGE")
    if given:
        return str(given)
    began = time.monotonic()
    wheels = tmp_path_factory.mktemp("wheels")
    for name in ("bosun_core", "bosun_k8s"):
        local_index.build(local_index.ROOT / name, wheels)
    host = urlsplit(place.variables["BOSUN_TEST_K8S_GATEWAY_URL"]).hostname  # this machine, as pods see it
    with local_index.running(wheels, local_index.third_party(), host=host) as index:
        made = build(place, f"{index.url}simple/", host)
    print(f"the image of runner and plugin was there after {time.monotonic() - began:.1f} s")
    return made


def build(place: Any, index: str, host: str) -> str:
    """Run kaniko in a namespace that lets it in; return the image's name."""
    name, namespace = f"{place.registry}/{place.namespace}/runner:1", f"{place.namespace}-image"
    arguments = [
        "--context=dir:///workspace",
        "--snapshot-mode=redo",
        f"--destination={name}",
        f"--build-arg=BASE={place.variables['BOSUN_TEST_K8S_PYTHON_IMAGE']}",
        f"--build-arg=PIP_INDEX_URL={index}",
        f"--build-arg=PIP_TRUSTED_HOST={host}",
    ]
    kaniko = {
        "name": "kaniko",
        "image": place.variables["BOSUN_TEST_K8S_KANIKO_IMAGE"],
        "args": arguments,
        "volumeMounts": [{"name": "context", "mountPath": "/workspace"}],
    }
    volume = {"name": "context", "configMap": {"name": "context"}}
    spec = {"restartPolicy": "Never", "containers": [kaniko], "volumes": [volume]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "kaniko"}, "spec": spec}
    place("create", "namespace", namespace)
    try:
        place("create", "configmap", "context", "-n", namespace, f"--from-file={DEPLOY / 'Dockerfile'}")
        place("apply", "-n", namespace, "-f", "-", given=json.dumps(pod))
        done = "--for=jsonpath={.status.phase}=Succeeded"
        place("wait", done, "pod/kaniko", "-n", namespace, "--timeout=240s", check=False, seconds=250)
        (built,) = place.objects("pods", "-n", namespace)
        assert built["status"]["phase"] == "Succeeded", place("logs", "kaniko", "-n", namespace)
    finally:
        place("delete", "namespace", namespace, "--wait=false")
    return name


class Runner:
    """The runner in a pod: kubectl brings it files, runs it and reads what it prints."""

    def __init__(self, place: Any, pod: str, private: str) -> None:
        self._place = place
        self._pod = pod
        self._private = private

    def copied(self, path: str) -> str:
        """Copy a file into the pod, and return its path there."""
        there = f"/tmp/{Path(path).name}"
        self._place("cp", path, f"{self._pod}:{there}")
        return there

    def write(self, path: str, content: Any) -> None:
        self._place("exec", "-i", self._pod, "--", "sh", "-c", f"cat > {path}", given=yaml.safe_dump(content))

    def __call__(self, action: str, info: Any = None, pe: Any = None) -> dict[str, Any]:
        self.write("/tmp/action.yaml", {"deploymentInfo": info, "peInfo": pe})
        options = ["--plugin", "k8s", "--private-config", self._private, "--config", "/tmp/action.yaml"]
        command = ["bosun-plugin-runner", *options, "--action", action, "--json"]
        told = self._place("exec", self._pod, "--", *command)
        print(action, "->", told)
        status: dict[str, Any] = json.loads(told)
        return status


def settings(place: Any) -> dict[str, Any]:
    """A private configuration for a pod: neither context nor namespace."""
    return place.settings(kubeConfigContext=None)  # type: ignore[no-any-return]


def test_the_runner_in_a_pod_with_the_shipped_role_and_nothing_else(
    clean: Any, image: str, package: Callable[..., str], predict: Callable[..., str]
) -> None:
    container = {"name": "runner", "image": image, "command": ["sleep", "600"], "securityContext": CONFINED}
    spec = {"serviceAccountName": "bosun", "terminationGracePeriodSeconds": 0, "containers": [container]}
    clean.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "runner"}, "spec": spec})
    clean("wait", "--for=condition=Ready", "pod/runner", "--timeout=60s")
    runner = Runner(clean, "runner", PRIVATE)
    runner.write(PRIVATE, settings(clean))
    try:
        assert runner("plugin_start")["status"] == "passing"
        artifact = runner.copied(package("A"))
        started = runner("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": artifact})
        assert (started["status"], predict(started["data"]["predictionUrl"])) == ("passing", "A")
        seen = runner("pe_status", pe={"deployments": ["d1"]})
        assert (seen["status"], seen["data"]["deploymentsStatus"]["d1"]["status"]) == ("passing", "passing")
        assert runner("deployment_stop", {"id": "d1"})["state"] == "stopped"
    finally:
        clean("delete", "pod", "runner")
    assert clean.made() == []


@pytest.fixture
def helm(place: Any) -> Callable[..., str]:
    """Runs helm as the cluster's administrator and returns what it prints."""
    program = place.variables.get("BOSUN_TEST_K8S_HELM") or shutil.which("helm")
    assert program is not None, "helm is not there; name it in BOSUN_TEST_K8S_HELM, or run `make testbed-k8s` again"

    def run(*words: str | Path) -> str:
        command = [program, "--namespace", place.namespace, *map(str, words)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120, env=place.variables)
        assert ended.returncode == 0, f"{' '.join(command)}\n{ended.stdout}{ended.stderr}"
        return ended.stdout

    return run


def test_the_chart_is_installed_and_the_agent_in_it_starts_a_deployment(
    clean: Any,
    image: str,
    helm: Callable[..., str],
    package: Callable[..., str],
    predict: Callable[..., str],
    tmp_path: Path,
) -> None:
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump({"image": image, "privateConfiguration": settings(clean), "clusterRole": True}))
    assert "0 chart(s) failed" in helm("lint", "--strict", CHART, "-f", values)
    assert "0 chart(s) failed" in helm("lint", "--strict", CHART)
    helm("install", "agent", CHART, "-f", values, "--wait", "--timeout", "60s")
    try:
        (agent,) = clean.objects("pods", "-l", "app.kubernetes.io/instance=agent")
        runner = Runner(clean, agent["metadata"]["name"], "/etc/bosun/plugin.k8s.conf.yaml")
        assert runner("plugin_start")["status"] == "passing"
        artifact = runner.copied(package("A"))
        started = runner("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": artifact})
        url = started["data"]["predictionUrl"]
        assert (started["status"], predict(url)) == ("passing", "A")
    finally:
        helm("uninstall", "agent", "--wait", "--timeout", "60s")
    assert predict(url) == "A"  # what it started serves on


def test_the_kustomize_base_gives_its_service_account_the_rights_that_are_checked(clean: Any, act: Any) -> None:
    clean("apply", "--server-side", "--force-conflicts", "-k", DEPLOY)
    assert act("plugin_start")["status"] == "passing"
    account = f"--as=system:serviceaccount:{clean.namespace}:bosun"
    more = {
        (verb, what): clean("auth", "can-i", verb, what, account, check=False)
        for verb, what in (("list", "secrets"), ("create", "pods/exec"), ("patch", "roles"), ("get", "configmaps"))
    }
    assert more == dict.fromkeys(more, "no")


def test_the_chart_grants_kanikos_rights_where_it_builds(clean: Any, helm: Callable[..., str], act: Any) -> None:
    """Rendered by helm and applied by kubectl: the plugin, as the chart's service account, misses nothing."""
    builds = f"{clean.namespace}-builds"
    own = {"kanikoNamespace": builds, "kanikoImage": clean.variables["BOSUN_TEST_K8S_KANIKO_IMAGE"]}
    clean("create", "namespace", builds)
    try:
        sets = [f"--set=privateConfiguration.kanikoNamespace={builds}", "--set=kaniko=true"]
        # The name of the release is that of the service account under which the tests act.
        rendered = helm("template", "bosun", CHART, *sets, "--show-only", "templates/rights.yaml")
        for document in yaml.safe_load_all(rendered):
            where = document["metadata"].get("namespace", clean.namespace)
            options = ("--server-side", "--force-conflicts", "-n", where, "-f", "-")
            clean("apply", *options, given=yaml.safe_dump(document))
        assert act("plugin_start", **own)["status"] == "passing"
    finally:
        clean("delete", "namespace", builds, "--wait=false")
