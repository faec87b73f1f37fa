"""Promises that hold when a runner is killed: at each step of an action, and the same action again converges."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from bosun_core.runner import ActionRequest

from bosun_test.conformance.base import Promises
from bosun_test.conformance.driving import Driver
from bosun_test.conformance.steps import counted_steps, spread


class Crashes(Promises):
    """SIGKILL at the steps of start, replace, relaunch and stop."""

    def test_a_killed_start_converges_when_it_is_run_again(self, driver: Driver) -> None:
        request = driver.request("deployment_start", "d1", "A", driver.package("A"))
        self._kill_and_repeat(driver, request, None, [{}, {"d1": "A"}], {"d1": "A"})

    def test_a_killed_replacement_leaves_the_old_or_the_new_model_and_converges(self, driver: Driver) -> None:
        request = driver.request("deployment_replace_model", "d1", "A", driver.package("B"), newModelId="B")
        self._kill_and_repeat(driver, request, "A", [{"d1": "A"}, {"d1": "B"}], {"d1": "B"})

    def test_a_killed_relaunch_keeps_the_model_and_converges(self, driver: Driver) -> None:
        request = driver.request("deployment_relaunch", "d1", "A")
        self._kill_and_repeat(driver, request, "A", [{"d1": "A"}], {"d1": "A"})

    def test_a_killed_stop_converges_when_it_is_run_again(self, driver: Driver) -> None:
        request = driver.request("deployment_stop", "d1", "A")
        self._kill_and_repeat(driver, request, "A", [{"d1": "A"}, {}], {})

    def _kill_and_repeat(
        self,
        driver: Driver,
        request: ActionRequest,
        beginning: str | None,
        allowed: list[dict[str, str]],
        end: dict[str, str],
    ) -> None:
        hit = 0
        for step in self._steps(driver, request, beginning):
            running = driver.models()
            if running not in allowed:
                raise driver.broken(
                    f"killed at step {step}, {running} runs; allowed is {' or '.join(map(str, allowed))}",
                    "make what is new aside, and put it in place in one step",
                )
            status = driver.run_request(request)
            driver.expect(status["status"], "passing", f"killed at step {step}, the same action again passes")
            driver.expect_clean(end, f"killed at step {step} and run again, the action has converged")
            hit += 1
        sys.stdout.write(f"{request.action}: killed at {hit} steps\n")
        driver.expect(hit > 0, True, f"{request.action} has steps to be killed at")

    def _steps(self, driver: Driver, request: ActionRequest, beginning: str | None) -> Iterator[int]:
        def prepare() -> None:
            driver.environment.reset()
            driver.begin_story()
            if beginning is not None:
                driver.start("d1", beginning)

        prepare()
        steps = counted_steps(request)
        for step in spread(steps, driver.profile.kills):
            prepare()
            if driver.killed(request, step):
                yield step
