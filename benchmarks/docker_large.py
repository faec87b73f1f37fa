"""A package of 2 GiB, against `docker cp` into a container and `docker commit` of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from docker_place import Place
from measure import Row, measure
from prediction_server.make_package import write_package

_SIZE = 2 * 1024**3
_NAME = "/opt/ml/model/model.mlpkg"


def rows(place: Place) -> Iterator[Row]:
    """Measure memory and time of a start."""
    package = write_package(place.installed.folder / "docker-large.mlpkg", size=_SIZE)
    copied = _copied(place, package)
    measure(place.runner("plugin_start"), 1)
    info = {"id": "large", "modelId": "A", "modelArtifact": str(package)}
    start = measure(place.runner("deployment_start", info), 1)
    yield Row("docker cp and docker commit of 2 GiB", copied, "s", None)
    yield Row("Docker deployment_start of 2 GiB, times that", start.seconds / copied, "x", 1.5)
    yield Row("Docker deployment_start of 2 GiB, memory", start.memory / 1e6, "MB", 80.0)
    place.clear()
    package.unlink()


def _copied(place: Place, package: Path) -> float:
    """Return how long the engine needs for an image with the package, by its own means."""
    name = f"{place.prefix}floor"
    began = time.perf_counter()
    place.docker("create", "--name", name, place.image("PPS"))
    place.docker("cp", package, f"{name}:{_NAME}")
    place.docker("commit", name, name)
    took = time.perf_counter() - began
    place.docker("rm", name)
    place.docker("image", "rm", name)
    return took
