"""Changes executed step by step: what is rolled back before the commit, and what is carried on with after it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from bosun_core.lifecycle.execution import execute
from bosun_core.lifecycle.steps import SKIPPED, Change, Step, StepWarning, plan_of
from bosun_core.reporting import listen
from hypothesis import given
from hypothesis import strategies as st

from bosun_core import EnvironmentFailure, Interruption


class World:
    """What steps have done, in order; a step named in `fails` raises when it is done, one in `stuck` when undone."""

    def __init__(
        self, fails: dict[str, BaseException] | None = None, stuck: tuple[str, ...] = (), lock: bool = True
    ) -> None:
        self.log: list[str] = []
        self.fails = fails or {}
        self.stuck = stuck
        self.has_lock = lock

    def step(self, verb: str, what: str, *, waits: bool = False, undo: bool = True) -> Step:
        def do() -> None:
            self.log.append(f"{verb} {what}")
            error = self.fails.pop(what, None)
            if error is not None:
                raise error

        def take_back() -> None:
            self.log.append(f"undo {verb} {what}")
            if what in self.stuck:
                raise EnvironmentFailure(f"{what} is stuck")

        return Step(verb, what, do, take_back if undo else None, waits)

    def verify(self) -> None:
        self.log.append("verify")
        if not self.has_lock:
            raise EnvironmentFailure("lost the lock")

    def change(self, *names: str, commit: int | None, **more: Any) -> Change:
        return Change(tuple(self.step("make", name) for name in names), commit, **more)


REFUSED = EnvironmentFailure("the environment refused")


def refused() -> EnvironmentFailure:
    return EnvironmentFailure("the environment refused")


def test_the_plan_is_the_list_of_steps() -> None:
    world = World()

    assert plan_of([world.change("a", "b", commit=1), world.change("c", commit=None)]) == ["make a", "make b", "make c"]


def test_a_plan_says_in_detail_what_a_step_changes_and_reports_say_it_in_short() -> None:
    step = Step("change", "service x", lambda: None, detail="port: 80 -> 81")
    steps: list[str] = []
    end = listen(lambda step, _done, _total: steps.append(step))
    try:
        outcome = execute([Change((step,))])
    finally:
        end()

    assert plan_of([Change((step,))]) == ["change service x: port: 80 -> 81"]
    assert (steps, outcome.done) == (["change service x"], ("changed service x",))


@pytest.mark.parametrize("commit", [None, 0, 1])
def test_what_a_step_warns_of_is_reported_though_it_was_done(commit: int | None) -> None:
    steps = (Step("check", "it", lambda: StepWarning("it is slow")), Step("make", "it", lambda: None))

    assert execute([Change(steps, commit)]) == (("checked it", "made it"), ("it is slow",), None)


def test_one_cause_that_fails_each_step_is_told_once() -> None:
    world = World({name: refused() for name in "ab"})

    with pytest.raises(EnvironmentFailure, match=r"^the environment refused$"):
        execute([world.change("a", "b", commit=None)])


def test_steps_are_done_in_order_and_the_lock_is_verified_before_the_commit() -> None:
    world = World()

    outcome = execute([world.change("a", "b", "c", commit=1)], world.verify)

    assert world.log == ["make a", "verify", "make b", "make c"]
    assert outcome == (("made a", "made b", "made c"), (), None)


@pytest.mark.parametrize(
    ("verb", "past"),
    [
        ("create", "created"),
        ("copy", "copied"),
        ("write", "wrote"),
        ("put", "put"),
        ("remove", "removed"),
        ("start", "started"),
        ("deploy", "deployed"),
        ("wait until", "waited until"),
        ("build", "built"),
    ],
)
def test_a_step_that_was_done_is_reported_in_the_past(verb: str, past: str) -> None:
    assert execute([Change((Step(verb, "it", lambda: None),), 0)]).done == (f"{past} it",)


def test_a_step_that_finds_nothing_to_do_is_not_reported_as_done() -> None:
    steps = (Step("make", "a", lambda: SKIPPED), Step("make", "b", lambda: None))

    assert execute([Change(steps, 1)]).done == ("made b",)


@pytest.mark.parametrize("kind", [EnvironmentFailure, Interruption, RuntimeError])
@pytest.mark.parametrize("at", ["a", "b", "c"])
def test_a_failure_before_the_commit_or_in_it_rolls_back_what_was_tried_in_reverse(
    at: str, kind: Callable[[str], BaseException]
) -> None:
    world = World({at: kind("no")})
    names = ["a", "b", "c", "d"]
    tried = names[: names.index(at) + 1]

    with pytest.raises(kind, match="no"):
        execute([world.change(*names, commit=2)], world.verify)

    verified = ["verify"] if at == "c" else []
    done = [f"make {name}" for name in tried]
    undone = [f"undo make {name}" for name in reversed(tried)]
    assert world.log == [*done[:2], *verified, *done[2:], "verify", *undone]


def test_a_lock_that_is_lost_before_the_commit_leaves_everything_to_who_has_it_now() -> None:
    world = World(lock=False)

    with pytest.raises(EnvironmentFailure, match="lost the lock"):
        execute([world.change("a", "b", commit=1)], world.verify)

    assert world.log == ["make a", "verify", "verify"]


def test_what_cannot_be_rolled_back_is_named_and_the_rest_is_rolled_back() -> None:
    world = World({"c": refused()}, stuck=("b",))

    with pytest.raises(EnvironmentFailure, match=r"^the environment refused; could not be rolled back: b is stuck$"):
        execute([world.change("a", "b", "c", "d", commit=3)])

    assert world.log[-3:] == ["undo make c", "undo make b", "undo make a"]


def test_after_the_commit_every_step_is_tried_and_a_failure_is_a_warning() -> None:
    world = World({"b": refused(), "c": RuntimeError("a bug")})

    outcome = execute([world.change("a", "b", "c", "d", commit=0)])

    assert world.log == ["make a", "make b", "make c", "make d"]
    assert outcome.done == ("made a", "made d")
    assert outcome.warnings[0] == "could not make b: the environment refused; the next action on it tries again"
    assert "a bug" in outcome.warnings[1]


def test_a_signal_after_the_commit_is_heeded_when_all_is_done() -> None:
    world = World({"b": Interruption("SIGTERM came")})

    outcome = execute([world.change("a", "b", "c", commit=0)])

    assert world.log == ["make a", "make b", "make b", "make c"]
    assert (outcome.warnings, str(outcome.interruption)) == ((), "SIGTERM came")


@pytest.mark.parametrize("has_happened", [True, False])
def test_a_commit_whose_answer_was_lost_is_looked_up(has_happened: bool) -> None:
    world = World({"b": refused()})
    change = world.change("a", "b", "c", commit=1, is_committed=lambda: has_happened)

    if has_happened:
        execute([change])
    else:
        with pytest.raises(EnvironmentFailure):
            execute([change])

    rest = ["make c"] if has_happened else ["undo make b", "undo make a"]
    assert world.log == ["make a", "make b", *rest]


def test_a_commit_that_cannot_be_looked_up_is_taken_for_not_made() -> None:
    def lost() -> bool:
        raise EnvironmentFailure("nothing answers")

    world = World({"b": refused()})

    with pytest.raises(EnvironmentFailure, match="the environment refused"):
        execute([world.change("a", "b", commit=1, is_committed=lost)])

    assert world.log[-1] == "undo make a"


def test_a_removal_tries_every_step_and_fails_with_what_is_left() -> None:
    world = World({"a": refused(), "c": EnvironmentFailure("c is busy")})

    with pytest.raises(EnvironmentFailure, match=r"^the environment refused; c is busy$"):
        execute([world.change("a", "b", "c", commit=None)], world.verify)

    assert world.log == ["verify", "make a", "make b", "make c"]


def test_what_waits_in_one_change_waits_after_the_beginning_of_the_others() -> None:
    world = World()
    broker = Change((world.step("start", "broker"), world.step("wait for", "broker", waits=True)), 1)
    proxy = Change((world.step("start", "proxy"), world.step("wait for", "proxy", waits=True)), 1)

    execute([broker, proxy])

    assert world.log == ["start broker", "start proxy", "wait for broker", "wait for proxy"]


def test_a_change_that_fails_rolls_back_none_that_was_committed_and_all_that_were_not() -> None:
    world = World({"agent": refused()})
    proxy = Change((world.step("start", "proxy"), world.step("adopt", "proxy")), 0)
    broker = Change((world.step("start", "broker"), world.step("wait for", "agent", waits=True)), 1)
    late = Change((world.step("start", "late"), world.step("wait for", "late", waits=True)), 1)

    with pytest.raises(EnvironmentFailure, match="refused"):
        execute([proxy, broker, late])

    assert world.log == [
        *("start broker", "start late", "start proxy", "wait for agent"),
        *("undo start late", "undo wait for agent", "undo start broker", "adopt proxy"),
    ]


@given(
    names=st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8, unique=True),
    data=st.data(),
)
def test_whatever_fails_all_is_undone_or_all_is_tried(names: list[str], data: st.DataObject) -> None:
    """The law: before the commit each step that was tried is undone once; after it each step is tried."""
    commit = data.draw(st.integers(0, len(names) - 1))
    failing = data.draw(st.sets(st.sampled_from(names)))
    interrupted = data.draw(st.sets(st.sampled_from(names), max_size=1)) - failing
    world = World({name: refused() for name in failing} | {name: Interruption("ended") for name in interrupted})
    change = world.change(*names, commit=commit)

    is_committed = True
    try:
        execute([change])
    except (EnvironmentFailure, Interruption):
        is_committed = False

    assert is_committed == ({*names[: commit + 1]}.isdisjoint(failing | interrupted))
    undone = [entry.removeprefix("undo make ") for entry in world.log if entry.startswith("undo")]
    tried = list(dict.fromkeys(entry.removeprefix("make ") for entry in world.log if entry.startswith("make")))
    assert undone == ([] if is_committed else list(reversed(tried)))
    assert tried == (names if is_committed else names[: len(tried)])


def test_each_step_is_an_audit_event_before_it_is_done_and_after() -> None:
    seen: list[tuple[object, ...]] = []
    armed = [True]

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if armed and event in ("bosun.plan", "bosun.planned_step", "bosun.done"):
            seen.append((event, *arguments))

    sys.addaudithook(hook)
    execute([Change((Step("make", "a", lambda: None), Step("make", "b", lambda: SKIPPED)), 0)])
    armed.clear()

    assert seen == [
        ("bosun.plan", ["make a", "make b"]),
        ("bosun.planned_step", "make a"),
        ("bosun.done", "make a", "done"),
        ("bosun.planned_step", "make b"),
        ("bosun.done", "make b", "skipped"),
    ]
