"""An image of a 2 GiB package by `append`, against hashing the bytes and sending them once with curl."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from k8s_place import Place
from measure import Row, measure
from prediction_server.make_package import write_package

_SIZE = 2 * 1024**3
_IMAGE = """
import json, sys
import msgspec
from bosun_core.model import DeploymentInfo
from bosun_k8s import goals
from bosun_k8s.cluster.connection import Cluster
from bosun_k8s.environment import environment
from bosun_k8s.images import building
from bosun_k8s.cluster.resources import Objects
from bosun_k8s.settings import KubernetesSettings

settings = msgspec.convert(json.loads(sys.argv[1]), KubernetesSettings)
with Cluster(settings) as cluster:
    env = environment(settings, {}, cluster.namespace, dry_run=False)
    goal = goals.wanted(env, DeploymentInfo(json.loads(sys.argv[2])), "A", None)
    building.built(Objects(cluster, cluster.namespace), env, goal)
"""


def rows(place: Place) -> Iterator[Row]:
    """Measure time and memory of the image, without the node's pull."""
    package = write_package(place.installed.folder / "k8s-large.mlpkg", size=_SIZE)
    sent = min(_sent_by_curl(place, package, number) for number in range(2))
    info = json.dumps({"id": "large", "modelId": "A", "modelArtifact": str(package)})
    image = measure([place.installed.python, "-c", _IMAGE, json.dumps(place.settings()), info], 1)
    yield Row("sha256sum and one upload of 2 GiB with curl", sent, "s", None)
    yield Row("image of a 2 GiB package with append, times that", image.seconds / sent, "x", 1.3)
    yield Row("image of a 2 GiB package with append, memory", image.memory / 1e6, "MB", 80.0)
    package.unlink()


def _sent_by_curl(place: Place, package: Path, number: int) -> float:
    """Return how long it takes to hash the package and to send it to the same registry in one request."""
    began = time.perf_counter()
    digest = _said("sha256sum", package).split()[0]
    root = f"http://{place.variables['BOSUN_TEST_K8S_REGISTRY']}"
    repository = f"{root}/v2/{place.namespace}/floor-{number}/blobs/uploads/"
    headers = _said("curl", "--silent", "--fail", "--include", "--request", "POST", repository)
    location = next(line.split()[1] for line in headers.splitlines() if line.lower().startswith("location:"))
    url = f"{location if '://' in location else root + location}&digest=sha256:{digest}"
    _said(
        *("curl", "--silent", "--fail", "--show-error", "--request", "PUT", "--upload-file", package),
        *("--header", "Content-Type: application/octet-stream", url),
    )
    return time.perf_counter() - began


def _said(*words: str | Path) -> str:
    return subprocess.run([*map(str, words)], capture_output=True, text=True, check=True).stdout
