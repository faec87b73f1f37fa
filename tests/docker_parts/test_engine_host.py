"""The engine is found as the Docker CLI finds it."""

import hashlib
import json
from pathlib import Path

import pytest
from bosun_core.errors import EnvironmentFailure
from bosun_docker.engine import host as engine_host
from bosun_docker.engine.host import DEFAULT, EngineHost, TlsFiles


def context(folder: Path, name: str, host: str, *, tls: bool = False) -> None:
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "contexts" / "meta" / digest
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}}))
    if tls:
        files = folder / "contexts" / "tls" / digest / "docker"
        files.mkdir(parents=True)
        for one in ("ca.pem", "cert.pem", "key.pem"):
            (files / one).touch()


def test_without_anything_it_is_the_default_socket(tmp_path: Path) -> None:
    assert engine_host.find({"HOME": str(tmp_path)}) == EngineHost(DEFAULT)


def test_docker_host_goes_before_a_context(tmp_path: Path) -> None:
    context(tmp_path, "far", "tcp://192.0.2.7:2375")
    environ = {"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "far", "DOCKER_HOST": "unix:///run/other.sock"}
    assert engine_host.find(environ) == EngineHost("unix:///run/other.sock")


def test_docker_host_with_tls_takes_the_files_of_docker_cert_path(tmp_path: Path) -> None:
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).touch()
    environ = {"DOCKER_HOST": "tcp://192.0.2.7:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    files = TlsFiles(*(str(tmp_path / name) for name in ("ca.pem", "cert.pem", "key.pem")), verify=True)
    assert engine_host.find(environ) == EngineHost("tcp://192.0.2.7:2376", files)


def test_the_chosen_context_is_used_with_its_certificates(tmp_path: Path) -> None:
    context(tmp_path, "far", "tcp://192.0.2.7:2376", tls=True)
    (tmp_path / "config.json").write_text('{"currentContext": "far"}')
    found = engine_host.find({"DOCKER_CONFIG": str(tmp_path)})
    assert (found.url, found.tls is not None and found.tls.verify, found.machine) == (
        "tcp://192.0.2.7:2376",
        True,
        "192.0.2.7",
    )


def test_a_context_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailure, match="the Docker context nowhere is not there; `docker context ls` shows"):
        engine_host.find({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "nowhere"})


@pytest.mark.parametrize(
    ("url", "machine"),
    [
        ("unix:///var/run/docker.sock", None),
        ("tcp://127.0.0.1:2375", None),
        ("tcp://localhost:2375", None),
        ("tcp://192.0.2.7:2376", "192.0.2.7"),
        ("ssh://me@far.example", "far.example"),
    ],
)
def test_another_machine_is_told_from_this_one(url: str, machine: str | None) -> None:
    assert EngineHost(url).machine == machine
