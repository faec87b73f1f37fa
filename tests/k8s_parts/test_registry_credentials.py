"""Who we are to a registry: each place that it can come from, sent as Docker sends it, and never shown."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3
from bosun_core.errors import BosunError, ConfigurationError, EnvironmentFailure, InvalidRequest
from bosun_core.redaction import SECRETS
from bosun_k8s.images import credentials, reaching
from bosun_k8s.images.credentials import Login
from bosun_k8s.images.transport import Transport
from k8s_goals import settings_of
from stub_api import answering


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@contextmanager
def asked(login: Login | None, token: Any, credentials: list[str]) -> Iterator[tuple[Transport, str]]:
    """A registry that wants a token, and an endpoint that answers so; what is sent to them is in `credentials`."""

    def reply(_method: str, path: str, sent: str) -> tuple[int, bytes]:
        credentials.append(sent)
        return 200, json.dumps({"token": token}).encode() if path.startswith("/token") else b"{}"

    with answering(reply) as server:
        name = server.removeprefix("http://")
        made = Transport(settings_of(plainHttpRegistries=[name]), name, login, ["models:pull"])
        yield made, name


def obeyed(transport: Transport, name: str) -> bool:
    return transport._obey(f'Bearer realm="http://{name}/token",service="registry"')


@pytest.mark.parametrize("end", ["", "\n", " \r\n"], ids=repr)
def test_the_token_of_a_registry_is_trimmed(end: str) -> None:
    sent: list[str] = []
    with asked(Login("u", "pässword-ł"), f"planted-token-1{end}", sent) as (transport, name):
        assert obeyed(transport, name)
        transport.ask("GET", "/v2/")

    assert sent == [f"Basic {coded('u:pässword-ł')}", "Bearer planted-token-1"]


def test_a_token_of_a_registry_that_cannot_be_sent_is_told_by_its_place() -> None:
    with asked(None, "planted\ntoken", []) as (transport, name), pytest.raises(ConfigurationError) as raised:
        obeyed(transport, name)

    assert str(raised.value) == (
        f"the token for the registry {name} that {name} answers with cannot be sent in an HTTP header: it contains a "
        "line break, a control character or a character outside ASCII; set it again"
    )


def test_a_registry_without_a_token_gives_nothing_to_try() -> None:
    with asked(None, " \n", []) as (transport, name):
        assert not obeyed(transport, name)


@pytest.mark.parametrize(
    "error", [ValueError("Invalid header value b'planted'"), UnicodeEncodeError("a", "p", 0, 1, "")]
)
def test_a_header_that_http_client_refuses_is_one_line(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise error

    with asked(None, "", []) as (transport, name):
        monkeypatch.setattr(urllib3.PoolManager, "request", refuse)
        with pytest.raises(EnvironmentFailure, match=f"the registry {name} cannot be asked: a header of the request"):
            transport.ask("GET", "/v2/")


def test_whatever_a_docker_configuration_holds_is_masked_as_soon_as_it_is_read() -> None:
    credentials.parse(
        {
            "auths": {
                "a.example.com": {"auth": coded("u:planted-password\n")},
                "b.example.com": {"username": "u", "password": "planted-other"},
                "c.example.com": {"auth": coded("u:"), "identitytoken": "planted-identity"},
                "d.example.com": {"registrytoken": "planted-registry"},
            }
        }
    )
    told = SECRETS.mask(f"planted-password planted-other planted-identity planted-registry {coded('u:planted-other')}")

    assert "planted" not in told
    assert coded("planted-other")[2:] not in told


def test_a_password_ends_where_docker_ends_it() -> None:
    found = credentials.parse({"auths": {"a.example.com": {"auth": coded("u:planted-password\0\0")}}})

    assert found == {"a.example.com": Login("u", "planted-password")}


def test_a_docker_configuration_that_is_not_utf8_shows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    auth = base64.b64encode(b"u:planted-\xff").decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {"a.example.com": {"auth": auth}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(ConfigurationError) as raised:
        credentials._of_this_machine()

    assert str(raised.value) == (
        f"the Docker configuration {tmp_path}/config.json holds credentials that are not UTF-8; correct it"
    )


@pytest.mark.parametrize("proxy", ["http://u:planted-pw@pro xy:x", "planted-pw:3128", "socks://u:planted-pw@h"])
def test_a_proxy_that_cannot_be_used_is_told_by_its_variable(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(BosunError) as raised:
        reaching.pool(settings_of(), "registry.example.com", plain=False)

    assert isinstance(raised.value, InvalidRequest)
    assert str(raised.value) == "HTTPS_PROXY is not the URL of a proxy; write for example http://proxy.example.com:3128"


def test_a_proxy_is_trimmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://u:planted-pw@proxy:3128\n")
    found = reaching.pool(settings_of(), "registry.example.com", plain=False)

    assert isinstance(found, urllib3.ProxyManager)
    assert (found.proxy and found.proxy.port) == 3128
