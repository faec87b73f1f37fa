"""A new model that does not come up: the old one serves throughout, and the cause is told soon."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from bosun_test.conformance.load import Load

pytestmark = pytest.mark.k8s
Act = Callable[..., dict[str, Any]]

SOON = 25.0  # seconds for a whole action: the cause is told within 10 s of being visible

# Answers for a moment after its first answer, and goes on without listening.
FALLS_SILENT = """
import http.server, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        answered.append(time.monotonic())

answered = []
server = http.server.HTTPServer(("", 8080), Handler)
server.timeout = 0.1
while not answered or time.monotonic() < answered[0] + 0.8:
    server.handle_request()
server.server_close()
time.sleep(600)
"""

# name -> (package's faults, key-values, settings, words of the message)
FAILURES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], str]] = {
    "it crashes at its start": ({"crash_at_start": True}, {}, {}, "ended with exit code 70"),
    "it crashes after loading": ({"crash_after_seconds": 1}, {}, {}, "ended with exit code 70"),
    "it is never ready": ({"fail_ping": True}, {}, {"readinessLimit": 4}, "did not answer /ping within 4 s"),
    "it falls silent": (
        {},
        {},
        {"readinessLimit": 5, "patches": {"Deployment": [
            {"op": "add", "path": "/spec/template/spec/containers/0/command",
             "value": ["python3", "-c", FALLS_SILENT]}]}},
        "did not answer /ping within 5 s",
    ),
    "it runs out of memory": ({}, {"memory": "8m"}, {}, "ran out of memory (OOMKilled"),
    "no node has room": ({}, {"memory": "4000g"}, {}, "finds no node"),
    "no node is chosen": ({}, {"nodeSelector": {"no": "such"}}, {}, "finds no node"),
    "its image is nowhere": ({}, {"image": "10.244.0.1:5000/nowhere/none:1"}, {}, "cannot have its image"),
    "its service account is missing": (
        {}, {"serviceAccount": "none"}, {}, "gets no pod: the service account is not there; make it",
    ),
    "its patch is refused": (
        {},
        {},
        {"patches": {"Deployment": [
            {"op": "add", "path": "/spec/template/spec/hostNetwork", "value": True}]}},
        "Pod Security Standard refuses it",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_the_old_model_serves_on_and_the_cause_is_told(
    clean: Any, act: Act, package: Callable[..., str], predict: Callable[..., str], name: str
) -> None:
    faults, values, settings, words = FAILURES[name]
    url = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})["data"]["predictionUrl"]
    before = clean.made()
    new = {"newModelId": "B", "modelArtifact": package("B", **faults), "keyValueConfig": values}
    if "image" in values:
        new = {"newModelId": "B", "modelExecutionType": "customInferenceModel", "keyValueConfig": values}
    info = {"id": "d1", "modelId": "A", **new}
    with Load(lambda: predict(url), threads=2) as load:
        assert load.flowing()
        began = time.monotonic()
        status = act("deployment_replace_model", info, **settings)
        took = time.monotonic() - began
    assert (status["status"], status["state"]) == ("failing", "errored")
    assert words in status["msg"]
    assert (status["data"]["oldModelInUse"], status["data"]["currentModelId"]) == (True, "A")
    assert (load.failed(), load.answered_by("B")) == ([], [])
    assert took < SOON, status["msg"]
    assert [one for one in clean.made() if not one.startswith("Pod/")] == [
        one for one in before if not one.startswith("Pod/")
    ]
    assert act("deployment_status", {"id": "d1"})["status"] == "passing"


def test_a_start_that_fails_leaves_nothing(clean: Any, act: Act, package: Callable[..., str]) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A", crash_at_start=True)}
    status = act("deployment_start", info)
    assert (status["status"], status["state"]) == ("failing", "errored")
    assert "ended with exit code 70" in status["msg"]
    assert "its last lines: " in status["msg"]
    assert clean.made() == []


def test_a_quota_without_room_is_told(clean: Any, act: Act, package: Callable[..., str]) -> None:
    clean.apply(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "none", "labels": {"bosun.datarobot.com/schema": "1"}},
            "spec": {"hard": {"pods": "0"}},
        }
    )
    status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    assert status["status"] == "failing"
    assert "the namespace's ResourceQuota has no room" in status["msg"]
    assert [one for one in clean.made() if not one.startswith("ResourceQuota/")] == []
