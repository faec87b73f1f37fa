"""What a step says of a document, and what the API server's dry run of it says before anything is changed."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bosun_core.errors import EnvironmentFailure
from bosun_core.lifecycle.execution import execute
from bosun_core.lifecycle.steps import Change, Step
from bosun_k8s.cluster.connection import Cluster
from bosun_k8s.cluster.errors import Refused
from bosun_k8s.cluster.resources import Objects
from bosun_k8s.planning import application, followed
from bosun_k8s.settings import KubernetesSettings
from stub_api import answering, write_kubeconfig

OLD = {"kind": "Secret", "metadata": {"name": "s"}, "data": {"TOKEN": "b2xk"}}
NEW = {**OLD, "data": {"TOKEN": "bmV3"}}
SERVICE = {"kind": "Service", "metadata": {"name": "s"}, "spec": {"type": "ClusterIP"}}


@pytest.fixture
def server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Callable[..., KubernetesSettings]
) -> Iterator[tuple[Objects, dict[str, tuple[int, Any]]]]:
    """An API server's objects, and what it answers to each method."""
    answers: dict[str, tuple[int, Any]] = {}

    def answer(method: str, _path: str, _credentials: str) -> tuple[int, bytes]:
        status, document = answers[method]
        return status, json.dumps(document).encode()

    with answering(answer) as url:
        monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path / "kubeconfig", url)))
        with Cluster(settings(kubeConfigContext="bosun")) as cluster:
            yield Objects(cluster, cluster.namespace), answers


def test_what_the_api_server_would_not_change_takes_no_step(server: tuple[Objects, dict[str, Any]]) -> None:
    objects, answers = server
    answers |= {"GET": (200, SERVICE), "PATCH": (200, SERVICE)}
    assert application(objects, SERVICE) is None


def test_the_content_of_a_secret_is_changed_and_not_told(server: tuple[Objects, dict[str, Any]]) -> None:
    objects, answers = server
    answers |= {"GET": (200, OLD), "PATCH": (200, NEW)}
    assert str(application(objects, NEW)) == "change secrets s: its content"


@pytest.mark.parametrize(("status", "verb"), [(200, "change"), (404, "create")])
def test_a_webhook_that_knows_no_dry_runs_keeps_nothing_from_being_applied(
    server: tuple[Objects, dict[str, Any]], status: int, verb: str
) -> None:
    objects, answers = server
    refusal = {"kind": "Status", "message": 'admission webhook "x" does not support dry run'}
    answers |= {"GET": (status, SERVICE), "PATCH": (400, refusal)}
    step = application(objects, SERVICE)
    assert step is not None
    assert str(step) == f"{verb} services s"


def test_what_the_api_server_would_not_take_is_refused_before_anything_is_changed(
    server: tuple[Objects, dict[str, Any]],
) -> None:
    objects, answers = server
    answers |= {"GET": (200, SERVICE), "PATCH": (403, {"kind": "Status", "message": "exceeded quota: q"})}
    with pytest.raises(Refused, match="ResourceQuota has no room"):
        application(objects, SERVICE)


@pytest.mark.parametrize(("fails", "done"), [(False, ["a", "b", "last"]), (True, ["b"])])
def test_a_step_that_records_others_is_left_out_where_one_of_them_failed(*, fails: bool, done: list[str]) -> None:
    log: list[str] = []

    def fail() -> None:
        raise EnvironmentFailure("refused")

    def step(name: str, *, is_failing: bool = False) -> Step:
        return Step("make", name, fail if is_failing else lambda: log.append(name))

    steps = followed([step("a", is_failing=fails), step("b")], step("last"))
    outcome = execute([Change((step("commit"), *steps), commit=0)])
    assert (log[1:], len(outcome.warnings)) == (done, int(fails))
