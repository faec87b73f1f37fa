"""The registries' content: the images of the tests, pushed once by the Docker engine and kept in the cache."""

import hashlib
import json
import shutil
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from testbed import building, debian, engine, processes
from testbed.building import Compiled, Image
from testbed.docker_cli import DockerCli
from testbed.dockerd import free_port
from testbed.errors import TestbedError
from testbed.k8s import binaries, files
from testbed.k8s.daemons import READY_SECONDS, answers
from testbed.parts import digest, part
from testbed.places import locked, logs

KANIKO = Image(
    "kaniko", "BOSUN_TEST_K8S_KANIKO_IMAGE", building.own("kaniko"), Compiled(binaries.KANIKO_KEY, binaries.kaniko)
)
PAUSE = Image("pause", "", building.own("pause"), Compiled(binaries.PAUSE_KEY, binaries.pause))
IMAGES = (*building.IMAGES, KANIKO, PAUSE)
PPS = next(image for image in IMAGES if image.name == "pps")
INDEX = f"{PPS.reference}-index"
"""One reference for two architectures: amd64, and one that says that it is arm64 with the same layers."""
SECONDS = 60
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"


def references() -> tuple[str, ...]:
    """Return repository and tag of everything that the registries hold."""
    return (*(image.reference for image in IMAGES), building.PYTHON.reference, INDEX)


def storage() -> Path:
    """Return a registry's storage with all the images; made where the cache has none, by way of the Docker engine.

    Raises:
        TestbedError: the engine cannot be had, an image cannot be built or pushed.
    """
    return part("registry", digest(*references()), _fill)


def _fill(folder: Path) -> None:
    debian.install({"docker-registry": "docker-registry"})
    binaries.kaniko()
    with locked("docker"):
        docker = DockerCli(engine.up())
        building.build(IMAGES, docker)
        address = f"127.0.0.1:{free_port()}"  # the one that a Docker engine takes as plain HTTP unasked
        settings = folder / "registry.json"
        settings.write_text(files.registry(folder, address, None), encoding="utf-8")
        log = logs() / "registry-filled.log"
        process = processes.start(["docker-registry", "serve", str(settings)], log)
        try:
            processes.wait_ready(process, answers(f"http://{address}/v2/"), seconds=READY_SECONDS, log=log)
            for reference in references()[:-1]:
                print(f"storing {reference}", flush=True)
                docker.push(reference, address)
            _index(address)
        finally:
            process.terminate()
            process.wait(SECONDS)
    settings.unlink()


def _index(address: str) -> None:
    """Make `INDEX` of the manifest that is there already, and of one that differs in its architecture alone."""
    repository, _, tag = PPS.reference.partition(":")
    manifest = _ask(address, "GET", f"/v2/{repository}/manifests/{tag}", {"Accept": _MANIFEST})
    told = json.loads(manifest)
    config = json.loads(_ask(address, "GET", f"/v2/{repository}/blobs/{told['config']['digest']}"))
    other_config = json.dumps({**config, "architecture": "arm64"}).encode()
    # In one request: the registry takes a small blob whole.
    place = urlsplit(_location(address, f"/v2/{repository}/blobs/uploads/"))
    _ask(address, "PUT", f"{place.path}?{place.query}&digest={_digest(other_config)}", {}, other_config)
    described = {**told["config"], "size": len(other_config), "digest": _digest(other_config)}
    other = json.dumps({**told, "config": described}).encode()
    _ask(address, "PUT", f"/v2/{repository}/manifests/{_digest(other)}", {"Content-Type": _MANIFEST}, other)
    listed = [_entry(manifest, "amd64"), _entry(other, "arm64")]
    index = json.dumps({"schemaVersion": 2, "mediaType": _LIST, "manifests": listed}).encode()
    _ask(address, "PUT", f"/v2/{INDEX.replace(':', '/manifests/')}", {"Content-Type": _LIST}, index)


def _entry(manifest: bytes, architecture: str) -> dict[str, Any]:
    platform = {"os": "linux", "architecture": architecture}
    return {"mediaType": _MANIFEST, "size": len(manifest), "digest": _digest(manifest), "platform": platform}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _location(address: str, path: str) -> str:
    connection = HTTPConnection(address, timeout=SECONDS)
    with closing(connection):
        connection.request("POST", path)
        return connection.getresponse().headers["Location"] or ""


def _ask(address: str, method: str, path: str, headers: dict[str, str] | None = None, content: bytes = b"") -> bytes:
    connection = HTTPConnection(address, timeout=SECONDS)
    with closing(connection):
        connection.request(method, path, content, headers or {})
        answer = connection.getresponse()
        told = answer.read()
        if answer.status >= 300:
            raise TestbedError(f"the registry answered {answer.status} to {method} {path}: {told.decode()}")
        return told


def bring(into: Path) -> None:
    """Bring all the images into a registry's storage, whether it is empty, has others or runs. Repeatable.

    Raises:
        TestbedError: as `storage` does.
    """
    images = storage()
    brought = into / "brought"
    if brought.exists() and brought.read_text(encoding="utf-8") == images.name:
        return
    # Files of a storage are named for their content, or name the same content in both.
    shutil.copytree(images, into, dirs_exist_ok=True)
    brought.write_text(images.name, encoding="utf-8")
