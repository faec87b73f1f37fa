"""Promises about the status of every action, as an agent reads it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from bosun_core.actions import ACTIONS

from bosun_test.conformance.base import Promises
from bosun_test.conformance.driving import Driver

_WORDS = {"passing", "warning", "failing", "unknown"}
_STATES = {"ready", "stopped", "errored", "launching", "replacingModel", "shuttingDown", "unknown"}
_FINAL = {
    "deployment_start": "ready",
    "deployment_replace_model": "ready",
    "deployment_relaunch": "ready",
    "deployment_stop": "stopped",
}


class Statuses(Promises):
    """The six keys, their types, and the file they are written to."""

    @pytest.mark.parametrize("action", ACTIONS)
    def test_every_status_has_the_six_keys_and_true_times(self, driver: Driver, action: str) -> None:
        driver.start("d1", "A")
        of_deployment = ACTIONS[action].takes_deployment
        arguments = ("d1", "A", driver.package("B")) if of_deployment else ()
        more: dict[str, Any] = {"newModelId": "B"} if action == "deployment_replace_model" else {}
        began = time.time()
        status = driver.run(action, *arguments, **more)
        ended = time.time()
        keys = ["data", "duration", "msg", "state", "status", "timestamp"]
        driver.expect(sorted(status), keys, "a status has these keys and no other")
        driver.expect(status["status"] in _WORDS, True, f"status is one of {sorted(_WORDS)}")
        states = _STATES if of_deployment else {None}
        driver.expect(status["state"] in states, True, f"the state of {action} is one of {states}")
        if not 0 <= status["duration"] <= ended - began + 0.01:
            raise driver.broken(f"duration is {status['duration']} s, the action took {ended - began:.3f} s")
        if not began - 0.01 <= status["timestamp"] / 1000 <= ended + 0.01:
            raise driver.broken(
                f"timestamp {status['timestamp']} is not in milliseconds since the epoch, of this action"
            )
        if "\n" in str(status["msg"]):
            raise driver.broken(f"the message has several lines: {status['msg']!r}")

    @pytest.mark.parametrize("action", _FINAL)
    def test_a_finished_action_reports_a_final_state(self, driver: Driver, action: str) -> None:
        advice = "a state of motion is for those who look from outside while an action is under way"
        driver.start("d1", "X")
        more = {"newModelId": "A"} if action == "deployment_replace_model" else {}
        package = None if action == "deployment_stop" else driver.package("A")
        status = driver.run(action, "d1", "A", package, **more)
        driver.expect(status.outcome, ("passing", _FINAL[action]), f"{action} has ended, and so has its motion", advice)
        if package is not None:
            failed = driver.run(action, "d1", "A", package.with_name("missing.mlpkg"), **more)
            driver.expect(failed.outcome, ("failing", "errored"), f"{action} has failed, which is final", advice)

    def test_the_status_of_a_process_is_that_of_the_action(self, driver: Driver) -> None:
        request = driver.request("deployment_start", "d1", "A", driver.package("A"))
        (status,) = driver.finished([driver.popen(request)])
        driver.expect((*status.outcome, status.model), ("passing", "ready", "A"), "the runner's process tells the same")
        driver.expect_clean({"d1": "A"}, "the deployment runs when the process has ended")
