"""A package by TLS."""

from __future__ import annotations

import os
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from package_server import (
    HALF,
    Start,
    Web,
    digest,
    redirect,
    running,
    stall_after_half,
    what,
    whole,
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a certificate for 127.0.0.1, signed by itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "certificate.pem"]
    try:
        subprocess.run([*command.split(), *names], cwd=folder, check=True, capture_output=True)
    except FileNotFoundError:
        if "BOSUN_REQUIRE_ALL" in os.environ:
            raise
        pytest.skip("openssl makes the certificate")
    both = folder / "both.pem"
    both.write_text((folder / "certificate.pem").read_text() + (folder / "key.pem").read_text())
    return both


@pytest.fixture
def secure_web(certificate: Path) -> Iterator[Web]:
    server = Web()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    # The handshake is left to the thread that serves the connection: one that fails must not end the server.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with running(server) as web:
        yield web


def secure(web: Web, path: str = "/model.mlpkg") -> str:
    return web.url(path).replace("http:", "https:")


def test_a_package_comes_over_tls_from_a_trusted_server(
    secure_web: Web, start: Start, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure_web.replies = [whole(upto=HALF), whole()]

    assert start(secure(secure_web))["data"]["digest"] == digest()


def test_a_certificate_that_is_not_trusted_is_told(
    secure_web: Web, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)

    assert what(start(secure(secure_web))) == (
        "failing",
        f"the certificate of 127.0.0.1:{secure_web.server_port} is not trusted (self-signed certificate); "
        "name the file of its authority in SSL_CERT_FILE",
    )


def test_a_stall_over_tls_is_given_up_when_the_time_is_up(
    secure_web: Web, start: Start, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure_web.replies = [stall_after_half]

    assert "did not come within 0.5 s" in start(secure(secure_web), download_timeout=0.5)["msg"]


def test_a_redirect_from_https_to_http_is_not_followed(
    secure_web: Web, web: Web, start: Start, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure_web.replies = [redirect(web.url())]

    document = start(secure(secure_web))

    assert what(document) == (
        "failing",
        f"127.0.0.1:{secure_web.server_port} redirects from https to http, which is not followed; "
        "give the URL of the package itself",
    )
    assert web.requests == []


def test_https_to_a_server_that_speaks_http_is_told(web: Web, start: Start) -> None:
    status, message = what(start(secure(web)))

    assert status == "failing"
    assert message.startswith(f"no TLS connection to 127.0.0.1:{web.server_port} (")
    assert message.endswith("); check scheme and port of the URL")
