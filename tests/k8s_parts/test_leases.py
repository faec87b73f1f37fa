"""Whose Lease stands for an action that is under way, and what whoever holds it sees of a deployment."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bosun_core.holders import this_process
from bosun_core.status import ActionStatus, DeploymentState
from bosun_k8s.cluster.connection import Cluster
from bosun_k8s.cluster.resources import Objects
from bosun_k8s.environment import Environment
from bosun_k8s.looks.leases import is_live
from bosun_k8s.looks.looking import entry, look, look_at_all, look_once_ready
from bosun_k8s.settings import KubernetesSettings
from stub_api import answering, write_kubeconfig

from bosun_k8s import names

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ELSEWHERE = "another-machine/pid:[1] 7 1"
DEAD = f"{this_process().rpartition(' ')[0]} 1"


def lease(holder: str, age: float = 0.0, now: datetime | None = None) -> dict[str, Any]:
    renewed = (now or datetime.now(UTC)) - timedelta(seconds=age)
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 15, "renewTime": f"{renewed:%Y-%m-%dT%H:%M:%S.%fZ}"}
    return {"metadata": {"name": "n", "uid": "1"}, "spec": spec}


@pytest.mark.parametrize(
    ("holder", "age", "expected"),
    [(this_process(), 0, True), (DEAD, 0, False), (ELSEWHERE, 60, True), (ELSEWHERE, 100, False)],
    ids=["this process", "a dead process", "renewed on another machine", "silent on another machine"],
)
def test_a_lease_is_live_as_long_as_its_holder_may_be(holder: str, age: float, *, expected: bool) -> None:
    assert is_live(lease(holder, age, NOW), NOW) is expected


@pytest.mark.parametrize("spec", [{}, {"renewTime": "once", "leaseDurationSeconds": 15}])
def test_a_lease_that_says_nothing_of_its_time_is_live(spec: dict[str, Any]) -> None:
    assert is_live({"spec": spec}, NOW) is True


def pod(name: str, generation: str, model: str, **about: Any) -> dict[str, Any]:
    labels = {names.GENERATION: generation, names.DEPLOYMENT: "d1"}
    told = {names.MODEL: model, names.DEPLOYMENT: "d1", names.ENVIRONMENT: "models"}
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    return {"metadata": {"name": name, "labels": labels, "annotations": told, **about}, "status": status}


@pytest.fixture
def seen(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    env: Callable[..., Environment],
    settings: Callable[..., KubernetesSettings],
) -> Iterator[tuple[Objects, Environment, dict[str, Any]]]:
    """A deployment that serves model B, a pod of model A on its way out, and a Lease, as an API server tells it."""
    place = env()
    told = {names.MODEL: "B", names.DEPLOYMENT: "d1", names.ENVIRONMENT: place.id}
    service = {
        "metadata": {"name": place.name("d1"), "annotations": told},
        "spec": {"selector": {names.GENERATION: "2"}},
    }
    pods = [pod("b", "2", "B"), pod("a", "1", "A", deletionTimestamp="2026-01-01T00:00:00Z")]
    found = {"lease": lease(this_process())}

    def answer(_method: str, path: str, _credentials: str) -> tuple[int, bytes]:
        found["lease"]["metadata"]["name"] = place.name("d1")
        one = {"services": service, "leases": found["lease"], "pods": None}
        kind = next(kind for kind in one if f"/{kind}" in path)
        many = {"services": [service], "leases": [found["lease"]], "pods": pods}
        document = one[kind] if f"/{kind}/" in path else {"metadata": {}, "items": many[kind]}
        return 200, json.dumps(document).encode()

    with answering(answer) as server:
        monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path / "kubeconfig", server)))
        with Cluster(settings(kubeConfigContext="bosun")) as cluster:
            yield Objects(cluster, cluster.namespace), place, found


def test_a_finished_action_does_not_take_its_own_lease_for_another_action(
    seen: tuple[Objects, Environment, dict[str, Any]],
) -> None:
    objects, env, _ = seen
    found = entry(env, look_once_ready(objects, env, "d1"))
    assert (found.status, found.state) == (ActionStatus.OK, DeploymentState.READY)


@pytest.mark.parametrize(
    ("holder", "state"),
    [(this_process(), DeploymentState.REPLACING_MODEL), (DEAD, DeploymentState.READY)],
    ids=["this process", "a dead process"],
)
def test_others_see_a_replacement_under_way_as_long_as_its_process_lives(
    seen: tuple[Objects, Environment, dict[str, Any]], holder: str, state: DeploymentState
) -> None:
    objects, env, found = seen
    found["lease"] = lease(holder)
    (listed,) = look_at_all(objects, env)
    assert (entry(env, look(objects, env, "d1")).state, entry(env, listed).state) == (state, state)
