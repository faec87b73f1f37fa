"""Promises about plans: the steps of a dry run are the steps that a run executes."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, NamedTuple

import pytest
from bosun_core.errors import EnvironmentFailure
from bosun_core.runner import ActionRequest, run_action

from bosun_test.conformance.base import Promises
from bosun_test.conformance.driving import Driver, Status
from bosun_test.conformance.steps import in_a_child, spread

_STARTS = ("deployment_start", "deployment_replace_model", "deployment_relaunch")


class Plans(Promises):
    """What `--dry-run` returns, compared with what is done, and what is left where a step of it fails."""

    @pytest.mark.parametrize("action", [*_STARTS, "deployment_stop"])
    def test_the_steps_that_ran_are_the_steps_that_were_planned(self, driver: Driver, action: str) -> None:
        request = _prepared(driver, action)
        planned = (driver.run_request(request._replace(dry_run=True))["data"] or {}).get("plan")
        driver.expect(bool(planned), True, f"a dry run of {action} plans something")
        ran = _observed(request)
        driver.note(request)
        steps = _steps_of(driver, ran)
        driver.expect(steps, planned, "the plan of the run is the plan of the dry run", "plan from what is observed")
        driver.expect(ran.done, steps, "each step of the plan was executed, in its order, and no other")

    @pytest.mark.parametrize("action", _STARTS)
    def test_a_step_that_fails_leaves_what_was_there_or_all_that_is_new(self, driver: Driver, action: str) -> None:
        new = {"d1": "B" if action == "deployment_replace_model" else "A"}
        request = _prepared(driver, action)
        steps = _steps_of(driver, _observed(request))
        for number in spread(len(steps), driver.profile.kills):
            driver.environment.reset()
            driver.begin_story()
            _prepared(driver, action)
            before = driver.environment.running()
            ran = _observed(request, fails_at=number)
            if ran.failed is None:  # what is there by now, an image say, has made the plan shorter
                continue
            status, step = Status(ran.status), ran.failed
            driver.tell(f"{action}, with step {number} ({step}) failing: {status['status']}: {status['msg']}")
            if status["status"] == "failing":
                driver.expect_clean(before, f"{step!r} failed: everything is as it was")
            else:
                driver.expect_running(new, f"{step!r} failed and the action did not: the new model is in place")
                driver.expect(status["status"], "warning", f"{step!r} failed after the commit: that is a warning")
            driver.expect(driver.run_request(request)["status"], "passing", "the same action again passes")
            driver.expect_clean(new, "and converges")


class _Ran(NamedTuple):
    """The plans that an action made, the steps that it executed, its status, and the step that was made to fail."""

    plans: list[list[str]]
    done: list[str]
    status: dict[str, Any]
    failed: str | None


def _steps_of(driver: Driver, ran: _Ran) -> list[str]:
    if not ran.plans:
        raise driver.broken(
            "the action reported no steps, so nobody can tell whether it does what it plans",
            "write the plugin on bosun_core.lifecycle, which reports them, or declare the promise in not_kept",
        )
    return [step for plan in ran.plans for step in plan]


def _prepared(driver: Driver, action: str) -> ActionRequest:
    """Return the request of an action that has something to do."""
    if action == "deployment_start":
        return driver.request(action, "d1", "A", driver.package("A"))
    driver.start("d1", "A")
    if action == "deployment_replace_model":
        return driver.request(action, "d1", "A", driver.package("B"), newModelId="B")
    return driver.request(action, "d1", "A")


def _observed(request: ActionRequest, fails_at: int = 0) -> _Ran:
    """Run an action in a child process, and return what it planned and did; the step of that number fails."""
    reader, writer = os.pipe()

    def work() -> int:
        plans: list[list[str]] = []
        begun: list[str] = []
        done: list[str] = []

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event == "bosun.plan":
                plans.append(list(arguments[0]))
            elif event == "bosun.done":
                done.append(arguments[0])
            elif event == "bosun.planned_step":
                begun.append(arguments[0])
                if len(begun) == fails_at:
                    raise EnvironmentFailure("the kit has this step fail")

        sys.addaudithook(hook)
        status = run_action(request)
        with os.fdopen(writer, "w") as stream:
            json.dump(_Ran(plans, done, status, begun[fails_at - 1] if 0 < fails_at <= len(begun) else None), stream)
        return 0

    in_a_child(work, lambda _step: None)
    os.close(writer)
    with os.fdopen(reader) as stream:
        return _Ran(*json.loads(stream.read() or "[[], [], {}, null]"))
