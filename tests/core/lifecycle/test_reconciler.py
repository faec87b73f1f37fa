"""The reconciler's answers: what a backend warns of, notes, clears, plans and tells after a failure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Self

import pytest
from bosun_core.answers import DeploymentEntry
from bosun_core.lifecycle.backend import Backend, Difference, Lock, Preflight, Request, Survey
from bosun_core.lifecycle.reconciler import Reconciler
from bosun_core.lifecycle.steps import Change, Step, StepWarning
from bosun_core.locks import FILE_LOCK
from bosun_core.model import DeploymentInfo

from bosun_core import ActionStatus, Interruption

OK, WARN, ERROR = ActionStatus.OK, ActionStatus.WARN, ActionStatus.ERROR
START = DeploymentInfo({"id": "d1", "modelId": "A", "modelArtifact": "/a"})
REPLACE = DeploymentInfo({"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": "/b"})
RELAUNCH = DeploymentInfo({"id": "d1"})
STOP = DeploymentInfo({"id": "d1"})


class Model(NamedTuple):
    """A model that serves, or garbage that an action left which was killed."""

    model_id: str
    is_garbage: bool = False

    @property
    def active(self) -> str | None:
        return None if self.is_garbage else self.model_id


class Memory(Backend[Model, Request]):
    """An environment in this process."""

    def __init__(self, serving: Model | None = None, warnings: tuple[str, ...] = (), result: object = None) -> None:
        self.serving = serving
        self.log: list[str] = []
        self.warnings = warnings
        self.result = result
        self.notes: tuple[str, ...] = ()
        self.interrupts_at_first = False
        self.cleared = ""

    def __enter__(self) -> Self:
        if self.interrupts_at_first:
            self.interrupts_at_first = False
            raise Interruption("SIGTERM")
        return self

    def preflight(self, *, to_change: bool) -> Preflight:
        return Preflight("in order", self.warnings)

    def check(self, *, to_change: bool) -> Preflight:
        self.log.append(f"check {to_change}")
        return self.preflight(to_change=to_change)

    def is_untouched(self, deployment_id: str) -> bool:
        return False

    @contextmanager
    def lock(self, deployment_id: str) -> Iterator[Lock]:
        yield FILE_LOCK

    def observe_collected(self, deployment_id: str) -> Model | None:
        found = self.observe(deployment_id)
        self.serving = None if found is None else self.without_garbage(found)
        return self.serving

    def without_garbage(self, observed: Model) -> Model | None:
        return None if observed.is_garbage else observed

    def clear_unknown(self, deployment_id: str) -> None:
        self.cleared = deployment_id

    def observe(self, deployment_id: str) -> Model | None:
        return self.serving

    def observe_outcome(self, deployment_id: str) -> Model | None:
        self.log.append("outcome")
        return self.observe(deployment_id)

    def observe_all(self) -> Survey[Model]:
        return Survey([self.serving] if self.serving else [])

    def survey(self) -> Survey[Model]:
        return self.observe_all()._replace(warnings=["a quota is full"])

    def describe(self, observed: Model) -> DeploymentEntry:
        return DeploymentEntry("d1", observed.model_id)

    def desired(self, request: Request, observed: Model | None) -> Request:
        return request

    def differences(self, desired: Request, observed: Model | None) -> Iterator[Difference]:
        if observed is None or observed.model_id != desired.model_id:
            yield Difference("modelId", observed and observed.model_id, desired.model_id)

    def rollout(self, desired: Request, observed: Model | None) -> Change:
        def switch() -> object:
            self.serving = Model(desired.model_id)
            return self.result

        old = "" if observed is None else f" from {observed.model_id}"
        verb = "relaunch" if desired.is_relaunch else "switch"
        return Change((Step(verb, "to the new model", switch, detail=f"{desired.model_id}{old}"),), 0, notes=self.notes)

    def removal(self, observed: Model) -> Change:
        def remove() -> None:
            self.serving = None

        return Change((Step("remove", observed.model_id, remove),))


def reconciler(backend: Memory, *, dry_run: bool = False) -> Reconciler[Model, Request]:
    return Reconciler(backend, dry_run=dry_run)


@pytest.mark.parametrize("dry_run", [True, False])
def test_warnings_of_the_preflight_make_each_action_that_makes_something_a_warning_and_no_other(dry_run: bool) -> None:
    backend = Memory(warnings=("nothing is monitored",))

    def acting() -> Reconciler[Model, Request]:
        return reconciler(backend, dry_run=dry_run)

    unknown = acting().deployment_replace_model(REPLACE)
    assert (unknown.status, "monitored" in str(unknown.msg)) == (ERROR, False)
    made = [acting().plugin_start(), acting().deployment_start(START), acting().deployment_start(START)]
    backend.serving = Model("A")
    made += [acting().deployment_replace_model(REPLACE), acting().deployment_relaunch(RELAUNCH)]
    assert [(one.status, str(one.msg).count("nothing is monitored")) for one in made] == [(WARN, 1)] * 5
    assert acting().deployment_status(STOP).status is OK
    assert acting().deployment_stop(STOP).status is OK


def test_what_a_step_finds_that_a_person_should_see_to_makes_a_warning_of_what_was_done() -> None:
    answer = reconciler(Memory(result=StepWarning("the gateway does not answer"))).deployment_start(START)

    assert (answer.status, answer.msg) == (WARN, "deployment d1 serves model A; the gateway does not answer")


def test_notes_are_told_and_change_no_status() -> None:
    backend = Memory(Model("A"))
    backend.notes = ("the key colour is not known",)

    answer = reconciler(backend).deployment_replace_model(REPLACE)

    assert (answer.status, answer.msg) == (
        OK,
        "deployment d1 serves model B instead of A; the key colour is not known",
    )


def test_a_dry_run_plans_with_what_collecting_garbage_would_leave_and_clears_nothing() -> None:
    backend = Memory(Model("A", is_garbage=True))

    planned = reconciler(backend, dry_run=True).deployment_start(START)
    refused = reconciler(backend, dry_run=True).deployment_replace_model(REPLACE)

    assert planned.data is not None
    assert planned.data["plan"] == ["switch to the new model: A"]
    assert (refused.status, backend.serving) == (ERROR, Model("A", is_garbage=True))
    assert reconciler(backend).deployment_replace_model(REPLACE).msg == refused.msg


def test_a_relaunch_is_asked_for_as_one_and_what_came_of_it_is_observed_as_an_outcome() -> None:
    backend = Memory(Model("A"))

    planned = reconciler(backend, dry_run=True).deployment_relaunch(RELAUNCH)
    reconciler(backend).deployment_relaunch(RELAUNCH)

    assert planned.data is not None
    assert (planned.data["plan"], backend.log) == (["relaunch to the new model: A from A"], ["outcome"])


def test_an_action_that_ends_before_its_environment_is_entered_tells_what_serves() -> None:
    backend = Memory(Model("A"))
    backend.interrupts_at_first = True

    with pytest.raises(Interruption) as raised:
        reconciler(backend).deployment_replace_model(REPLACE)

    assert raised.value.data == {"oldModelInUse": True, "currentModelId": "A"}


def test_a_stop_that_observes_nothing_has_the_backend_clear_what_may_be_left() -> None:
    backend = Memory()

    answer = reconciler(backend).deployment_stop(STOP)

    assert (answer.msg, backend.cleared) == ("deployment d1 was not there; nothing to stop", "d1")


def test_plugin_start_checks_and_pe_status_surveys() -> None:
    backend = Memory(Model("A"))
    told: Any = reconciler(backend, dry_run=True).plugin_start()
    seen = reconciler(backend).pe_status(None)

    assert (told.status, backend.log) == (OK, ["check False"])
    assert (seen.status, seen.msg) == (WARN, "a quota is full")
    assert reconciler(backend).deployment_list().status is OK
