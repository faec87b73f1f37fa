"""The lock of a deployment, where its holder was silent for too long and goes on all the same."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bosun_core.errors import EnvironmentFailure
from bosun_core.reporting import listen
from bosun_k8s.cluster.connection import Cluster
from bosun_k8s.cluster.resources import Objects
from bosun_k8s.environment import environment
from bosun_k8s.holding import Held
from k8s_goals import settings_of

pytestmark = pytest.mark.k8s


@pytest.fixture
def holders(clean: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Held, Held]]:
    """Two that hold a deployment one after the other; the first, on another machine, shows no sign of life."""
    monkeypatch.setattr("bosun_k8s.holding._SILENCE_SECONDS", 1)
    settings = settings_of(**clean.settings())
    with Cluster(settings) as cluster:
        objects = Objects(cluster, cluster.namespace)
        env = environment(settings, {}, cluster.namespace, dry_run=False)
        first, second = Held(objects, env, "d1"), Held(objects, env, "d1")
        first._holder = "another-machine 1 1"
        first.acquire()
        second.acquire()
        yield first, second


def test_whoever_was_silent_is_told_that_another_action_has_taken_over(holders: tuple[Held, Held]) -> None:
    with pytest.raises(EnvironmentFailure, match="another action has taken over deployment d1"):
        holders[0].verify()


def test_whoever_was_silent_does_not_give_back_the_lock_of_its_successor(
    clean: Any, holders: tuple[Held, Held]
) -> None:
    first, second = holders
    first.release()
    second.verify()
    second.release()
    assert clean.made() == []


def test_an_action_whose_lock_was_taken_leaves_what_is_there_to_its_successor(
    clean: Any, act: Callable[..., Any], package: Callable[..., str]
) -> None:
    taken: list[str] = []

    def take(step: str, _done: float, _total: float | None) -> None:
        if step == "waiting until it is ready" and not taken:
            (lease,) = clean.objects("leases")
            taken.append(lease["metadata"]["name"])
            about = {key: lease["metadata"][key] for key in ("name", "labels", "annotations")}
            clean("delete", "lease", about["name"])
            clean.apply({**lease, "metadata": about, "spec": {"holderIdentity": "another-machine 1 1"}})

    end = listen(take)
    try:
        status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A", load_seconds=1)})
    finally:
        end()
    assert (status["status"], "another action has taken over" in status["msg"]) == ("failing", True)
    kinds = [one.partition("/")[0] for one in clean.made()]
    assert kinds == ["Deployment", "HTTPRoute", "Lease", "Pod", "Service"]
