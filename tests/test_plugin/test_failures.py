"""Failures on demand: agents meet them as they would meet a real environment's."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.test_plugin.conftest import World

OLD_IN_USE = {"currentModelId": "A", "oldModelInUse": True}
TO_B: dict[str, Any] = {"id": "d1", "modelId": "A", "newModelId": "B"}


@pytest.mark.parametrize(("status", "state"), [("failing", "errored"), ("unknown", "unknown")])
def test_a_start_that_fails_makes_nothing(world: World, status: str, state: str) -> None:
    world.settings["failures"] = {"deployment_start": {"status": status, "msg": "no room left"}}
    outcome = world.run("deployment_start", id="d1", modelId="A")
    assert outcome == {"data": None, "msg": "no room left", "state": state, "status": status}
    assert world.records() == {}


def test_a_start_that_warns_is_done(world: World) -> None:
    world.settings["failures"] = {"deployment_start": {"status": "warning", "msg": "slow"}}
    outcome = world.run("deployment_start", id="d1", modelId="A")
    assert outcome == {"data": world.entry("d1", "A"), "msg": "slow", "state": "ready", "status": "warning"}


@pytest.mark.parametrize("action", ["deployment_replace_model", "deployment_relaunch", "deployment_stop"])
@pytest.mark.parametrize(("status", "state"), [("failing", "errored"), ("unknown", "unknown")])
def test_a_change_that_fails_leaves_the_old_model_in_use_and_says_so(
    world: World, action: str, status: str, state: str
) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    world.settings["failures"] = {action: {"status": status}}
    outcome = world.run(action, **TO_B, modelArtifact=world.package())
    assert outcome == {
        "data": OLD_IN_USE,
        "msg": f"{action} is {status} because failures.{action} of the private configuration says so",
        "state": state,
        "status": status,
    }
    assert world.models() == {"d1": "A"}


def test_a_deployment_status_that_fails_keeps_its_facts(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    world.settings["failures"] = {"deployment_status": {"status": "failing", "msg": "no answer"}}
    assert world.run("deployment_status", id="d1") == {
        "data": world.entry("d1", "A"),
        "msg": "no answer",
        "state": "errored",
        "status": "failing",
    }


@pytest.mark.parametrize("action", ["plugin_start", "plugin_stop", "pe_status", "deployment_list"])
@pytest.mark.parametrize("status", ["failing", "warning", "unknown"])
def test_an_action_of_the_environment_fails_with_the_given_status_and_no_state(
    world: World, action: str, status: str
) -> None:
    world.settings["failures"] = {action: {"status": status, "msg": "told so"}}
    outcome = world.run(action)
    assert (outcome["status"], outcome["state"], outcome["msg"]) == (status, None, "told so")


def test_other_actions_do_not_fail(world: World) -> None:
    world.settings["failures"] = {"deployment_stop": {"crash": True}}
    assert world.run("deployment_start", id="d1", modelId="A")["status"] == "passing"


def test_an_exception_looks_like_a_bug_of_a_plugin(world: World) -> None:
    world.settings["failures"] = {"deployment_start": {"exception": "the engine went away"}}
    outcome = world.run("deployment_start", id="d1", modelId="A")
    assert (outcome["status"], outcome["state"], outcome["data"]) == ("failing", "errored", None)
    assert outcome["msg"].startswith("plugin test failed in deployment_start: InjectedFailure: the engine went away (")
    assert world.records() == {}


def test_a_dry_run_says_that_the_action_would_fail(world: World) -> None:
    world.settings["failures"] = {"deployment_start": {"hang": True}}
    outcome = world.run("deployment_start", dry_run=True, id="d1", modelId="A")
    assert outcome["data"] == {"plan": ["fail as failures.deployment_start of the private configuration says"]}


def test_a_hang_lasts_until_the_timeout_and_leaves_the_old_model_in_use(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    world.settings["failures"] = {"deployment_replace_model": {"hang": True}}
    running = world.begin("deployment_replace_model", "--timeout", "1", **TO_B, modelArtifact=world.package())
    assert running.status() == {
        "data": OLD_IN_USE,
        "msg": "the action took longer than 1 s (--timeout) and was ended; raise the limit",
        "state": "errored",
        "status": "failing",
    }
    assert world.models() == {"d1": "A"}


def test_a_crash_is_told_by_the_runner_and_the_next_action_goes_on(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    world.settings["failures"] = {"deployment_replace_model": {"crash": True}}
    given: dict[str, Any] = {**TO_B, "modelArtifact": world.package()}
    assert world.begin("deployment_replace_model", **given).status() == {
        "data": None,
        "msg": "the action's process was killed by SIGKILL before it had a status; run it again with --log-level debug",
        "state": "errored",
        "status": "failing",
    }
    del world.settings["failures"]
    world.run("deployment_replace_model", **given)
    assert world.models() == {"d1": "B"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_sleep_and_leaves_the_old_model_in_use(world: World, number: signal.Signals) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    world.settings["replace_model_time_sec"] = 600
    running = world.begin("deployment_replace_model", **TO_B, modelArtifact=world.package())
    running.wait_for("progress")
    running.process.send_signal(number)
    assert running.status() == {
        "data": OLD_IN_USE,
        "msg": f"the action was ended by {number.name}; run it again",
        "state": "errored",
        "status": "failing",
    }
    assert world.models() == {"d1": "A"}


def test_a_start_that_is_ended_leaves_nothing(world: World) -> None:
    world.settings["launch_time_sec"] = 600
    running = world.begin("deployment_start", id="d1", modelId="A")
    running.wait_for("progress")
    running.process.send_signal(signal.SIGTERM)
    assert running.status()["data"] is None
    assert world.records() == {}
