"""An engine that cannot be asked: each cause is told in one line that says what to do."""

import re
import shutil
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.docker

Refused = Callable[..., str]
NO_ADDRESS = "is no address of an engine; write say unix:///var/run/docker.sock, tcp://192.0.2.7:2376 or ssh://"

HOSTS = {
    "unix:///nowhere/docker.sock": r"no engine is at /nowhere/docker.sock; start Docker, or let DOCKER_HOST",
    "unix:///etc/hostname": r"nothing listens at /etc/hostname; start Docker",
    "tcp://127.0.0.1:1": r"nothing listens at tcp://127.0.0.1:1; start Docker",
    "127.0.0.1:1": r"nothing listens at tcp://127.0.0.1:1; start Docker",
    "tcp://nowhere.invalid:2376": r"the engine at tcp://nowhere.invalid:2376 cannot be asked \(.*\); check DOCKER_HOST",
    "ssh://nobody@127.0.0.1": r"the engine at ssh://nobody@127.0.0.1 is reached by SSH.*`pip install paramiko`",
    **{
        text: rf"DOCKER_HOST '{re.escape(text)}' {NO_ADDRESS}"
        for text in ("tcp://", "unix://", "ftp://x", "http://[::1", "tcp://127.0.0.1:70000", "tcp://a b:1", " ", "://")
    },
}


@pytest.mark.parametrize("host", HOSTS)
def test_an_address_that_leads_to_no_engine(refused: Refused, host: str) -> None:
    assert re.match(HOSTS[host], refused("plugin_start", environ={"DOCKER_HOST": host}))


