"""Settings that lead nowhere: one line that says what to do, nothing half made, what served serves on."""

import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.docker

Refused = Callable[..., str]

PREFIX = (
    r".*: outfacingPredictionURLPrefix .* is no URL; write http:// or https://, a host, and a port where it needs one"
)
PORTS = r".*: traefikPortMapping maps .*; write container port: host port, from 1 to 65535, say 80: 81, or with an addr"
IMAGES = r".*: generatedImagePrefix .* cannot begin a name on the engine; write say mlops_$"
SETTINGS: list[tuple[dict[str, Any], str]] = [
    *[
        ({"outfacingPredictionURLPrefix": url}, PREFIX)
        for url in ("", "nourl", "http://", "ftp://x", "http://x:99999", 'http://x/{{env "HOME"}}', "http://x/`a`")
    ],
    *[
        ({"traefikPortMapping": mapping}, PORTS)
        for mapping in (
            {"a": 81},
            {80: "b"},
            {0: 81},
            {80: 0},
            {80: 70000},
            {80: -1},
            {80: "999.1.1.1:81"},
            {"80/udp": 1},
        )
    ],
    ({"traefikPortMapping": {80: 81, 8080: 81}}, r".*: traefikPortMapping maps two ports to 81; give each a host port"),
    (
        {"traefikPortMapping": {9999: 81}},
        r".*: traefikPortMapping maps 9999, where the proxy does not listen; it listens",
    ),
    ({"traefikPortMapping": "80:81"}, r".*: traefikPortMapping must be a mapping, not a text; --gen-config shows"),
    (
        {"rabbitmqPortMapping": {5672: 18972, 15672: 18972}},
        r".*: rabbitmqPortMapping maps two ports to 18972; give each",
    ),
    (
        {"traefikPortMapping": {80: 18973}, "rabbitmqPortMapping": {5672: 18973}},
        r".*: rabbitmqPortMapping maps to 18973, which the proxy has .*; give each a host port of its own",
    ),
    *[({"generatedImagePrefix": text}, IMAGES) for text in ("a..b", "A/../x", "a/b:c-", "-x")],
    ({"traefikImage": "UPPER CASE"}, r".*: traefikImage 'UPPER CASE' is no image; write a name with a tag"),
    ({"traefikImage": "a:b:c"}, r"traefikImage: cannot look at image a:b:c: .*invalid reference format"),
    ({"traefikImage": "127.0.0.1:1/t:1"}, r"traefikImage: cannot pull image 127.0.0.1:1/t:1: the registry cannot be"),
    ({"readinessLimit": -1}, r".*: readinessLimit must be a number >= 0"),
    ({"readinessLimt": 1}, r".*: unknown key readinessLimt; did you mean readinessLimit\?"),
    ({"dockerNetwork": "nowhere"}, r"the network nowhere is not there; run `docker network create nowhere`, or set"),
    *[
        ({"dockerNetwork": name}, rf"dockerNetwork {name} resolves no names of containers; run `docker network create")
        for name in ("host", "bridge", "none")
    ],
    ({"traefikPortMapping": {80: "203.0.113.7:18974"}}, r".*: the engine's machine has no such address; correct it in"),
    (
        {"traefikCertificate": "/nowhere", "traefikKey": "/nowhere"},
        r"traefikCertificate /nowhere cannot be read: No such",
    ),
    (
        {"traefikCertificate": "/etc/hosts", "traefikKey": "/etc/hosts"},
        r".* are no certificate with its key, as PEM wi",
    ),
    (
        {"proxyProbeURL": "http://127.0.0.1:1", "proxyLimit": 1},
        r"the proxy .* does not answer at 127.0.0.1:1 within 1 s",
    ),
]


@pytest.mark.parametrize(("settings", "message"), SETTINGS, ids=lambda value: repr(value)[:60])
def test_a_setting_that_cannot_be_used(refused: Refused, settings: dict[str, Any], message: str) -> None:
    told = refused("plugin_start", **settings)
    assert re.match(message, told), told


@pytest.fixture
def serving(
    place: Any, runner: Callable[..., Any], package: Callable[..., str], predict: Callable[..., str]
) -> Callable[[], str]:
    """A deployment that serves, from one test to the next; asks it for the model that answers."""
    if f"{place.prefix}deployment_d1_A" not in place.containers():
        runner("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    return lambda: predict(f"{place.url}/deployments/d1/predictions")


@pytest.mark.parametrize("variable", ["BOSUN_TEST_PPS_IMAGE", "BOSUN_TEST_PYTHON_IMAGE"])
def test_a_proxy_image_that_is_no_traefik_leaves_the_proxy_that_is_there(
    serving: Callable[[], str], refused: Refused, docker_variables: dict[str, str], variable: str
) -> None:
    told = refused("plugin_start", traefikImage=docker_variables[variable])
    assert re.match(
        r"(the proxy \w+ \(traefikImage .*\) ended with|cannot start container .*the image has no such program)", told
    ), told
    assert serving() == "A"


def test_a_proxy_image_that_is_no_traefik_leaves_nothing_where_nothing_was(
    place: Any, refused: Refused, docker_variables: dict[str, str]
) -> None:
    place.clear()
    refused("plugin_start", traefikImage=docker_variables["BOSUN_TEST_PPS_IMAGE"], proxyLimit=3)
    assert (place.containers(), place.volumes()) == ({}, [])


@pytest.mark.parametrize("owner", ["a program outside Docker", "container other"])
def test_a_new_port_that_is_taken_leaves_the_proxy_that_is_there(
    serving: Callable[[], str], place: Any, refused: Refused, owner: str
) -> None:
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        port = listener.getsockname()[1]
        if owner != "a program outside Docker":
            listener.close()
            owner = f"container other-{place.network}"
            name, image = owner.split()[1], place.variables["BOSUN_TEST_PPS_IMAGE"]
            place("run", "--detach", f"--name={name}", f"--publish={port}:8080", image)
        try:
            told = refused("plugin_start", traefikPortMapping={80: place.port, 8080: f"0.0.0.0:{port}"})
        finally:
            if "other" in owner:
                place("rm", "--force", owner.split()[1])
    assert told == f"port {port} of the engine's machine is taken by {owner}; end that, or change traefikPortMapping"
    assert serving() == "A"


def test_a_model_that_may_take_no_time_to_be_ready(serving: Any, refused: Refused, package: Callable[..., str]) -> None:
    info = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B")}
    told = refused("deployment_replace_model", info, readinessLimit=0)
    assert told.startswith("model B of deployment d1 did not answer /ping with 200 within 0 s (readinessLimit)")
    assert serving() == "A"


PACKAGES = {
    "vanished": r"modelArtifact .* does not exist; check the path",
    "folder": r"modelArtifact .* is a folder; name the package file in it",
    "empty": r"modelArtifact .* is empty; fetch the model package again",
    "link to itself": r"modelArtifact .* is a link that leads back to itself; mend the link",
    "pipe": r"modelArtifact .* is a pipe; name a package file",
}


@pytest.mark.parametrize("case", PACKAGES)
def test_a_package_that_is_none(serving: Any, refused: Refused, tmp_path: Path, case: str) -> None:
    path = tmp_path / "bad.mlpkg"
    makers: dict[str, Callable[[], object]] = {
        "folder": path.mkdir,
        "empty": path.touch,
        "link to itself": lambda: path.symlink_to(path),
        "pipe": lambda: os.mkfifo(path),
    }
    makers.get(case, lambda: None)()
    info = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": str(path)}
    assert re.match(PACKAGES[case], refused("deployment_replace_model", info))
    assert serving() == "A"
