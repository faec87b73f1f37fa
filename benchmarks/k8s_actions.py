"""The Kubernetes plugin's actions, against `kubectl apply` of the same objects with the image already built."""

from __future__ import annotations

import itertools
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from bosun_core.model import DeploymentInfo
from bosun_k8s.cluster.connection import Cluster
from bosun_k8s.cluster.resources import Objects
from bosun_k8s.environment import environment
from bosun_k8s.images import building
from bosun_k8s.settings import KubernetesSettings
from k8s_place import Place
from measure import Row, measure
from prediction_server.make_package import write_package

from bosun_k8s import goals

_RUNS = 9
_TICK = 1.0
"""How often, in seconds, the kubelet looks: what begins right after another's end meets it in one phase always.

So each begins at a random moment of it, and medians are compared: by luck alone one run takes 1 s longer than another.
"""
_KINDS = "deployments,services,httproutes"
_SET_BY_THE_CLUSTER = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
_ADDRESSES = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")
_PRE_STOP = 5.0
_LIMIT = "300s"


def rows(place: Place) -> Iterator[Row]:
    """Measure a start and a replacement of 5 MB with `append` and with kaniko; and the image alone."""
    packages = (_package(place, number) for number in itertools.count())
    floor = _floor(place, next(packages))
    yield Row("kubectl apply of the same objects until the rollout is done", floor, "s", None)
    appended = _actions(place, packages, {})
    yield Row("Kubernetes deployment_start of 5 MB, image included, times that", appended[0] / floor, "x", 1.6)
    replace = (appended[1] - _PRE_STOP) / floor
    yield Row(f"Kubernetes replace of 5 MB less the preStop of {_PRE_STOP:g} s, times that", replace, "x", 1.6)
    kaniko = {"imageBuilder": "kaniko", "kanikoImage": place.variables["BOSUN_TEST_K8S_KANIKO_IMAGE"]}
    built = _actions(place, packages, kaniko, runs=2)
    yield Row("Kubernetes deployment_start of 5 MB with kaniko", built[0], "s", None)
    yield Row("Kubernetes deployment_start of 5 MB with append", appended[0], "s", None)
    yield Row("Kubernetes replace of 5 MB with kaniko", built[1], "s", None)
    yield Row("Kubernetes replace of 5 MB with append", appended[1], "s", None)
    steps = [_image_step(place, packages, settings) for settings in ({}, kaniko)]
    yield Row("image of 5 MB with append, from the package to a digest", steps[0], "s", None)
    yield Row("the same, times that with kaniko", steps[0] / steps[1], "x", 0.3)


def _package(place: Place, number: int) -> Path:
    """Return a package of its own for each action, as an image that is there is not made again."""
    path = place.installed.folder / f"k8s-{number}.mlpkg"
    return write_package(path, seed=number, size=5_000_000, faults={"load_seconds": 1})


def _info(package: Path, model: str = "A", **more: Any) -> dict[str, Any]:
    return {"id": "d1", "modelId": model, "modelArtifact": str(package), **more}


def _floor(place: Place, package: Path) -> float:
    """Return how long kubectl takes to bring what a start makes into service; its image is on the node already."""
    measure(place.runner("deployment_start", _info(package)), 1)
    documents = [_as_written(one) for one in place.objects(_KINDS)]
    name = next(one["metadata"]["name"] for one in documents if one["kind"] == "Deployment")
    _stop(place)
    given = json.dumps({"apiVersion": "v1", "kind": "List", "items": documents})
    took = []
    for _ in range(_RUNS):
        _some_time()
        began = time.perf_counter()
        place.kubectl("apply", "-f", "-", given=given)
        place.kubectl("rollout", "status", f"deployment/{name}", f"--timeout={_LIMIT}")
        took.append(time.perf_counter() - began)
        place.kubectl("delete", "-f", "-", "--wait", given=given)
        place.kubectl("wait", "pods", "--all", "--for=delete", f"--timeout={_LIMIT}")
    return median(took)


def _as_written(document: dict[str, Any]) -> dict[str, Any]:
    about = {key: value for key, value in document["metadata"].items() if key not in _SET_BY_THE_CLUSTER}
    spec = {key: value for key, value in document["spec"].items() if key not in _ADDRESSES}
    return {**document, "metadata": about, "spec": spec, "status": None}


def _stop(place: Place) -> None:
    measure(place.runner("deployment_stop", {"id": "d1"}), 1)


def _actions(
    place: Place, packages: Iterator[Path], settings: dict[str, Any], runs: int = _RUNS
) -> tuple[float, float]:
    """Return how long a start and a replacement take, each with an image that has to be made."""
    starts, replacements = [], []
    for _ in range(runs):
        starts.append(_seconds(place.runner("deployment_start", _info(next(packages)), **settings)))
        info = _info(next(packages), newModelId="B")
        replacements.append(_seconds(place.runner("deployment_replace_model", info, **settings)))
        _stop(place)
    return median(starts), median(replacements)


def _seconds(command: list[str | Path]) -> float:
    _some_time()
    return measure(command, 1).seconds


def _some_time() -> None:
    time.sleep(random.uniform(0.0, _TICK))


def _image_step(place: Place, packages: Iterator[Path], given: dict[str, Any]) -> float:
    """Return how long the image alone takes, in this process."""
    settings = msgspec.convert(place.settings() | given, KubernetesSettings)
    with Cluster(settings) as cluster:
        env = environment(settings, {}, cluster.namespace, dry_run=False)
        objects = Objects(cluster, cluster.namespace)
        took = []
        for package in itertools.islice(packages, 3):
            info = DeploymentInfo(_info(package))
            began = time.perf_counter()
            building.built(objects, env, goals.wanted(env, info, "A", None))
            took.append(time.perf_counter() - began)
    return median(took)
