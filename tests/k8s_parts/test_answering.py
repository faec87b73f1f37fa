"""What answers by the API server's way to pods say: whether a pod is silent, and since when pods answer."""

import json
import math
import time
from typing import Any

import msgspec
import pytest
from bosun_k8s.answering import Beginning, says_silent
from bosun_k8s.key_values import KeyValues
from bosun_k8s.looks.observed import Pod


def status(message: str) -> bytes:
    return json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message}).encode()


@pytest.mark.parametrize(
    ("code", "beginning", "said"),
    [
        (200, b'{"message": "pong"}', False),
        (302, b"", False),
        (503, b"loading", True),
        (500, b'{"kind": "Fault", "message": "out of order"}', True),
        (404, b'{"message": "no kind at all"}', True),
        (503, status("error trying to reach service: dial tcp 10.0.0.7:8080: connect: connection refused"), True),
        (502, status("error trying to reach service: read tcp: connection reset by peer"), True),
        (502, status("error trying to reach service: EOF"), True),
        (503, status("error trying to reach service: dial tcp 10.0.0.7:8080: i/o timeout"), None),
        (503, status("error trying to reach service: dial tcp 10.0.0.7:8080: connect: no route to host"), None),
        (403, status('pods "x" is forbidden: User "u" cannot get resource "pods/proxy"'), None),
        (404, status('pods "x" not found'), None),
    ],
)
def test_a_pod_is_silent_where_it_is_known_to_be(code: int, beginning: bytes, said: bool | None) -> None:
    assert says_silent(code, beginning) is said


class Pods:
    """Stands in for the API server: a pod answers with 200 from the moment that a test says."""

    def __init__(self) -> None:
        self.answer: set[str] = set()
        self.asked: list[str] = []

    def answer_of(self, pod: str, *_: Any) -> tuple[int, bytes]:
        self.asked.append(pod)
        return (200, b"") if pod in self.answer else (503, b"loading")


def beginning_of(pods: Pods) -> Beginning:
    return Beginning(pods, KeyValues())  # type: ignore[arg-type]  # the part of Objects that it needs


def pod(name: str, state: str = "running") -> Pod:
    statuses = [{"name": "model", "state": {state: {}}}]
    return msgspec.convert({"metadata": {"name": name}, "status": {"containerStatuses": statuses}}, Pod)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_pods_have_answered_since_the_last_of_them_did(clock: list[float]) -> None:
    pods, both = Pods(), [pod("a"), pod("b")]
    beginning = beginning_of(pods)
    for clock[0], answer in ((1000.0, set[str]()), (1000.5, {"a"}), (1001.0, {"a", "b"}), (1001.5, {"a", "b"})):
        pods.answer = answer
        again = beginning.ask(both)
    assert (beginning.since(both), beginning.since([both[0]]), again) == (1001.0, 1000.5, math.inf)
    assert pods.asked == ["a", "b", "a", "b", "b"]  # and no more once it has answered


def test_a_pod_that_was_ready_and_is_no_more_begins_anew(clock: list[float]) -> None:
    pods, one = Pods(), pod("a")
    pods.answer = {"a"}
    beginning = beginning_of(pods)
    beginning.ask([one])
    clock[0] += 5
    beginning.forget()
    assert beginning.since([one]) == clock[0]


@pytest.mark.parametrize("state", ["waiting", "terminated"])
def test_a_pod_that_does_not_run_is_not_asked(state: str) -> None:
    pods = Pods()
    assert beginning_of(pods).ask([pod("a", state)]) == math.inf
    assert pods.asked == []


def test_a_model_that_loads_for_long_is_asked_ever_less_and_then_left_to_the_kubelet(clock: list[float]) -> None:
    pods, one = Pods(), pod("a")
    beginning = beginning_of(pods)
    while (again := beginning.ask([one])) != math.inf:
        clock[0] = max(again, clock[0] + 0.01)
    assert clock[0] - 1000.0 == pytest.approx(20, abs=2)
    assert len(pods.asked) < 80
