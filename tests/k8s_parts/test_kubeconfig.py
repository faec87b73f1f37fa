"""Which kubeconfigs are read without the client, and what is read of them."""

import base64
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from bosun_k8s.cluster.kubeconfig import Context, Server, User, chosen, login

Change = Callable[[dict[str, Any]], Any]


def usual() -> dict[str, Any]:
    server = {
        "server": "https://k8s.example.com:6443",
        "certificate-authority": "ca.crt",
        "extensions": [{"name": "x"}],
    }
    context = {"cluster": "c", "user": "u", "namespace": "models"}
    return {
        "clusters": [{"name": "other", "cluster": {}}, {"name": "c", "cluster": server}],
        "users": [{"name": "u", "user": {"client-certificate-data": "Qw==", "client-key": "u.key"}}],
        "contexts": [{"name": "bosun", "context": context}, {"name": "other", "context": {}}],
    }


def of_cluster(**change: Any) -> Change:
    return lambda config: config["clusters"][1]["cluster"].update({k.replace("_", "-"): v for k, v in change.items()})


def of_user(**found: Any) -> Change:
    return lambda config: config["users"][0].update(user={key.replace("_", "-"): value for key, value in found.items()})


def test_the_usual_one_is_read() -> None:
    assert chosen(usual(), "bosun") == (
        Context(cluster="c", user="u", namespace="models"),
        Server("https://k8s.example.com:6443", certificate_authority="ca.crt", extensions=[{"name": "x"}]),
        User(client_certificate_data="Qw==", client_key="u.key"),
    )


def test_a_token_is_enough() -> None:
    config = usual()
    of_user(token="t")(config)
    found = chosen(config, "bosun")
    assert found is not None
    assert found[2] == User(token="t")


OTHERS: dict[str, Change] = {
    "without TLS": of_cluster(server="http://k8s.example.com"),
    "a server that is a number": of_cluster(server=6443),
    "another server name": of_cluster(tls_server_name="k8s"),
    "no verification": of_cluster(insecure_skip_tls_verify=True),
    "a proxy": of_cluster(proxy_url="http://proxy.example.com"),
    "no credentials": of_user(),
    "a password": of_user(username="u", password="p"),
    "a program": of_user(exec={"command": "log-in"}),
    "a program beside a token": of_user(token="t", exec={"command": "log-in"}),
    "a provider": of_user(auth_provider={"name": "oidc"}),
    "a token in a file": of_user(tokenFile="t"),
    "a certificate without its key": of_user(token="t", client_certificate="u.crt"),
    "a key without its certificate": of_user(client_key="u.key"),
    "no users": lambda config: config["users"].clear(),
    "two users of one name": lambda config: config["users"].append(config["users"][0]),
    "no contexts": lambda config: config["contexts"].clear(),
    "an empty context": lambda config: config["contexts"][0].update(context=None),
    "no key for clusters": lambda config: config.pop("clusters"),
    "clusters that are a word": lambda config: config.update(clusters="c"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_any_other_is_left_to_the_client(name: str) -> None:
    config = usual()
    OTHERS[name](config)
    assert chosen(config, "bosun") is None


@pytest.mark.parametrize("document", [None, [], "bosun", 1])
def test_what_is_no_kubeconfig_is_left_to_the_client(document: Any) -> None:
    assert chosen(document, "bosun") is None


@pytest.fixture
def signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Writes a kubeconfig with a certificate whose key has that password; `change` is done to its user."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)

    def write(password: str = "", change: Callable[[dict[str, Any]], Any] = lambda _user: None) -> str:
        secret = ["-passout", f"pass:{password}"] if password else ["-nodes"]
        new = ["-newkey", "rsa:2048", "-days", "2", "-subj", "/CN=u", "-keyout", "u.key", "-out", "u.crt"]
        subprocess.run(["openssl", "req", "-x509", *new, *secret], cwd=tmp_path, check=True, capture_output=True)
        config = usual()
        config["clusters"][1]["cluster"]["certificate-authority"] = "u.crt"
        user = config["users"][0]["user"] = {"client-certificate": "u.crt", "client-key": "u.key"}
        change(user)
        (tmp_path / "config").write_text(yaml.safe_dump(config))
        return str(tmp_path / "config")

    return write


def test_files_are_found_beside_it(signed: Callable[..., str]) -> None:
    found = login(signed(), "bosun")
    assert found is not None
    assert (found.host, found.namespace, found.headers()) == ("https://k8s.example.com:6443", "models", {})


UNUSABLE: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
    "a key with a password": ("secret", lambda _user: None),
    "a file that is nowhere": ("", lambda user: user.update({"client-key": "nowhere"})),
    "data that are no certificate": ("", lambda user: user.update({"client-certificate-data": "Qw=="})),
    "data that are no base64": ("", lambda user: user.update({"client-key-data": "C"})),
    "data that are no key": ("", lambda user: user.update({"client-key-data": base64.b64encode(b"key").decode()})),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_cannot_be_used_is_left_to_the_client_which_says_why(signed: Callable[..., str], name: str) -> None:
    assert login(signed(*UNUSABLE[name]), "bosun") is None


def test_behind_a_proxy_it_is_left_to_the_client(signed: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    config = signed()
    monkeypatch.setenv("https_proxy", "http://proxy.example.com:3128")
    assert login(config, "bosun") is None
