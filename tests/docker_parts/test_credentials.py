"""Credentials for the engine and for registries: checked and masked as they are read, and never shown."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker.auth  # noqa: TID251  # what is handed to the SDK
import pytest
import requests
from bosun_core.errors import BosunError, EnvironmentFailure
from bosun_core.redaction import SECRETS
from bosun_docker.engine import connection
from bosun_docker.engine import host as engine_host


def found(folder: Path, configuration: dict[str, Any], **environ: str) -> engine_host.EngineHost:
    (folder / "config.json").write_text(json.dumps(configuration))
    return engine_host.find({"DOCKER_CONFIG": str(folder), **environ})


def coded(content: bytes) -> str:
    return base64.b64encode(content).decode()


UNSENDABLE = (
    "cannot be sent in an HTTP header: it contains a line break, a control character or a character outside ASCII"
)
NO_LOGIN = "auths of r.example.com is not the Base64 of user:password; run `docker login` again"
BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "a header of two lines": (
        {"HttpHeaders": {"X-Auth": "planted\nvalue"}},
        "HttpHeaders.X-Auth in Docker's configuration {file} " + UNSENDABLE + "; set it again",
    ),
    "a login that is no Base64": (
        {"auths": {"r.example.com": {"auth": "planted"}}},
        "Docker's configuration {file}: " + NO_LOGIN,
    ),
    "a login outside ASCII": (
        {"auths": {"r.example.com": {"auth": "plänted"}}},
        "Docker's configuration {file}: " + NO_LOGIN,
    ),
    "a login without a password": (
        {"auths": {"r.example.com": {"auth": coded(b"planted-user")}}},
        "Docker's configuration {file}: " + NO_LOGIN,
    ),
    "a login that is not UTF-8": (
        {"auths": {"r.example.com": {"auth": coded(b"u:planted\xff")}}},
        "Docker's configuration {file}: " + NO_LOGIN,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_credential_that_cannot_be_used_is_told_by_its_place(tmp_path: Path, name: str) -> None:
    configuration, message = BROKEN[name]
    with pytest.raises(BosunError) as raised:
        found(tmp_path, configuration)

    assert str(raised.value) == message.format(file=tmp_path / "config.json")


def test_what_docker_would_read_is_read(tmp_path: Path) -> None:
    auths = {"a": {}, "b": {"auth": coded("u:pässwörd".encode())}, "c": {"auth": "x", "identitytoken": "t"}}

    assert found(tmp_path, {"auths": auths, "HttpHeaders": {"X": "y\n", "Empty": ""}}).url == engine_host.DEFAULT


def test_whatever_the_configuration_holds_is_masked_as_soon_as_it_is_read(tmp_path: Path) -> None:
    auths = {
        "a": {"auth": coded(b"u:planted-password\n")},
        "b": {"auth": coded(b"u:"), "identitytoken": "planted-identity"},
    }
    found(
        tmp_path,
        {"auths": auths, "HttpHeaders": {"Authorization": "Custom planted-header"}},
        DOCKER_HOST="tcp://u:planted-host@h",
    )
    told = SECRETS.mask("planted-password, planted-identity, planted-header, planted-host")

    assert told == "***, ***, ***, ***"


@pytest.mark.parametrize("host", ["u:planted@h:x", "http://u:planted@h:x", "tcp://u:planted@h\n"])
def test_an_address_with_a_password_is_told_without_it(tmp_path: Path, host: str) -> None:
    with pytest.raises(EnvironmentFailure) as raised:
        found(tmp_path, {}, DOCKER_HOST=host)

    assert "planted" not in SECRETS.mask(str(raised.value))
    assert "is no address of an engine" in str(raised.value)


HELPED: dict[str, Callable[[connection._Logins], Any]] = {
    "for a pull": lambda logins: logins.resolve_authconfig("r.example.com"),
    "for a build": lambda logins: logins.get_all_credentials(),
}


@pytest.mark.parametrize("way", HELPED)
def test_what_a_credential_helper_answers_is_masked(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    class Store:
        def get(self, _server: str) -> dict[str, str]:
            return {"Username": "u", "Secret": f"planted-{way}"}

    logins = connection._Logins({"credHelpers": {"r.example.com": "some"}})
    monkeypatch.setattr(docker.auth.AuthConfig, "_get_store_instance", lambda *_: Store())
    HELPED[way](logins)

    assert SECRETS.mask(f"it is planted-{way}") == "it is ***"


def test_the_headers_of_the_configuration_are_sent_trimmed() -> None:
    client = connection._Client(base_url="tcp://127.0.0.1:9", version="1.44")
    sent = client.prepare_request(requests.Request("GET", "http://127.0.0.1:9/", headers={"X-Auth": " planted\n"}))

    assert sent.headers["X-Auth"] == "planted"
