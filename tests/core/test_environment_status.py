"""What pe_status answers, from what a plugin found: with a list, without one, and where nothing could be seen."""

from __future__ import annotations

from typing import Any

import pytest
from bosun_core.answers import DeploymentEntry, environment_status
from bosun_core.runner import ActionRequest, run_action
from bosun_core.status import ActionStatus, DeploymentState

OK, WARN, ERROR, UNKNOWN = ActionStatus.OK, ActionStatus.WARN, ActionStatus.ERROR, ActionStatus.UNKNOWN
PLUGIN_HEAD = "from bosun_core import BosunError, EnvironmentFailure, answers"


def entry(name: str, status: ActionStatus = OK, state: DeploymentState = DeploymentState.READY) -> DeploymentEntry:
    return DeploymentEntry(name, "A", status, state)


def test_without_a_list_every_deployment_has_an_entry_and_those_in_order_pass() -> None:
    outcome = environment_status([entry("d1"), entry("d2")], None, "the place is there")
    assert (outcome.status, outcome.msg) == (OK, "the place is there; 2 deployments")
    assert outcome.data == {"deploymentsStatus": {name: entry(name).as_mapping() for name in ("d1", "d2")}}


@pytest.mark.parametrize(
    ("status", "state", "message"),
    [
        (ERROR, DeploymentState.ERRORED, "failing: iris"),
        (WARN, DeploymentState.READY, "degraded: iris"),
        (UNKNOWN, DeploymentState.UNKNOWN, "unknown: iris"),
        (WARN, DeploymentState.REPLACING_MODEL, "degraded: iris"),
        (ERROR, DeploymentState.LAUNCHING, "failing: iris"),
    ],
)
@pytest.mark.parametrize("listed", [None, ["iris", "wine"]], ids=["without a list", "listed"])
def test_a_deployment_that_is_not_healthy_is_a_warning_that_names_it(
    listed: list[str] | None, status: ActionStatus, state: DeploymentState, message: str
) -> None:
    outcome = environment_status([entry("iris", status, state), entry("wine")], listed, "the place is there")
    assert (outcome.status, outcome.msg) == (WARN, message)


@pytest.mark.parametrize(
    "state", [DeploymentState.LAUNCHING, DeploymentState.REPLACING_MODEL, DeploymentState.SHUTTING_DOWN]
)
@pytest.mark.parametrize("status", [OK, UNKNOWN])
def test_without_a_list_what_is_in_motion_is_in_order(status: ActionStatus, state: DeploymentState) -> None:
    outcome = environment_status([entry("d1", status, state)], None, "the place is there")
    assert (outcome.status, outcome.msg) == (OK, "the place is there; 1 deployment")


def test_at_most_ten_are_named() -> None:
    many = [entry(f"d{number:02}", ERROR, DeploymentState.ERRORED) for number in range(12)]
    names = ", ".join(f"d{number:02}" for number in range(10))
    assert environment_status(many, None, "").msg == f"failing: {names} and 2 more"


def test_an_empty_list_is_one_that_knows_no_deployment() -> None:
    outcome = environment_status([entry("d1")], [], "")
    assert (outcome.status, outcome.msg) == (WARN, "running here but not known to the agent: d1")
    assert outcome.data == {"deploymentsStatus": {}}


def test_with_a_problem_what_was_not_found_is_unknown_and_not_to_be_started() -> None:
    outcome = environment_status([], ["d1"], "", problems=["the place is gone"])
    assert (outcome.status, outcome.msg) == (ERROR, "the place is gone; unknown: d1")
    found = dict(outcome.data or {})["deploymentsStatus"]["d1"]
    assert (found["status"], found["state"], "start" in found["msg"]) == ("unknown", "unknown", False)


def test_without_a_list_a_problem_is_told_once() -> None:
    outcome = environment_status([entry("d1", ERROR, DeploymentState.ERRORED)], None, "", problems=["no proxy"])
    assert (outcome.status, outcome.msg) == (ERROR, "no proxy")


@pytest.mark.parametrize("error", ["BosunError", "EnvironmentFailure"])
def test_whatever_plugin_can_look_at_nothing_each_listed_deployment_is_unknown(bench: Any, error: str) -> None:
    path = bench.plugin(f"def pe_status(self):\n    raise {error}('down')", head=PLUGIN_HEAD)
    (bench.folder / "pe.yaml").write_text("peInfo: {deployments: [d1, {id: d2}]}\n")
    status = run_action(ActionRequest(path, "pe_status", str(bench.folder / "pe.yaml")))
    assert (status["status"], status["msg"]) == ("failing", "down")
    found = {name: (one["status"], one["state"]) for name, one in status["data"]["deploymentsStatus"].items()}
    assert found == dict.fromkeys(("d1", "d2"), ("unknown", "unknown"))


def test_without_a_list_an_environment_that_cannot_be_looked_at_has_no_entries(bench: Any) -> None:
    path = bench.plugin("def pe_status(self):\n    raise BosunError('down')", head=PLUGIN_HEAD)
    assert bench.act(path, "pe_status")["data"] is None
