"""What a look says of a deployment whose action is under way, or was killed."""

from __future__ import annotations

import pytest
from bosun_core.holders import this_process
from bosun_core.status import ActionStatus, DeploymentState
from bosun_docker.environment import environment
from bosun_docker.looks.entries import entry
from bosun_docker.looks.observed import Container, Look
from bosun_docker.proxy.routes import Route
from bosun_docker.settings import DockerSettings

from bosun_docker import names

ENV = environment(DockerSettings(outfacing_prediction_url_prefix="http://h:81"), {}, dry_run=False)
KEY = names.key(ENV.id, "d1")
HOLDERS = {
    "living": this_process(),
    "dead": f"{this_process().rpartition(' ')[0]} 1",
    "elsewhere": "another-machine/pid:[1] 7 1",
}
ERROR, UNKNOWN, OK = ActionStatus.ERROR, ActionStatus.UNKNOWN, ActionStatus.OK
LAUNCHING, STOPPING = DeploymentState.LAUNCHING, DeploymentState.SHUTTING_DOWN
REPLACING, READY, ERRORED = DeploymentState.REPLACING_MODEL, DeploymentState.READY, DeploymentState.ERRORED


def seen(action: str, holder: str, *, is_routed: bool) -> Look:
    lock_labels = {**ENV.deployment_labels(names.LOCK, "d1"), names.ACTION: action, names.HOLDER: holder}
    lock = Container("c3" * 32, "lock", "sha256:x", lock_labels, "created", "", "", None)
    labels = {**ENV.deployment_labels(names.MODEL_PART, "d1"), names.MODEL: "A", names.GENERATION: "1"}
    model = Container("b2" * 32, "model", "sha256:x", labels, "running", "Up 1 second", "", None)
    proxy = Container("a1" * 32, ENV.proxy_name, "sha256:x", ENV.labels(names.PROXY), "running", "Up", "", None)
    route = Route(KEY, "d1", model.id[:12], 8080, 1, "ab" * 16, public=True)
    return Look(proxy, None, None, (proxy, model, lock), {KEY: {"a": route if is_routed else None}}, ())


@pytest.mark.parametrize(
    ("action", "holder", "is_routed", "expected"),
    [
        (names.BRINGING, "living", False, (UNKNOWN, LAUNCHING, "it is being launched")),
        (names.BRINGING, "elsewhere", False, (UNKNOWN, LAUNCHING, "it is being launched")),
        (names.BRINGING, "dead", False, (ERROR, ERRORED, "its start did not come to its end; start it again")),
        (names.STOPPING, "living", False, (UNKNOWN, STOPPING, "it is being stopped")),
        (names.STOPPING, "dead", False, (ERROR, ERRORED, "its stop did not come to its end; stop it again")),
        (names.BRINGING, "living", True, (OK, REPLACING, None)),
        (names.BRINGING, "dead", True, (OK, READY, None)),
    ],
)
def test_an_action_is_told_as_long_as_its_process_may_live(
    action: str, holder: str, is_routed: bool, expected: tuple[ActionStatus, DeploymentState, str | None]
) -> None:
    look = seen(action, HOLDERS[holder], is_routed=is_routed)
    status, state, fault = expected
    found = entry(ENV, look, look.deployed(ENV, "d1"))
    message = None if fault is None else f"deployment d1: {fault}"
    assert (found.status, found.state, found.msg) == (status, state, message)


def test_a_lost_route_is_told_where_no_action_has_taken_it_away() -> None:
    look = seen(names.BRINGING, HOLDERS["dead"], is_routed=False).unlocked()
    found = entry(ENV, look, look.deployed(ENV, "d1"))
    told = "deployment d1: no route leads to it any more; relaunch it, or stop it"
    assert (found.status, found.state, found.msg) == (ERROR, ERRORED, told)


@pytest.mark.parametrize("action", [names.BRINGING, names.STOPPING])
def test_what_a_killed_start_or_stop_left_was_not_in_service(action: str) -> None:
    left = seen(action, HOLDERS["dead"], is_routed=False)
    routed = seen(action, HOLDERS["dead"], is_routed=True)
    without_route = left.unlocked()
    looks = (left, routed, without_route)
    assert [one.deployed(ENV, "d1").was_in_service for one in looks] == [False, True, True]


def test_what_a_killed_action_left_without_a_container_is_mended_by_a_start() -> None:
    look = seen(names.BRINGING, HOLDERS["dead"], is_routed=False).unlocked()
    labels = {**ENV.deployment_labels(names.PACKAGE_PART, "d1")}
    holder = Container("d4" * 32, "package", "sha256:x", labels, "created", "", "", None)
    look = look._replace(parts=(look.parts[0], holder))
    told = "deployment d1: an action on it did not come to its end; start it again, or stop it"
    assert entry(ENV, look, look.deployed(ENV, "d1")).msg == told
