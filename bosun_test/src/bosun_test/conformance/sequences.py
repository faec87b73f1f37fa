"""Random sequences of all actions over several deployments, with faults between, against a model of what must hold."""

from __future__ import annotations

from typing import Any

import hypothesis
from hypothesis import HealthCheck, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bosun_test.conformance.base import Promises
from bosun_test.conformance.crashes import killed
from bosun_test.conformance.driving import Driver
from bosun_test.conformance.profile import chosen_profile, chosen_seed

_names = strategies.sampled_from(["d1", "d2", "d3"])
_models = strategies.sampled_from(["A", "B", "C"])


class _Actions(RuleBasedStateMachine):
    """The rules; `expected` is the model: which model each deployment must run."""

    driver: Driver

    def __init__(self) -> None:
        super().__init__()
        self.driver.begin_story()
        self.driver.environment.reset()
        self.expected: dict[str, str] = {}

    @rule()
    def plugin_starts(self) -> None:
        self._passes(self.driver.run("plugin_start"))

    @rule()
    def plugin_stops(self) -> None:
        self._passes(self.driver.run("plugin_stop"))

    @rule(name=_names, model=_models)
    def starts(self, name: str, model: str) -> None:
        self.driver.start(name, model)
        self.expected[name] = model

    @rule(name=_names, model=_models)
    def start_without_its_package_fails(self, name: str, model: str) -> None:
        missing = self.driver.package(model).with_name("missing.mlpkg")
        self._fails(self.driver.run("deployment_start", name, model, missing))

    @rule(name=_names, model=_models)
    def replaces(self, name: str, model: str) -> None:
        status = self.driver.replace(model, name)
        if name in self.expected:
            self._passes(status)
            self.expected[name] = model
        else:
            self._fails(status)

    @rule(name=_names, model=_models)
    def replacement_without_its_package_fails(self, name: str, model: str) -> None:
        missing = self.driver.package(model).with_name("missing.mlpkg")
        self._fails(self.driver.replace(model, name, package=missing))

    @rule(name=_names)
    def relaunches(self, name: str) -> None:
        status = self.driver.run("deployment_relaunch", name, self.expected.get(name, "A"))
        (self._passes if name in self.expected else self._fails)(status)

    @rule(name=_names)
    def stops(self, name: str) -> None:
        self._passes(self.driver.run("deployment_stop", name))
        self.expected.pop(name, None)

    @rule(name=_names, model=_models, step=strategies.integers(1, 100))
    def start_is_killed_and_run_again(self, name: str, model: str, step: int) -> None:
        request = self.driver.request("deployment_start", name, model, self.driver.package(model))
        self.driver.tell(f"the next one killed at step {step}:" if killed(request, step) else "run to its end:")
        self._passes(self.driver.run_request(request))
        self.expected[name] = model

    @rule(name=_names, step=strategies.integers(1, 100))
    def stop_is_killed_and_run_again(self, name: str, step: int) -> None:
        request = self.driver.request("deployment_stop", name)
        self.driver.tell(f"the next one killed at step {step}:" if killed(request, step) else "run to its end:")
        self._passes(self.driver.run_request(request))
        self.expected.pop(name, None)

    @rule(name=_names)
    def status_tells_the_model(self, name: str) -> None:
        status = self.driver.run("deployment_status", name)
        self.driver.expect(status.model, self.expected.get(name), "deployment_status tells what runs")

    @rule()
    def list_tells_all(self) -> None:
        listed = self.driver.run("deployment_list")["data"] or {}
        found = {name: (entry["data"] or {}).get("currentModelId") for name, entry in listed.items()}
        self.driver.expect(found, self.expected, "deployment_list tells what runs")

    @rule(listed=strategies.lists(_names, unique=True))
    def pe_status_compares(self, listed: list[str]) -> None:
        status = self.driver.run("pe_status", listed=listed)
        agree = set(listed) == set(self.expected)
        word = "passing" if agree else "warning"
        self.driver.expect(status["status"], word, "pe_status compares what runs with what is listed")

    @invariant()
    def just_this_runs(self) -> None:
        self.driver.expect_clean(self.expected, "what runs is what the actions so far add up to")

    def _passes(self, status: Any) -> None:
        self.driver.expect(status["status"], "passing", "the action passes")

    def _fails(self, status: Any) -> None:
        self.driver.expect(status["status"], "failing", "the action fails")


class Sequences(Promises):
    """Any sequence of actions."""

    def test_any_sequence_of_actions_adds_up(self, driver: Driver) -> None:
        profile = chosen_profile()

        class Machine(_Actions):
            pass

        Machine.driver = driver
        settings = hypothesis.settings(
            max_examples=profile.sequences,
            stateful_step_count=profile.steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        run_state_machine_as_test(hypothesis.seed(chosen_seed())(Machine), settings=settings)
