"""The Docker plugin's actions, against what the engine itself needs in the same run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from docker_place import Place, seconds_until_it_answers
from measure import Row, measure
from prediction_server.make_package import write_package

_RUNS = 5
_PING = b"GET /ping HTTP/1.0\r\n\r\n"
_OK = b"HTTP/1.1 200"
_HELLO = b"AMQP\x00\x00\x09\x01"
_FIRST_FRAME = b"\x01"


def rows(place: Place) -> Iterator[Row]:
    """Measure deployment_start and deployment_replace_model of 5 MB, then the shared parts."""
    measure(place.runner("plugin_start"), 1)
    yield from _models(place)
    yield Row("plugin_stop", _stopped(place), "s", 3.0)
    yield from _monitoring(place)


def _models(place: Place) -> Iterator[Row]:
    packages = [_package(place, name) for name in ("A", "B")]
    image = f"{place.prefix}floor"
    _build(place, packages[0], image)
    floor = min(seconds_until_it_answers(place, image, 8080, _PING, _OK) for _ in range(_RUNS))
    place.docker("image", "rm", image)
    yield Row("docker run of the image until its first 200", floor, "s", None)
    info = {"id": "d1", "modelId": "A", "modelArtifact": str(packages[0])}
    stop = place.runner("deployment_stop", info)
    start = place.runner("deployment_start", info)
    took = measure(start, _RUNS, before=lambda: measure(stop, 1)).seconds
    yield Row("Docker deployment_start of 5 MB, times that docker run", took / floor, "x", 1.5)
    replacement = {**info, "newModelId": "B", "modelArtifact": str(packages[1])}

    def restart() -> None:
        measure(stop, 1)
        measure(start, 1)

    replace = place.runner("deployment_replace_model", replacement)
    took = measure(replace, _RUNS, before=restart).seconds
    yield Row("Docker deployment_replace_model of 5 MB, times that docker run", took / floor, "x", 2.1)
    measure(stop, 1)


def _package(place: Place, name: str) -> Path:
    path = place.installed.folder / f"docker-{name}.mlpkg"
    return write_package(path, seed=ord(name), size=5_000_000, faults={"load_seconds": 1})


def _build(place: Place, package: Path, tag: str) -> None:
    """Make the image that a deployment of the package runs in, as a person would."""
    model = "/opt/ml/model/model.mlpkg"
    lines = [f"FROM {place.image('PPS')}", f"COPY {package.name} {model}"]
    lines.append(f"ENV PREDICTION_API_MODEL_REPOSITORY_PATH={model}")
    context = place.installed.folder / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("\n".join(lines))
    (context / package.name).write_bytes(package.read_bytes())
    place.docker("build", "--quiet", "--tag", tag, context)


def _stopped(place: Place) -> float:
    start, stop = place.runner("plugin_start"), place.runner("plugin_stop")
    return measure(stop, _RUNS, before=lambda: measure(start, 1)).seconds


def _monitoring(place: Place) -> Iterator[Row]:
    settings = {"agentImage": place.image("AGENT")}
    stop = place.runner("plugin_stop", settings=settings)
    start = place.runner("plugin_start", settings=settings)
    brokers, starts, stops = [], [], []
    for _ in range(_RUNS):  # in turn, as a broker takes a second more one time than another
        brokers.append(seconds_until_it_answers(place, place.image("RABBITMQ"), 5672, _HELLO, _FIRST_FRAME))
        starts.append(measure(start, 1).seconds)
        stops.append(measure(stop, 1).seconds)
    yield Row("docker run of the broker until its AMQP hello", min(brokers), "s", None)
    beyond = min(starts) - min(brokers)
    yield Row("plugin_start with monitoring, beyond the broker's start", beyond, "s", 2.0)
    yield Row("plugin_stop with monitoring", min(stops), "s", 3.0)
