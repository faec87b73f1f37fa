"""An API server that is busy, forgetful or away for a moment: handled, bounded, told.

A proxy before the real one makes the faults that the real one will not.
"""

import base64
import copy
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3
import yaml

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(300)]
Act = Callable[..., dict[str, Any]]

GONE = {"kind": "Status", "status": "Failure", "code": 410, "reason": "Expired", "message": "too old resource version"}


class Faults:
    """What is to go wrong, and how often it did."""

    def __init__(self) -> None:
        self.busy = 0
        """How many requests are still to be answered with 429."""
        self.expired_watches = 0
        self.expired_pages = 0
        self.cut_watches = 0
        self.drop = 0
        """How many requests are still to be dropped without an answer."""
        self.happened: list[str] = []

    def take(self, name: str) -> bool:
        """Have one of a fault happen, if any is left."""
        left = int(getattr(self, name))
        if left:
            setattr(self, name, left - 1)
            self.happened.append(name)
        return bool(left)


@contextmanager
def before(kubeconfig: Path) -> Iterator[tuple[Faults, dict[str, Any]]]:
    """Run the proxy before the API server of a kubeconfig; yields its faults, and a kubeconfig that leads to it."""
    own = yaml.safe_load(kubeconfig.read_text())
    about = own["clusters"][0]["cluster"]
    authority = base64.b64decode(about["certificate-authority-data"]).decode()
    pool = urllib3.PoolManager(ca_cert_data=authority, maxsize=20)
    faults = Faults()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else None
            watches, pages = "watch=true" in self.path, "continue=" in self.path
            if faults.take("drop"):
                self.close_connection = True
                return
            if not watches and faults.take("busy"):
                self._send(429, b'{"message": "slow down"}', {"Retry-After": "1"})
                return
            if pages and faults.take("expired_pages"):
                self._send(410, json.dumps(GONE).encode(), {})
                return
            if watches and faults.take("expired_watches"):
                event = {"type": "ERROR", "object": GONE}
                self._send(200, json.dumps(event).encode() + b"\n", {})
                return
            headers = {key: value for key, value in self.headers.items() if key.lower() not in ("host", "connection")}
            answer = pool.request(
                self.command,
                about["server"] + self.path,
                body=body,
                headers=headers,
                preload_content=False,
                retries=False,
            )
            if watches:
                self._pass_on(answer, cut=faults.take("cut_watches"))
            else:
                kind = {"Content-Type": answer.headers.get("Content-Type", "application/json")}
                self._send(answer.status, answer.data, kind)

        do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815  # as http.server looks for them

        def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _pass_on(self, answer: Any, *, cut: bool) -> None:
            self.close_connection = True
            self.send_response(answer.status)
            self.send_header("Connection", "close")
            self.end_headers()
            try:
                for piece in answer.stream(None):
                    if cut:
                        self.wfile.write(piece[: len(piece) // 2])
                        return
                    self.wfile.write(piece)
                    self.wfile.flush()
            except (OSError, urllib3.exceptions.HTTPError):
                pass  # who watched has gone
            finally:
                answer.close()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    led = copy.deepcopy(own)
    led["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{server.server_address[1]}"}
    try:
        yield faults, led
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def faults(clean: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    """The faults of a proxy that the plugin's kubeconfig leads to."""
    with before(clean.kubeconfig) as (made, kubeconfig):
        (tmp_path / "faulty").write_text(yaml.safe_dump(kubeconfig))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "faulty"))
        yield made


@pytest.mark.parametrize(
    "fault", [{"busy": 2}, {"expired_watches": 4}, {"cut_watches": 4}], ids=lambda one: next(iter(one))
)
def test_a_replacement_goes_on_over_a_fault(
    clean: Any,
    faults: Faults,
    act: Act,
    package: Callable[..., str],
    predict: Callable[..., str],
    fault: dict[str, int],
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A", load_seconds=1)}
    url = act("deployment_start", info)["data"]["predictionUrl"]
    for name, number in fault.items():
        setattr(faults, name, number)
    new = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B", load_seconds=1)}
    status = act("deployment_replace_model", new, preStopSeconds=1)
    print(faults.happened)
    assert len(faults.happened) == sum(fault.values())
    assert (status["status"], predict(url)) == ("passing", "B")


def test_a_server_that_stays_too_busy_is_told_after_the_limit(clean: Any, faults: Faults, act: Act) -> None:
    faults.busy = 1000
    status = act("deployment_list", apiLimit=2)
    assert status["status"] == "failing"
    assert "cannot list services in namespace" in status["msg"]
    assert "the API server is too busy and stayed so for apiLimit" in status["msg"]
    assert len(faults.happened) < 5


def test_a_forgotten_page_begins_the_list_anew(
    clean: Any, faults: Faults, act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bosun_k8s.resources.PAGE", 2)
    labels = {"bosun.datarobot.com/schema": "1", "bosun.datarobot.com/env": "e"}
    names = [f"d{number}" for number in range(5)]
    for name in names:
        told = {"bosun.datarobot.com/env": "e", "bosun.datarobot.com/deployment": name}
        about = {"name": f"bosun-{name}", "labels": labels, "annotations": told}
        ports = [{"port": 80, "name": "http"}]
        clean.apply({"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": {"ports": ports}})
    faults.expired_pages = 2
    status = act("deployment_list", environmentId="e")
    assert (sorted(status["data"]), faults.happened) == (names, ["expired_pages"] * 2)


def test_a_credential_that_has_expired_is_told(clean: Any, act: Act, tmp_path: Path, monkeypatch: Any) -> None:
    document = yaml.safe_load(clean.kubeconfig.read_text())
    document["users"][0]["user"]["token"] = "expired-token-of-a-test"
    (tmp_path / "expired").write_text(json.dumps(document))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "expired"))
    status = act("deployment_list")
    assert status["status"] == "failing"
    assert "the API server does not take these credentials; renew them" in status["msg"]
    assert "expired-token-of-a-test" not in json.dumps(status)


def test_a_right_that_is_missing_is_named(clean: Any, act: Act) -> None:
    role = clean.objects("roles")[0]
    fewer = {**role, "rules": [one for one in role["rules"] if one["resources"] != ["leases"]]}
    clean("replace", "-f", "-", given=json.dumps(fewer))
    try:
        start, seen = act("plugin_start"), act("pe_status")
    finally:
        clean("apply", "-f", Path(__file__).parents[2] / "bosun_k8s/deploy/role.yaml")
    assert "this user may not create leases.coordination.k8s.io, delete leases" in start["msg"]
    assert (start["status"], seen["status"]) == ("failing", "failing")


def test_a_field_of_somebody_else_is_a_conflict_that_is_told_and_left(
    clean: Any, act: Act, package: Callable[..., str]
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    act("deployment_start", info)
    name = clean.service_of("d1")["metadata"]["name"]
    change = json.dumps({"spec": {"ports": [{"name": "http", "port": 80, "targetPort": 9999}]}})
    clean("patch", "service", name, "--type=merge", "--field-manager=somebody", "-p", change)
    new = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B")}
    status = act("deployment_replace_model", new)
    assert "somebody else has set this field" in status["msg"]
    assert (status["status"], status["data"]["oldModelInUse"]) == ("failing", True)
    assert clean.service_of("d1")["spec"]["ports"][0]["targetPort"] == 9999
    assert act("deployment_replace_model", new, forceConflicts=True)["status"] == "passing"
