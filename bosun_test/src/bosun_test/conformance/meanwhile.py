"""Promises about what others see and do while an action is under way: the action is held at each of its steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from bosun_core.runner import ActionRequest

from bosun_test.conformance.base import Promises
from bosun_test.conformance.driving import Driver, Status, sha256_of
from bosun_test.conformance.environment import Running
from bosun_test.conformance.steps import Held, counted_steps, spread

_LEAST_PATIENCE = 0.05  # seconds; who has not ended by then, and in thrice its usual time, waits for the other
_MOST_MEETINGS = 16


class Meanwhile(Promises):
    """Somebody looks, or acts, in the middle of an action."""

    def test_whoever_looks_while_a_deployment_starts_sees_nothing_or_all_of_it(self, driver: Driver) -> None:
        request = driver.request("deployment_start", "d1", "A", driver.package("A"))
        self._look_at_each_step(driver, request, None, [None, "A"])

    def test_whoever_looks_while_a_model_is_replaced_sees_the_old_or_the_new(self, driver: Driver) -> None:
        request = driver.request("deployment_replace_model", "d1", "A", driver.package("B"), newModelId="B")
        self._look_at_each_step(driver, request, "A", ["A", "B"])

    def test_whoever_looks_while_a_deployment_stops_sees_all_of_it_or_nothing(self, driver: Driver) -> None:
        self._look_at_each_step(driver, driver.request("deployment_stop", "d1"), "A", ["A", None])

    def test_a_stop_in_the_middle_of_a_replacement_is_not_lost(self, driver: Driver) -> None:
        replacement = driver.request("deployment_replace_model", "d1", "A", driver.package("B"), newModelId="B")
        stop = driver.request("deployment_stop", "d1")

        def check(_: Status, second: Status) -> None:
            driver.expect(second.outcome, ("passing", "stopped"), "the stop passes")
            driver.expect_clean({}, "a stop in the middle of a replacement is not lost")

        self._one_in_the_middle_of_the_other(driver, replacement, stop, lambda: driver.start("d1", "A"), check)

    def test_a_start_in_the_middle_of_another_loses_neither(self, driver: Driver) -> None:
        one, other = (driver.request("deployment_start", name, "A", driver.package("A")) for name in ("d1", "d2"))

        def check(first: Status, second: Status) -> None:
            driver.expect([first["status"], second["status"]], ["passing"] * 2, "both starts pass")
            driver.expect_clean({"d1": "A", "d2": "A"}, "a start in the middle of another loses neither")
            listed = driver.run("deployment_list")["data"] or {}
            driver.expect(sorted(listed), ["d1", "d2"], "the list has both")

        self._one_in_the_middle_of_the_other(driver, one, other, lambda: None, check)

    def _look_at_each_step(
        self, driver: Driver, request: ActionRequest, beginning: str | None, models: Sequence[str | None]
    ) -> None:
        """Look at the steps of an action; `models` are what may run, in the order in which it may (None: nothing)."""

        def prepare() -> None:
            if beginning is not None:
                driver.start("d1", beginning)

        steps = _counted(driver, request, prepare)
        stage = 0
        prepare()
        driver.tell("held at each of its steps, and looked at:")
        driver.note(request)
        with Held(request, spread(steps, driver.profile.kills)) as held:
            while _held_again(driver, held):
                found = self._looked(driver, f"{request.action} at step {held.step} of {steps}", models)
                if models.index(found) < stage:
                    raise driver.broken(f"{request.action} at step {held.step}: {found} runs again")
                stage = models.index(found)
                held.go_on()
            driver.expect(_status(driver, held)["status"], "passing", f"{request.action} passes")

    def _looked(self, driver: Driver, where: str, models: Sequence[str | None]) -> str | None:
        found = driver.environment.running()
        model = found["d1"].model if "d1" in found else None
        if model not in models:
            raise driver.broken(f"{where}: {model} runs, seen from outside, not {' or '.join(map(str, models))}")
        if model is not None:
            whole = {"d1": Running(model, sha256_of(driver.package(model)))}
            driver.expect_running(whole, f"{where}: what runs has its own package", found)
        listed = driver.run("deployment_list")["data"] or {}
        for action, told in (
            ("deployment_status", driver.run("deployment_status", "d1")),
            ("deployment_list", Status(listed["d1"]) if "d1" in listed else None),
        ):
            ready = told is not None and told["state"] == "ready"
            if told is not None and ready:
                advice = "tell ready only of what serves already, whole"
                driver.expect(
                    told.model, model, f"{where}: {action} tells ready of what runs, and not too early", advice
                )
            elif model is not None and (told is None or told["status"] == "failing"):
                raise driver.broken(f"{where}: {model} runs, and {action} tells {told or 'nothing of it'}")
        return model

    def _one_in_the_middle_of_the_other(
        self,
        driver: Driver,
        first: ActionRequest,
        second: ActionRequest,
        prepare: Callable[[], object],
        check: Callable[[Status, Status], None],
    ) -> None:
        """Hold the first at one step after the other, and run the second to its end, or until it waits."""
        steps = _counted(driver, first, prepare)
        began = time.monotonic()
        _counted(driver, second, prepare)
        patience = max(_LEAST_PATIENCE, 3 * (time.monotonic() - began))
        for step in spread(steps, min(driver.profile.kills or _MOST_MEETINGS, _MOST_MEETINGS)):
            driver.environment.reset()
            driver.begin_story()
            prepare()
            driver.tell(f"held at step {step} while the one after it runs, or waits for it:")
            driver.note(first)
            with Held(first, (step,)) as one:
                if not _held_again(driver, one):
                    continue
                driver.note(second)
                with Held(second) as other:
                    other.wait(patience)
                    one.go_on()
                    check(_status(driver, one), _status(driver, other))


def _counted(driver: Driver, request: ActionRequest, prepare: Callable[[], object]) -> int:
    """Return the number of steps of an action; the environment is clean afterwards."""
    prepare()
    steps = counted_steps(request)
    driver.environment.reset()
    driver.begin_story()
    return steps


def _held_again(driver: Driver, held: Held) -> bool:
    """Wait until an action is held; False where it has ended."""
    if not held.wait(driver.environment.action_limit):
        raise driver.broken(
            f"an action did not go on within {driver.environment.action_limit:g} s; "
            "two runners must not wait for each other for ever"
        )
    return held.step is not None


def _status(driver: Driver, held: Held) -> Status:
    """Wait until an action has ended and return its status."""
    if held.status is None:
        _held_again(driver, held)
    if held.status is None:
        raise driver.broken("the process of an action died")
    return Status(held.status)
