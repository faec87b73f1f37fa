"""Random sequences of all actions over several deployments, with faults between, against a model of what must hold."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import hypothesis
from bosun_core.runner import ActionRequest
from hypothesis import HealthCheck, Phase, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bosun_test.conformance.base import Promises
from bosun_test.conformance.driving import Driver, Status, sha256_of
from bosun_test.conformance.environment import Environment, Running
from bosun_test.conformance.profile import chosen_seed

ANSWERS = "test_the_prediction_url_answers_with_the_model_that_was_started"
MENDS = "test_start_again_mends_a_broken_deployment"

NAMES = ("d1", "d2", "d3")
_names = strategies.sampled_from(NAMES)
_models = strategies.sampled_from(["A", "B", "C"])
_editions = strategies.sampled_from(["", ", second edition"])
_steps = strategies.integers(1, 60)


class Deployed(NamedTuple):
    """What a deployment must run; `other_settings` is None where a kill left it open."""

    model: str
    package: str
    other_settings: bool | None = False


class Actions(RuleBasedStateMachine):
    """The rules; `expected` is the model: what each deployment must run."""

    driver: Driver

    def __init__(self) -> None:
        super().__init__()
        self.driver.begin_story()
        self.driver.environment.reset()
        self.expected: dict[str, Deployed] = {}
        self.unfinished: set[str] = set()  # killed, and not acted on since: leftovers are allowed
        self.turns = itertools.count()

    @initialize(beginning=strategies.dictionaries(_names, _models))
    def some_run_already(self, beginning: dict[str, str]) -> None:
        for name, model in beginning.items():
            self._brought(name, Deployed(model, model), self.driver.start(name, model))

    @rule(action=strategies.sampled_from(["plugin_start", "plugin_stop"]))
    def environment_action(self, action: str) -> None:
        self._comes_out(self.driver.run(action), passing=True)

    @rule(name=_names, model=_models, edition=_editions, other_settings=strategies.booleans())
    def starts(self, name: str, model: str, edition: str, other_settings: bool) -> None:  # noqa: FBT001  # Hypothesis draws it
        goal = Deployed(model, model + edition, other_settings)
        unchanged = self.expected.get(name) == goal and name not in self.unfinished
        before = self.driver.environment.picture() if unchanged else None
        self._brought(name, goal, self.driver.run_request(self._start(name, goal)))
        if unchanged:
            self.driver.expect(
                self.driver.environment.picture(), before, "a start of what already runs changes nothing"
            )

    @rule(name=_names, model=_models, edition=_editions)
    def replaces(self, name: str, model: str, edition: str) -> None:
        goal = Deployed(model, model + edition)
        status = self.driver.run_request(self._replacement(name, goal))
        if name in self.expected:
            self._brought(name, goal, status)
        else:
            self._comes_out(status, passing=False)

    @rule(name=_names, model=_models, action=strategies.sampled_from(["deployment_start", "deployment_replace_model"]))
    def its_package_is_missing(self, name: str, model: str, action: str) -> None:
        missing = self.driver.package(model).with_name("missing.mlpkg")
        self._comes_out(self.driver.run(action, name, model, missing, newModelId=model), passing=False)

    @rule(name=_names)
    def relaunches(self, name: str) -> None:
        status = self.driver.run_request(self._relaunch(name))
        self._comes_out(status, passing=name in self.expected)
        if name in self.expected:
            self._finished(name, self.expected[name]._replace(other_settings=None))

    @rule(name=_names)
    def stops(self, name: str) -> None:
        self._comes_out(self.driver.run("deployment_stop", name), passing=True)
        self._finished(name, None)

    @rule(name=_names, model=_models, step=_steps)
    def start_is_killed(self, name: str, model: str, step: int) -> None:
        goal = Deployed(model, model)
        self._killed(name, self._start(name, goal), step, goal)

    @rule(name=_names, model=_models, step=_steps)
    def replacement_is_killed(self, name: str, model: str, step: int) -> None:
        goal = Deployed(model, model)
        self._killed(name, self._replacement(name, goal), step, goal if name in self.expected else None)

    @rule(name=_names, step=_steps)
    def relaunch_is_killed(self, name: str, step: int) -> None:
        self._killed(name, self._relaunch(name), step, self.expected.get(name))

    @rule(name=_names, step=_steps)
    def stop_is_killed(self, name: str, step: int) -> None:
        self._killed(name, self.driver.request("deployment_stop", name), step, None)

    @rule(name=_names)
    def is_broken_and_started_again(self, name: str) -> None:
        environment, goal = self.driver.environment, self.expected.get(name)
        if goal is None or MENDS in environment.not_kept or type(environment).damage is Environment.damage:
            return
        environment.damage(name)
        self.driver.tell(f"{name} is damaged from outside")
        goal = goal._replace(other_settings=False)
        self._brought(name, goal, self.driver.run_request(self._start(name, goal)))

    @rule(name=_names, model=_models)
    def dry_runs_change_nothing(self, name: str, model: str) -> None:
        before = self.driver.environment.picture()
        goal = Deployed(model, model)
        stop = self.driver.request("deployment_stop", name)
        for request in (self._start(name, goal), self._replacement(name, goal), self._relaunch(name), stop):
            self.driver.run_request(request._replace(dry_run=True))
        self.driver.expect(self.driver.environment.picture(), before, "dry runs change nothing")

    @rule(listed=strategies.none() | strategies.lists(_names, unique=True))
    def pe_status_compares(self, listed: list[str] | None) -> None:
        word = "passing" if listed is None or set(listed) == set(self.expected) else "warning"
        status = self.driver.run("pe_status", listed=listed)
        self.driver.expect(status["status"], word, "pe_status compares what runs with what is listed")

    @invariant()
    def just_this_runs(self) -> None:
        running = {name: self._running(deployed) for name, deployed in self.expected.items()}
        promise = "what runs is what the actions so far add up to"
        (self.driver.expect_running if self.unfinished else self.driver.expect_clean)(running, promise)

    @invariant()
    def the_answers_tell_what_runs(self) -> None:
        models = {name: deployed.model for name, deployed in self.expected.items()}
        with self.driver.aside():
            entries = self.driver.run("deployment_list")["data"] or {}
            found = {name: Status(entry).model for name, entry in entries.items()}
            self.driver.expect(found, models, "deployment_list tells what runs")
        for name in self._some_that_run_and_not():
            with self.driver.aside():
                self._status_tells(name, models.get(name))

    def _some_that_run_and_not(self) -> list[str]:
        """Return one deployment that runs, another at each step, and one that does not."""
        running, missing = sorted(self.expected), [name for name in NAMES if name not in self.expected]
        turn = next(self.turns)
        return [names[turn % len(names)] for names in (running, missing) if names]

    def _status_tells(self, name: str, model: str | None) -> None:
        status = self.driver.run("deployment_status", name)
        self.driver.expect(status.model, model, "deployment_status tells what runs")
        if model is not None and ANSWERS not in self.driver.environment.not_kept:
            answer = self.driver.answer(name, self.driver.url(status))
            self.driver.expect(answer, model, "the model that the status tells answers at its URL")

    def _start(self, name: str, goal: Deployed) -> ActionRequest:
        settings = dict(self.driver.environment.other_key_values) if goal.other_settings else None
        package = self.driver.package(goal.package)
        return self.driver.request("deployment_start", name, goal.model, package, keyValueConfig=settings)

    def _replacement(self, name: str, goal: Deployed) -> ActionRequest:
        package = self.driver.package(goal.package)
        return self.driver.request("deployment_replace_model", name, None, package, newModelId=goal.model)

    def _relaunch(self, name: str) -> ActionRequest:
        return self.driver.request("deployment_relaunch", name, self.expected.get(name, Deployed("A", "A")).model)

    def _comes_out(self, status: Status, *, passing: bool) -> None:
        word, promise = ("passing", "the action passes") if passing else ("failing", "the action fails")
        self.driver.expect(status["status"], word, promise)

    def _brought(self, name: str, goal: Deployed, status: Status) -> None:
        self.driver.expect((*status.outcome, status.model), ("passing", "ready", goal.model), "the action passes")
        self._finished(name, goal)

    def _finished(self, name: str, goal: Deployed | None) -> None:
        self.unfinished.discard(name)
        self.expected.pop(name, None)
        if goal is not None:
            self.expected[name] = goal

    def _killed(self, name: str, request: ActionRequest, step: int, goal: Deployed | None) -> None:
        """Kill an action at a step: what was there is, or what was to come."""
        before = self.expected.get(name)
        hit = self.driver.killed(request, step)
        running = self.driver.environment.running().get(name)
        possible = [goal, before] if hit else [goal]
        left = [one for one in possible if running == (one and self._running(one))]
        if not left:
            names = " or ".join(str(one and one.package) for one in possible)
            raise self.driver.broken(f"after a kill at step {step} {running} runs, not {names}")
        self._finished(name, left[0] and left[0]._replace(other_settings=None))
        if hit:
            self.unfinished.add(name)

    def _running(self, deployed: Deployed) -> Running:
        return Running(deployed.model, sha256_of(self.driver.package(deployed.package)))


class Sequences(Promises):
    """Any sequence of actions."""

    def test_any_sequence_of_actions_adds_up(self, driver: Driver) -> None:
        run_sequences(driver)


def run_sequences(driver: Driver) -> None:
    """Run as many random sequences as the profile says; the first that does not add up is made as short as possible.

    Raises:
        PromiseBroken: one does not; the text has the shortest as commands that can be pasted.
    """
    profile = driver.profile
    settings = hypothesis.settings(
        max_examples=profile.sequences,
        stateful_step_count=profile.steps,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],  # to explain a failure it would trace each line, at a third of the speed
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    machine = type("Machine", (Actions,), {"driver": driver})
    run_state_machine_as_test(hypothesis.seed(chosen_seed())(machine), settings=settings)
