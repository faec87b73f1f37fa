"""Promises about several runners at once, and about a runner that is told to end."""

from __future__ import annotations

import os
import signal

import pytest
import yaml
from bosun_core.runner import ActionRequest

from bosun_core import cli
from bosun_test.conformance.base import Promises
from bosun_test.conformance.crashes import counted_steps, in_a_child, spread
from bosun_test.conformance.driving import Driver, Status, arguments_of
from bosun_test.conformance.environment import Environment
from bosun_test.conformance.profile import chosen_profile

_AT_ONCE = 8
_ROUNDS = 3


class Processes(Promises):
    """Concurrency and cancellation."""

    def test_replacements_of_one_deployment_at_once_are_done_one_after_the_other(self, driver: Driver) -> None:
        driver.start("d1", "A")
        for _ in range(_ROUNDS):
            requests = [
                driver.request("deployment_replace_model", "d1", "A", driver.package(model), newModelId=model)
                for model in ("B", "C")
            ]
            statuses = driver.finished([driver.popen(request) for request in requests])
            driver.expect([status["status"] for status in statuses], ["passing"] * 2, "both replacements pass")
            running = {name: one.model for name, one in driver.environment.running().items()}
            if running not in ({"d1": "B"}, {"d1": "C"}):
                raise driver.broken(f"{running} runs, neither of the two new models", "hold a lock over look and act")
            driver.expect_clean(running, "one of the two runs, whole")

    def test_starts_of_different_deployments_at_once_lose_nothing(self, driver: Driver) -> None:
        names = [f"d{number}" for number in range(_AT_ONCE)]
        requests = [driver.request("deployment_start", name, "A", driver.package("A")) for name in names]
        statuses = driver.finished([driver.popen(request) for request in requests])
        driver.expect([status["status"] for status in statuses], ["passing"] * len(names), "all starts pass")
        driver.expect_clean(dict.fromkeys(names, "A"), "all of them run")

    def test_starts_and_stops_of_one_deployment_at_once_end_whole_or_gone(self, driver: Driver) -> None:
        start = driver.request("deployment_start", "d1", "A", driver.package("A"))
        stop = driver.request("deployment_stop", "d1", "A")
        statuses = driver.finished([driver.popen(request) for request in (start, stop) * 2])
        driver.expect({status["status"] for status in statuses}, {"passing"}, "starts and stops at once all pass")
        running = {name: one.model for name, one in driver.environment.running().items()}
        if running not in ({}, {"d1": "A"}):
            raise driver.broken(f"{running} runs")
        driver.expect_clean(running, "the deployment runs or is gone")

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_runner_that_is_told_to_end_leaves_a_status_and_the_old_or_the_new_model(
        self, driver: Driver, environment: Environment, number: signal.Signals
    ) -> None:
        driver.start("d1", "A")
        request = driver.request("deployment_replace_model", "d1", "A", driver.package("B"), newModelId="B")
        steps = counted_steps(request)
        environment.reset()
        for step in spread(steps, min(chosen_profile().kills or 16, 16)):
            driver.start("d1", "A")
            status = _signalled(driver, request, number, step)
            running = {name: one.model for name, one in environment.running().items()}
            if running not in ({"d1": "A"}, {"d1": "B"}):
                raise driver.broken(
                    f"{number.name} at step {step} of {steps}: {running} runs, not the old or new model"
                )
            driver.expect(
                status.model, running["d1"], f"{number.name} at step {step}: the status tells the model that runs"
            )
            driver.expect_clean(running, f"{number.name} at step {step} of {steps}: the place is clean")
            environment.reset()


def _signalled(driver: Driver, request: ActionRequest, number: int, step: int) -> Status:
    """Run the action as a command that gets a signal at a step; return the status that it wrote."""
    path = driver.status_path()

    def command() -> int:
        return cli.main([*arguments_of(request), "--status-file", str(path)])

    def send(_: int) -> None:
        os.kill(os.getpid(), number)

    in_a_child(command, step, send)
    if not path.exists():
        raise driver.broken(f"no status file after {signal.Signals(number).name} at step {step}")
    return Status(yaml.safe_load(path.read_text()))
