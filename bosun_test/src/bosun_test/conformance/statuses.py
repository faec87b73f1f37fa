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

    def test_the_status_of_a_process_is_that_of_the_action(self, driver: Driver) -> None:
        request = driver.request("deployment_start", "d1", "A", driver.package("A"))
        (status,) = driver.finished([driver.popen(request)])
        driver.expect((*status.outcome, status.model), ("passing", "ready", "A"), "the runner's process tells the same")
        driver.expect_clean({"d1": "A"}, "the deployment runs when the process has ended")
