"""Each place that a credential for the API server can come from: trimmed as kubectl does, and never shown."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import urllib3
import yaml
from acting import acting
from bosun_k8s.cluster import client, kubeconfig
from bosun_k8s.settings import IN_CLUSTER
from k8s_goals import NEEDED
from kubernetes.config import incluster_config  # noqa: TID251  # whose files are elsewhere in a test
from stub_api import answering, write_kubeconfig

RUNNER = Path(sys.executable).with_name("bosun-plugin-runner")
Source = Callable[[Path, str], dict[str, Any]]
LIST = b'{"metadata": {}, "items": []}'


def token_in_a_file(folder: Path, token: str) -> dict[str, Any]:
    (folder / "tok").write_text(token)
    return {"tokenFile": "tok"}


def program(folder: Path, token: str) -> dict[str, Any]:
    version = "client.authentication.k8s.io/v1"
    credential = {"apiVersion": version, "kind": "ExecCredential", "status": {"token": token}}
    (folder / "credential").write_text(json.dumps(credential))
    command = {"command": "cat", "args": [str(folder / "credential")], "interactiveMode": "Never"}
    return {"exec": {"apiVersion": version, **command}}


def provider(_folder: Path, token: str) -> dict[str, Any]:
    return {"auth-provider": {"name": "gcp", "config": {"access-token": token, "expiry": "2999-01-01T00:00:00Z"}}}


SOURCES: dict[str, tuple[Source, str]] = {
    "a token": (lambda _folder, token: {"token": token}, "users[u].user.token in the kubeconfig {folder}/kubeconfig"),
    "a token file": (token_in_a_file, "the token file {folder}/tok of user u in the kubeconfig {folder}/kubeconfig"),
    "a program": (program, "the token that the program of user u in the kubeconfig {folder}/kubeconfig writes"),
    "a provider": (provider, "the token of auth-provider of user u in the kubeconfig {folder}/kubeconfig"),
}


def write(folder: Path, server: str, user: dict[str, Any]) -> Path:
    path = write_kubeconfig(folder / "kubeconfig", server)
    document = yaml.safe_load(path.read_text())
    document["users"][0]["user"] = user
    path.write_text(yaml.safe_dump(document, allow_unicode=True))
    return path


@pytest.mark.parametrize("end", ["\n", " \r\n", "\t"], ids=repr)
@pytest.mark.parametrize("source", SOURCES)
def test_white_space_at_the_end_of_a_token_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, end: str
) -> None:
    seen = []

    def reply(_method: str, _path: str, credentials: str) -> tuple[int, bytes]:
        seen.append(credentials)
        return 200, LIST

    with answering(reply) as server:
        user = SOURCES[source][0](tmp_path, f"planted-token-1{end}")
        monkeypatch.setenv("KUBECONFIG", str(write(tmp_path, server, user)))
        act = acting("k8s", lambda **more: {**NEEDED, "kubeConfigContext": "bosun", **more}, tmp_path)
        status = act("deployment_list")

    assert (status["status"], set(seen)) == ("passing", {"Bearer planted-token-1"})


UNSENDABLE = [(source, inside, "plugin_start") for source in SOURCES for inside in ("\n", "\x01", "é", "ł")]
UNSENDABLE += [("a token file", "\n", action) for action in ("deployment_list", "deployment_stop", "pe_status")]


@pytest.mark.parametrize(("source", "inside", "action"), UNSENDABLE, ids=ascii)
def test_a_token_that_no_header_can_carry_is_told_by_its_place_and_never_shown(
    tmp_path: Path, source: str, inside: str, action: str
) -> None:
    make, place = SOURCES[source]
    path = write(tmp_path, "http://127.0.0.1:9", make(tmp_path, f"planted-first{inside}planted-second\n"))
    info = {"id": "d1", "modelId": "A"} if action == "deployment_stop" else None
    (tmp_path / "action.yaml").write_text(json.dumps({"deploymentInfo": info}))
    (tmp_path / "private.yaml").write_text(yaml.safe_dump({**NEEDED, "kubeConfigContext": "bosun"}))
    files = {name: tmp_path / name for name in ("status", "events", "log")}
    told = ["--status-file", files["status"], "--events", files["events"], "--logfile", files["log"]]
    given = ["--config", tmp_path / "action.yaml", "--private-config", tmp_path / "private.yaml"]

    ran = subprocess.run(
        [RUNNER, "--plugin", "k8s", "--action", action, *given, *told, "--log-level", "debug", "--show-status"],
        env={"KUBECONFIG": str(path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    msg = yaml.safe_load(files["status"].read_text())["msg"]
    assert msg == (
        f"{place.format(folder=tmp_path)} cannot be sent in an HTTP header: it contains a line break, a control "
        "character or a character outside ASCII; set it again"
    )
    written = {name: file.read_text() for name, file in files.items()} | {"stdout": ran.stdout, "stderr": ran.stderr}
    assert not [name for name, text in written.items() if "planted" in text], written


def test_an_empty_token_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(write(tmp_path, "http://127.0.0.1:9", token_in_a_file(tmp_path, "\n"))))
    act = acting("k8s", lambda **more: {**NEEDED, "kubeConfigContext": "bosun", **more}, tmp_path)

    place = SOURCES["a token file"][1].format(folder=tmp_path)
    assert act("deployment_list")["msg"] == f"{place} is empty; set it again"


def test_user_and_password_are_sent_in_utf8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def reply(_method: str, _path: str, credentials: str) -> tuple[int, bytes]:
        seen.append(credentials)
        return 200, LIST

    with answering(reply) as server:
        user = {"username": "u", "password": "pässword-planted"}
        monkeypatch.setenv("KUBECONFIG", str(write(tmp_path, server, user)))
        act = acting("k8s", lambda **more: {**NEEDED, "kubeConfigContext": "bosun", **more}, tmp_path)
        assert act("deployment_list")["status"] == "passing"

    assert set(seen) == {f"Basic {base64.b64encode('u:pässword-planted'.encode()).decode()}"}


def test_a_password_that_the_client_cannot_send_is_told_by_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "http://127.0.0.1:9", {"username": "u", "password": "planted-łłł"})
    monkeypatch.setenv("KUBECONFIG", str(path))
    act = acting("k8s", lambda **more: {**NEEDED, "kubeConfigContext": "bosun", **more}, tmp_path)

    assert act("deployment_list")["msg"] == (
        f"username and password of user u in the kubeconfig {path} contain a character outside Latin-1, which the "
        "client cannot send; use a token instead"
    )


def test_a_password_that_yaml_takes_for_an_alias_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kubeconfig").write_text("users: [{name: u, user: {password: *planted}}]\n")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    act = acting("k8s", lambda **more: {**NEEDED, "kubeConfigContext": "bosun", **more}, tmp_path)

    msg = act("deployment_list")["msg"]
    assert "cannot be used: found undefined alias '***'" in msg
    assert "planted" not in msg


@pytest.mark.parametrize("proxy", ["http://u:planted-pw@pro xy:x", "socks://u:planted-pw@h"])
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(write(tmp_path, "https://127.0.0.1:9", {"token": "planted-token-1"})))
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    act = acting("k8s", lambda **more: {**NEEDED, "kubeConfigContext": "bosun", **more}, tmp_path)

    assert act("deployment_list")["msg"] == (
        "the proxy for the API server is not a URL; correct proxy-url in the kubeconfig, or HTTPS_PROXY"
    )


@pytest.mark.parametrize(
    "error", [ValueError("Invalid header value b'planted'"), UnicodeEncodeError("a", "p", 0, 1, "")]
)
def test_a_header_that_http_client_refuses_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(urllib3.PoolManager, "request", refuse)
    monkeypatch.setenv("KUBECONFIG", str(write(tmp_path, "http://127.0.0.1:9", {"token": "planted-token-1"})))
    act = acting("k8s", lambda **more: {**NEEDED, "kubeConfigContext": "bosun", **more}, tmp_path)

    assert act("deployment_list")["msg"] == (
        "the API server http://127.0.0.1:9 cannot be asked: a header of the request contains a character that HTTP "
        "cannot send; correct the kubeconfig's user and the proxy variables"
    )


def test_the_usual_kubeconfig_is_trimmed_without_the_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubeconfig, "getproxies", dict)
    found = kubeconfig.login(str(write(tmp_path, "https://k8s.example.com", {"token": "planted-token-1\n"})), "bosun")

    assert found is not None
    assert found.headers() == {"authorization": "Bearer planted-token-1"}


def test_a_service_account_token_is_trimmed_and_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in (("TOKEN", "planted-token-1\n"), ("CERT", "a certificate")):
        (tmp_path / name).write_text(content)
        monkeypatch.setattr(incluster_config, f"SERVICE_{name}_FILENAME", str(tmp_path / name))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "9")
    monkeypatch.setattr(client, "RESTClientObject", lambda _made: type("Rest", (), {"pool_manager": None}))
    found = client.login(client.configuration("", IN_CLUSTER, 1.0))
    assert found.headers() == {"authorization": "bearer planted-token-1"}

    monkeypatch.setattr(incluster_config.datetime, "datetime", Tomorrow)
    (tmp_path / "TOKEN").write_text("planted-token-2\n")
    assert found.headers() == {"authorization": "bearer planted-token-2"}


class Tomorrow(incluster_config.datetime.datetime):  # type: ignore[misc]  # the client has no types
    """A clock that is a day ahead."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return super().now(tz) + incluster_config.datetime.timedelta(days=1)
