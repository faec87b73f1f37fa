"""The Docker plugin's looks, against a process that imports the SDK and pings the engine; and as deployments grow."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docker_place import LABEL, Place
from measure import Row, measure, measure_in_turn
from prediction_server.make_package import write_package

from bosun_docker import names

_RUNS = 15
_PING = "import docker; docker.from_env().ping()"
_ROUTES = "/etc/bosun/routes"


def rows(place: Place) -> Iterator[Row]:
    """Measure deployment_status, deployment_list and pe_status, of 1, 10 and 200 deployments."""
    package = write_package(place.installed.folder / "docker-small.mlpkg")
    info = {"id": "d0", "modelId": "A", "modelArtifact": str(package)}
    measure(place.runner("deployment_start", info), 1)
    importing: list[str | Path] = [place.installed.python, "-c", _PING]
    looks = [place.runner("deployment_status", info), place.runner("deployment_list")]
    ping, status, one = measure_in_turn([importing, *looks], _RUNS)
    yield Row("import the Docker SDK and ping the engine", ping.seconds * 1000, "ms", None)
    yield Row("Docker deployment_status, times that ping", status.seconds / ping.seconds, "x", 1.4)
    yield Row("Docker deployment_list of 1, times that ping", one.seconds / ping.seconds, "x", 1.4)
    there = 1
    for number, mark in ((10, None), (200, 1.3)):
        _make(place, range(there, number))
        there = number
        # Each beside a ping of its own: the machine may have become slower or faster since the list of 1.
        now, listed, whole = measure_in_turn(
            [importing, place.runner("deployment_list"), place.runner("pe_status")], _RUNS
        )
        for action, took in (("deployment_list", listed), ("pe_status", whole)):
            times = took.seconds / now.seconds / (one.seconds / ping.seconds)
            yield Row(f"Docker {action} of {number}, times the list of 1", times, "x", mark)
    place.clear()


def _make(place: Place, numbers: range) -> None:
    """Make deployments like the first: containers with its labels that never run, and route files like its own."""
    (first,) = place.docker("ps", "-q", "--no-trunc", "--filter", f"label={LABEL}.deployment=d0").split()
    found = json.loads(place.docker("inspect", first))[0]
    (name, route) = next((name, text) for name, text in _route_files(place).items() if first[:12] in text)
    files = {}
    for number in numbers:
        labels = found["Config"]["Labels"] | {f"{LABEL}.deployment": f"d{number}"}
        words = [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
        own = f"{place.prefix}deployment_d{number}_A"
        made = place.docker("create", "--network", place.name, "--name", own, *words, found["Image"])
        key = names.key(labels[f"{LABEL}.environment"], f"d{number}")
        text = route.replace(first[:12], made[:12]).replace(name[:16], key)
        text = text.replace("/deployments/d0", f"/deployments/d{number}")
        files[f"{key}-{name[17:]}"] = text
    _put(place, files)


def _route_files(place: Place) -> dict[str, str]:
    content = subprocess.run(
        ["docker", "cp", f"{place.prefix}traefik:{_ROUTES}", "-"], capture_output=True, check=True, env=place.variables
    ).stdout
    found = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            file: Any = archive.extractfile(member)
            if file is not None:
                found[member.name.rpartition("/")[2]] = file.read().decode()
    return found


def _put(place: Place, files: dict[str, str]) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    command = ["docker", "cp", "-", f"{place.prefix}traefik:{_ROUTES}"]
    subprocess.run(command, input=buffer.getvalue(), capture_output=True, check=True, env=place.variables)