@contextmanager
def answering(code: int, content: bytes, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that gives one answer to everything: for what a real engine cannot be made to say."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    class Server(socketserver.ThreadingTCPServer):
        def handle_error(self, *_: object) -> None: ...

    with Server(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_an_engine_that_takes_the_call_and_never_answers(refused: Refused) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as listening:
        host = f"tcp://127.0.0.1:{listening.server_address[1]}"
        told = refused("plugin_start", environ={"DOCKER_HOST": host}, engineLimit=0.5)
    assert told == (
        f"the engine at {host} does not answer within engineLimit; see that it runs, and DOCKER_HOST names it"
    )


def test_an_engine_that_is_too_old(refused: Refused) -> None:
    with answering(200, b'{"ApiVersion": "1.39", "Version": "18.09.9"}') as host:
        told = refused("plugin_start", environ={"DOCKER_HOST": host})
    assert told == f"the engine at {host} is too old (its API is 1.39); install Docker 19.03 or later"


@pytest.mark.parametrize(("code", "content"), [(404, b"not found"), (200, b"<html>"), (200, b"{}")])
def test_a_server_that_is_no_engine(refused: Refused, code: int, content: bytes) -> None:
    with answering(code, content) as host:
        told = refused("pe_status", environ={"DOCKER_HOST": host})
    assert told == f"what answers at {host} is no Docker engine; let DOCKER_HOST or a Docker context name where it is"


def test_a_user_without_the_right_to_the_socket(place: Any, refused: Refused, tmp_path: Path) -> None:
    host = place.variables["DOCKER_HOST"]
    if not host.startswith("unix://"):
        pytest.skip("this engine has no Unix socket")
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv (util-linux) and root")
    tmp_path.chmod(0o777)
    # It may read everything, the interpreter in root's home too; a socket has to be written to.
    reading = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    before = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *reading)
    told = refused("plugin_start", before=before, environ={"HOME": "/nonexistent"})
    socket = host.removeprefix("unix://")
    assert told == (
        f"this user has no right to the engine's socket {socket}; add it to the socket's group (often `docker`)"
    )


@pytest.fixture
def tls(docker_variables: dict[str, str]) -> dict[str, str]:
    if "BOSUN_TEST_DOCKER_TLS_HOST" not in docker_variables:
        pytest.skip("this engine is not the testbed's own: BOSUN_TEST_DOCKER_TLS_HOST names no TLS listener")
    return {
        "DOCKER_HOST": docker_variables["BOSUN_TEST_DOCKER_TLS_HOST"],
        "DOCKER_CERT_PATH": docker_variables["BOSUN_TEST_DOCKER_CERT_PATH"],
        "DOCKER_TLS_VERIFY": "1",
    }


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def own_pair(folder: Path, *words: str) -> None:
    """A key and a certificate that nobody signed; `words` are further options."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=other")
    openssl(folder, "req", "-x509", *key, *words, "-out", "cert.pem", "-keyout", "key.pem")


CERTIFICATES = {
    "no folder": r"DOCKER_TLS_VERIFY is set, and .* has no ca.pem; let DOCKER_CERT_PATH name the folder",
    "no ca": r"DOCKER_TLS_VERIFY is set, and .* has no ca.pem; let DOCKER_CERT_PATH name the folder",
    "no key": r".* has one of cert.pem and key.pem; put both there, or neither$",
    "no certificate": r"the engine at .* do not agree on TLS \(.*certificate.*\); check DOCKER_TLS_VERIFY and",
    "no PEM": r"the engine at .* do not agree on TLS \(.*\); check DOCKER_TLS_VERIFY and",
    "another's key": r"the engine at .* do not agree on TLS \(.*key values mismatch.*\); check DOCKER_TLS_VERIFY and",
    "untrusted authority": r"the engine at .* do not agree on TLS \(.*self.signed|.*unable to get|.*verify failed",
    "untrusted client": r"the engine at .* do not agree on TLS \(.*\); check DOCKER_TLS_VERIFY and",
    "no TLS": r"the engine at .* wants TLS; set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH$",
}


@pytest.mark.parametrize("case", CERTIFICATES)
def test_certificates_that_are_not_the_engines(refused: Refused, tls: Any, tmp_path: Path, case: str) -> None:
    folder = tmp_path / "certificates"
    shutil.copytree(tls["DOCKER_CERT_PATH"], folder)
    if case == "no folder":
        shutil.rmtree(folder)
    elif case == "no ca":
        (folder / "ca.pem").unlink()
    elif case in ("no key", "no certificate"):
        (folder / "key.pem").unlink()
        if case == "no certificate":
            (folder / "cert.pem").unlink()
    elif case == "no PEM":
        for file in folder.iterdir():
            file.write_text("no certificate")
    elif case == "another's key":
        openssl(folder, "ecparam", "-genkey", "-name", "prime256v1", "-out", "key.pem")
    elif case == "untrusted authority":
        own_pair(folder)
        shutil.copy(folder / "cert.pem", folder / "ca.pem")
    elif case == "untrusted client":
        own_pair(folder)
    environ = {**tls, "DOCKER_CERT_PATH": str(folder), **({"DOCKER_TLS_VERIFY": None} if case == "no TLS" else {})}
    assert re.match(CERTIFICATES[case], refused("plugin_start", environ=environ))


@pytest.mark.parametrize(
    ("days", "name", "reason"),
    [("-1", "IP:127.0.0.1", "certificate has expired"), ("1", "IP:127.0.0.9", "IP address mismatch")],
)
def test_an_engine_whose_certificate_does_not_hold(
    refused: Refused, tmp_path: Path, days: str, name: str, reason: str
) -> None:
    own_pair(tmp_path)
    (tmp_path / "names").write_text(f"subjectAltName={name}")
    openssl(tmp_path, "req", "-new", "-key", "key.pem", "-subj", "/CN=engine", "-out", "request.pem")
    sign = ("-req", "-in", "request.pem", "-signkey", "key.pem", "-days", days, "-extfile", "names")
    openssl(tmp_path, "x509", *sign, "-out", "cert.pem")
    shutil.copy(tmp_path / "cert.pem", tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with answering(200, b"{}", context) as host:
        environ = {"DOCKER_HOST": host, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
        told = refused("plugin_start", environ=environ)
    assert re.match(rf"the engine at {host} .* do not agree on TLS \(.*{reason}.*\); check DOCKER_TLS_VERIFY", told)


def test_an_authority_for_other_servers_does_not_count(runner: Callable[..., Any], tls: Any, tmp_path: Path) -> None:
    other = tmp_path / "authority.pem"
    own_pair(tmp_path)
    shutil.copy(tmp_path / "cert.pem", other)
    environ = {**tls, "REQUESTS_CA_BUNDLE": str(other), "CURL_CA_BUNDLE": str(other)}
    assert runner("plugin_start", environ=environ)[0]["status"] == "passing"


def test_without_verification_nothing_is_written_about_it(runner: Callable[..., Any], tls: Any) -> None:
    status, stderr = runner("plugin_start", environ={**tls, "DOCKER_TLS_VERIFY": None, "DOCKER_TLS": "1"})
    assert (status["status"], stderr) == ("passing", "")


CONFIGURATIONS = {
    "{broken": r"Docker's configuration .*/config.json is no JSON \(.*\); mend it",
    "[]": r"Docker's configuration .*/config.json is no JSON object; mend it",
    '{"auths": 3}': r"Docker's configuration .*/config.json: auths is no JSON object; mend it",
    '{"proxies": []}': r"Docker's configuration .*/config.json: proxies is no JSON object; mend it",
    '{"HttpHeaders": "x"}': r"Docker's configuration .*/config.json: HttpHeaders is no JSON object; mend it",
}


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_a_broken_docker_configuration(refused: Refused, tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    assert re.match(CONFIGURATIONS[text], refused("plugin_start", environ={"DOCKER_CONFIG": str(tmp_path)}))


def test_a_context_that_is_not_there(refused: Refused, tmp_path: Path) -> None:
    told = "the Docker context nowhere is not there; `docker context ls` shows those that are"
    environ = {"DOCKER_HOST": None, "DOCKER_CONTEXT": "nowhere", "DOCKER_CONFIG": str(tmp_path)}
    assert refused("plugin_start", environ=environ) == told
    (tmp_path / "config.json").write_text('{"currentContext": "nowhere"}')
    assert refused("plugin_start", environ={**environ, "DOCKER_CONTEXT": None}) == told


def test_a_credential_helper_that_is_not_there(
    runner: Callable[..., Any], refused: Refused, package: Callable[..., str], tmp_path: Path
) -> None:
    runner("plugin_start")
    (tmp_path / "config.json").write_text('{"credsStore": "nowhere"}')
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    image = "127.0.0.1:1/nowhere/pps:1"
    told = refused("deployment_start", info, environ={"DOCKER_CONFIG": str(tmp_path)}, ppsBaseImage=image)
    assert re.match(rf"ppsBaseImage: cannot pull image {image}: the credential helper .* failed; install it", told)
