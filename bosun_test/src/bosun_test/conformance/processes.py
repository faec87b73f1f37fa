"""Promises about several runners at once, and about a runner that is told to end."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import yaml
from bosun_core.runner import ActionRequest

from bosun_core import cli
from bosun_test.conformance.base import Promises
from bosun_test.conformance.driving import Driver, Status
from bosun_test.conformance.steps import at, counted_steps, in_a_child, spread
from bosun_test.conformance.telling import arguments_of

_AT_ONCE = 8
_ROUNDS = 3
_SIGNALS = 16


class Processes(Promises):
    """Concurrency and cancellation."""

    def test_no_process_remembers_anything_that_another_would_not_see(self, driver: Driver) -> None:
        driver.start("d1", "A")
        driver.expect(driver.run("deployment_status", "d1").model, "A", "the status tells what was started")
        replacement = driver.request("deployment_replace_model", "d1", "A", driver.package("B"), newModelId="B")
        driver.finished([driver.popen(replacement)])
        told = [driver.run("deployment_status", "d1")]
        told += driver.finished([driver.popen(driver.request("deployment_status", "d1"))])
        models = [status.model for status in told]
        promise = "what one process did is seen in every other"
        driver.expect(models, ["B", "B"], promise, "keep nothing in the process: the environment is the only memory")

    def test_replacements_of_one_deployment_at_once_are_done_one_after_the_other(self, driver: Driver) -> None:
        driver.start("d1", "A")
        for _ in range(_ROUNDS):
            requests = [
                driver.request("deployment_replace_model", "d1", "A", driver.package(model), newModelId=model)
                for model in ("B", "C")
            ]
            statuses = driver.finished([driver.popen(request) for request in requests])
            driver.expect([status["status"] for status in statuses], ["passing"] * 2, "both replacements pass")
            running = driver.models()
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
        running = driver.models()
        if running not in ({}, {"d1": "A"}):
            raise driver.broken(f"{running} runs")
        driver.expect_clean(running, "the deployment runs or is gone")

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: str(number.name))
    def test_a_runner_that_is_told_to_end_leaves_a_status_and_the_old_or_the_new_model(
        self, driver: Driver, number: signal.Signals
    ) -> None:
        request = driver.request("deployment_replace_model", "d1", "A", driver.package("B"), newModelId="B")
        for where, status in _signalled(driver, request, number, lambda: driver.start("d1", "A")):
            running = driver.models()
            if running not in ({"d1": "A"}, {"d1": "B"}):
                raise driver.broken(f"{where}: {running} runs, not the old or new model")
            driver.expect(status.model, running["d1"], f"{where}: the status tells the model that runs")
            if status["status"] == "failing":
                old = (status["data"] or {}).get("oldModelInUse")
                driver.expect(old, running["d1"] == "A", f"{where}: data.oldModelInUse tells whether the old one runs")
            driver.expect_clean(running, f"{where}: the place is clean")

    def test_a_start_that_is_told_to_end_leaves_a_status_and_all_or_nothing(self, driver: Driver) -> None:
        request = driver.request("deployment_start", "d1", "A", driver.package("A"))
        for where, status in _signalled(driver, request, signal.SIGTERM, lambda: None):
            running = driver.models()
            if running not in ({}, {"d1": "A"}):
                raise driver.broken(f"{where}: {running} runs, neither nothing nor the model that was started")
            driver.expect(status.model, running.get("d1"), f"{where}: the status tells the model that runs")
            old = bool((status["data"] or {}).get("oldModelInUse"))
            driver.expect(old, False, f"{where}: there is no old model to be in use")
            driver.expect_clean(running, f"{where}: the place is clean")

    def test_a_stop_that_is_told_to_end_leaves_a_status_and_all_or_nothing(self, driver: Driver) -> None:
        request = driver.request("deployment_stop", "d1")
        for where, _ in _signalled(driver, request, signal.SIGTERM, lambda: driver.start("d1", "A")):
            running = driver.models()
            if running not in ({}, {"d1": "A"}):
                raise driver.broken(f"{where}: {running} runs, neither all nor nothing of what was to be stopped")
            driver.expect_clean(running, f"{where}: the place is clean")


def _signalled(
    driver: Driver, request: ActionRequest, number: signal.Signals, prepare: Callable[[], object]
) -> Iterator[tuple[str, Status]]:
    """Run an action again and again as a command that gets a signal at a step; yield where, and the status it wrote."""
    prepare()
    steps = counted_steps(request)
    for step in spread(steps, min(driver.profile.kills or _SIGNALS, _SIGNALS)):
        driver.environment.reset()
        driver.begin_story()
        prepare()
        driver.note(request, number, step)
        path = driver.status_path()
        command = [*arguments_of(request), "--status-file", str(path)]
        in_a_child(partial(cli.main, command), at(step, lambda: os.kill(os.getpid(), number)))
        where = f"{number.name} at step {step} of {steps}"
        if not path.exists():
            raise driver.broken(f"{where}: there is no status file")
        yield where, Status(yaml.safe_load(path.read_text()))
