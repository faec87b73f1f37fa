"""The Kubernetes plugin's looks: cold, against the client's import; of thousands of deployments, against kubectl."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from k8s_place import Place
from kubernetes import client, config  # noqa: TID251  # the benchmark makes thousands of objects
from measure import Row, measure, measure_in_turn
from prediction_server.make_package import write_package

from bosun_k8s import names

_RUNS = 15
_IMPORT = """
from kubernetes import config
from kubernetes.client import Configuration
from kubernetes.client.rest import RESTClientObject
"""
_NUMBERS = (500, 2_750, 5_000)  # two growths of one size
_MANY = _NUMBERS[-1]
_AT_ONCE = 8
_LIMIT_SECONDS = 900
_NODE_TAINT = "kwok.x-k8s.io/node"


def rows(place: Place) -> Iterator[Row]:
    """Measure the status of one deployment and of the environment, then lists of 500 to 5,000 deployments."""
    package = write_package(place.installed.folder / "k8s-small.mlpkg")
    info = {"id": "d0", "modelId": "A", "modelArtifact": str(package)}
    measure(place.runner("deployment_start", info), 1)
    baseline: list[str | Path] = [place.installed.python, "-c", _IMPORT]
    looks = [place.runner("deployment_status", info), place.runner("pe_status")]
    imported, status, pe_status = measure_in_turn([baseline, *looks], _RUNS)
    yield Row("import the Kubernetes client's configuration and transport", imported.seconds * 1000, "ms", None)
    yield Row("Kubernetes deployment_status, times that import", status.seconds / imported.seconds, "x", 1.4)
    yield Row("Kubernetes pe_status, times that import", pe_status.seconds / imported.seconds, "x", 1.4)
    with _simulated_node(place):
        yield from _scale(place, baseline)


def _scale(place: Place, fixed: list[str | Path]) -> Iterator[Row]:
    """Measure lists as deployments grow; what any look costs is in none of the growths.

    Their processor time has to stay flat, by that of the `fixed` command in the same minutes: the whole time grows
    with that of a control plane that shares the machine with thousands of simulated pods, as kubectl's does.
    """
    actions = ("deployment_list", "pe_status")
    computed: dict[str, list[float]] = {action: [] for action in actions}
    kubectl: list[str | Path] = [*place.kubectl_words(), "get", "deployments", "-o", "json"]
    commands = [fixed, kubectl, *(place.runner(action) for action in actions)]
    there = 1
    for number in _NUMBERS:
        _make(place, range(there, number))
        there = number
        # As often for all: the fastest of more runs is faster.
        imported, baseline, *looks = measure_in_turn(commands, _RUNS)
        yield Row(f"kubectl get deployments -o json of {number:,}", baseline.seconds, "s", None)
        for action, look in zip(actions, looks, strict=True):
            computed[action].append(look.computed / imported.computed)
            mark = 0.5 if number == _MANY else None
            times = look.seconds / baseline.seconds
            yield Row(f"Kubernetes {action} of {number:,}, times that kubectl", times, "x", mark)
            yield Row(f"Kubernetes {action} of {number:,}, memory", look.memory / 1e6, "MB", 100.0)
    few, some, many = _NUMBERS
    growth = f"of one from {some:,} to {many:,}, times that from {few:,} to {some:,}"
    for action, (first, second, third) in computed.items():
        yield Row(f"Kubernetes {action}, processor time {growth}", (third - second) / (second - first), "x", 1.2)


@contextmanager
def _simulated_node(place: Place) -> Iterator[None]:
    """Have a node that says of each pod on it that it runs."""
    node = f"{place.namespace}-simulated"
    document = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": node, "labels": {"simulated": place.namespace}},
        "spec": {"taints": [{"key": _NODE_TAINT, "value": "fake", "effect": "NoSchedule"}]},
        "status": {"allocatable": {"cpu": "10000", "memory": "100Ti", "pods": str(2 * _MANY)}},
    }
    program = place.variables["BOSUN_TEST_K8S_KWOK"]
    command = [program, f"--manage-nodes-with-label-selector=simulated={place.namespace}"]
    simulating = subprocess.Popen(
        [*command, "--node-lease-duration-seconds=40"],
        env=place.variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        place.kubectl("apply", "-f", "-", given=json.dumps(document))
        yield
    finally:
        place.kubectl("delete", "deployments,services", "--all", "--wait=false")
        place.kubectl("wait", "pods", "--all", "--for=delete", f"--timeout={_LIMIT_SECONDS}s")
        place.kubectl("delete", "node", node)
        simulating.terminate()
        simulating.wait(20)


def _make(place: Place, numbers: range) -> None:
    """Make deployments like the first, with pods on the simulated node, and wait until all are ready."""
    config.load_kube_config(place.variables["KUBECONFIG"])
    apps, core = client.AppsV1Api(), client.CoreV1Api()
    (workload,), (service,) = (
        [one for one in place.objects(kind) if one["metadata"]["annotations"][names.DEPLOYMENT] == "d0"]
        for kind in ("deployments", "services")
    )
    env_id = workload["metadata"]["annotations"][names.ENVIRONMENT]

    def make(number: int) -> None:
        own = f"d{number}"
        apps.create_namespaced_deployment(place.namespace, _on_the_node(_renamed(workload, env_id, own), place))
        core.create_namespaced_service(place.namespace, _renamed(service, env_id, own))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(make, numbers))
    _wait_until_ready(apps, place, numbers.stop)


def _wait_until_ready(apps: client.AppsV1Api, place: Place, expected: int) -> None:
    """Wait until so many deployments are there, each ready: by lists, since `kubectl wait` asks for each by itself."""
    deadline = time.monotonic() + _LIMIT_SECONDS
    ready = -1
    while ready < expected:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{ready} of {expected} deployments are ready after {_LIMIT_SECONDS} s")
        time.sleep(10)  # each list of thousands is a second of the API server
        answer = apps.list_namespaced_deployment(place.namespace, _preload_content=False)
        found = msgspec.json.decode(answer.data, type=_Deployments).items
        ready = sum(one.status.ready_replicas for one in found)


class _Status(msgspec.Struct, rename="camel"):
    ready_replicas: int = 0


class _Deployment(msgspec.Struct):
    status: _Status


class _Deployments(msgspec.Struct):
    items: list[_Deployment]


def _renamed(document: dict[str, Any], env_id: str, deployment_id: str) -> dict[str, Any]:
    """Return the document as the plugin would have made it for another deployment, without what the cluster adds."""
    kept = {
        "apiVersion": document["apiVersion"],
        "kind": document["kind"],
        "metadata": {key: document["metadata"][key] for key in ("name", "labels", "annotations")},
        "spec": {key: value for key, value in document["spec"].items() if not key.startswith("clusterIP")},
    }
    text = json.dumps(kept)
    text = text.replace(names.object_name(env_id, "d0"), names.object_name(env_id, deployment_id))
    found: dict[str, Any] = json.loads(text.replace('"d0"', json.dumps(deployment_id)))
    return found


def _on_the_node(workload: dict[str, Any], place: Place) -> dict[str, Any]:
    pod = workload["spec"]["template"]["spec"]
    pod["nodeSelector"] = {"simulated": place.namespace}
    pod["tolerations"] = [{"key": _NODE_TAINT, "operator": "Exists"}]
    return workload
