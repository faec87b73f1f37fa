"""Promises that hold when a runner is killed: at each step of an action, and the same action again converges."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator

from bosun_core.runner import ActionRequest, run_action

from bosun_test.conformance.base import Promises
from bosun_test.conformance.driving import Driver
from bosun_test.conformance.environment import Environment
from bosun_test.conformance.profile import chosen_profile

# Events of the interpreter that touch nothing outside the process.
_INNER = ("import", "compile", "exec", "marshal.", "object.", "sys.", "code.", "ctypes.", "builtins.", "gc.")


def in_a_child(work: Callable[[], int], step: int, at_step: Callable[[int], None]) -> int:
    """Run `work` in a child process, call `at_step` there at its n-th step, and return its exit code.

    Steps are the audit events that reach outside the process, counted from where the plugin begins to act.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        _count_in_this_process(step, at_step)
        code = 70
        try:
            code = work()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _count_in_this_process(step: int, at_step: Callable[[int], None]) -> None:
    count = -1  # until the plugin begins to act

    def hook(event: str, _arguments: object) -> None:
        nonlocal count
        if event == "bosun.action":
            count = 0
        elif count >= 0 and not event.startswith(_INNER):
            count += 1
            if count == step:
                at_step(count)

    sys.addaudithook(hook)


def killed(request: ActionRequest, step: int) -> bool:
    """Run an action in a child that is killed at its n-th step; False where it ended before that."""
    code = in_a_child(lambda: _ended(request), step, lambda _: os.kill(os.getpid(), signal.SIGKILL))
    return code == -signal.SIGKILL


def _ended(request: ActionRequest) -> int:
    run_action(request)
    return 0


def counted_steps(request: ActionRequest) -> int:
    """Run an action to its end and return how many steps it has."""
    reader, writer = os.pipe()

    def work() -> int:
        count = 0

        def hook(event: str, _arguments: object) -> None:
            nonlocal count
            if event == "bosun.action":
                count = 0
            elif not event.startswith(_INNER):
                count += 1

        sys.addaudithook(hook)
        run_action(request)
        os.write(writer, str(count).encode())
        return 0

    in_a_child(work, 0, lambda _: None)
    os.close(writer)
    with os.fdopen(reader) as stream:
        return int(stream.read() or 0)


def spread(steps: int, most: int | None) -> list[int]:
    """Return the steps 1 to `steps`, or at most `most` of them spread evenly, the first and the last among them."""
    if most is None or steps <= most:
        return list(range(1, steps + 1))
    return sorted({1 + round(index * (steps - 1) / (most - 1)) for index in range(most)})


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
            running = {name: one.model for name, one in driver.environment.running().items()}
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
        environment: Environment = driver.environment

        def prepare() -> None:
            environment.reset()
            if beginning is not None:
                driver.start("d1", beginning)

        prepare()
        steps = counted_steps(request)
        for step in spread(steps, chosen_profile().kills):
            prepare()
            if killed(request, step):
                yield step
