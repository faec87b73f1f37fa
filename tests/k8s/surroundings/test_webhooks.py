"""An admission webhook of the cluster that refuses, or never answers: told in one line, and nothing half made."""

import base64
import http.server
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed import certificates

pytestmark = pytest.mark.k8s
Act = Callable[..., dict[str, Any]]
Hook = Callable[[str, str], None]

WEBHOOK_SECONDS = 2


class _Answers(http.server.BaseHTTPRequestHandler):
    """Refuses what is asked at /refuse; what is asked elsewhere is answered once the test has ended."""

    ended = threading.Event()

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.partition("?")[0] != "/refuse":
            self.ended.wait()
        refusal = {"uid": review["request"]["uid"], "allowed": False, "status": {"message": "not in these tests"}}
        content = json.dumps({**review, "request": None, "response": refusal}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The webhook's server: its URL, and the authority that signed its certificate."""
    keys = tmp_path / "keys"
    certificates.make(keys)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(keys / "server.pem", keys / "server.key")
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    running.socket = context.wrap_socket(running.socket, server_side=True)
    running.daemon_threads = True
    _Answers.ended.clear()
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{running.server_address[1]}", base64.b64encode((keys / "ca.pem").read_bytes()).decode()
    _Answers.ended.set()
    running.shutdown()
    running.server_close()


@pytest.fixture
def hooked(clean: Any, server: tuple[str, str], until: Callable[..., Any]) -> Iterator[Hook]:
    """Has the cluster ask a path of the webhook before it takes a Service of the namespace."""
    name = f"hook-{clean.namespace}"
    url, authority = server
    probe = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "probe"}, "spec": {"ports": [{"port": 80}]}}

    def is_asked(words: str) -> bool:
        try:
            clean("create", "--dry-run=server", "-f", "-", given=json.dumps(probe))
        except AssertionError as error:
            return words in str(error)
        return False

    def hook(path: str, words: str) -> None:
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["services"]}
        webhook = {
            "name": "hook.example.com",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "timeoutSeconds": WEBHOOK_SECONDS,
            "clientConfig": {"url": f"{url}{path}", "caBundle": authority},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": clean.namespace}},
            "rules": [rule],
        }
        clean.apply(
            {
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": "ValidatingWebhookConfiguration",
                "metadata": {"name": name},
                "webhooks": [webhook],
            }
        )
        until(lambda: is_asked(words), 30)

    yield hook
    clean("delete", "validatingwebhookconfiguration", name, "--ignore-not-found")


@pytest.mark.parametrize(
    ("path", "words", "told"),
    [
        ("/refuse", "denied the request", "an admission webhook of the cluster refuses it; ask who runs it"),
        ("/be-silent", "failed calling webhook", "an admission webhook of the cluster does not answer as it is to"),
    ],
    ids=["refuses", "never answers"],
)
def test_a_webhook_that_lets_nothing_in_is_told_and_a_start_leaves_nothing(
    clean: Any, hooked: Hook, act: Act, package: Callable[..., str], path: str, words: str, told: str
) -> None:
    hooked(path, words)
    status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    assert (status["status"], status["state"]) == ("failing", "errored")
    assert f": {told}" in status["msg"]
    assert "hook.example.com" in status["msg"]
    assert "\n" not in status["msg"]
    assert clean.made() == []
