"""Executes changes: rolls back before the commit, carries on after it, and reports what was done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from typing import NamedTuple

from bosun_core.endings import to_its_end
from bosun_core.errors import BosunError, EnvironmentFailure, Interruption
from bosun_core.lifecycle.steps import SKIPPED, Change, Step, StepWarning, plan_of
from bosun_core.reporting import progress
from bosun_core.signals import uninterrupted


class Outcome(NamedTuple):
    """What came of changes that count: what was done, what is left to be seen to, and a signal that came meanwhile."""

    done: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    interruption: Interruption | None = None


def execute(changes: Sequence[Change], verify_lock: Callable[[], object] = lambda: None) -> Outcome:
    """Execute changes that depend on each other in nothing, step by step.

    What fails before its commit is rolled back, with every other change that has not been committed; the steps after a
    commit are all tried, and what fails then is a warning. `verify_lock` raises where the lock is lost: then nothing is
    committed or rolled back any more.

    Raises:
        BosunError: a step failed before the commit, or a step of a removal; what could not be rolled back is named.
        Interruption: the action has to end, and nothing was committed.
    """
    sys.audit("bosun.plan", plan_of(changes))
    executions = [_Execution(change, verify_lock) for change in changes]
    try:
        for one in executions:
            one.begin()
        for one in executions:
            one.commit()
    except BaseException as error:
        left = [message for one in reversed(executions) for message in one.roll_back()]
        for one in executions:
            one.complete()
        if left and isinstance(error, BosunError):
            error.args = (f"{error}; could not be rolled back: {'; '.join(left)}",)
        raise
    for one in executions:
        one.complete()
    failures = [message for one in executions for message in one.failures]
    if failures:
        raise EnvironmentFailure("; ".join(dict.fromkeys(failures)))
    return Outcome(
        tuple(message for one in executions for message in one.done),
        tuple(message for one in executions for message in one.warnings),
        next((one.interruption for one in executions if one.interruption is not None), None),
    )


def described_bug(error: Exception) -> str:
    """Return one line for an exception that no step should raise; its traceback goes to the log."""
    from bosun_core.discovery import describe
    from bosun_core.log import logger

    logger().debug("a step raised", exc_info=error)
    return describe(error)


class _Execution:
    """One change on its way."""

    def __init__(self, change: Change, verify_lock: Callable[[], object]) -> None:
        self._change = change
        self._verify_lock = verify_lock
        self._tried = 0
        self._is_committed = False
        self.done: list[str] = []
        self.warnings: list[str] = []
        self.failures: list[str] = []
        self.interruption: Interruption | None = None

    def begin(self) -> None:
        """Do what comes before the commit, up to the first step that waits."""
        for step in self._change.steps[: self._change.commit or 0]:
            if step.waits:
                return
            self._do(step)

    def commit(self) -> None:
        """Do what is left before the commit, and the commit itself."""
        if self._change.commit is None:
            self._verify_lock()
            self._is_committed = True
            return
        for step in self._change.steps[self._tried : self._change.commit]:
            self._do(step)
        self._verify_lock()
        step = self._change.steps[self._change.commit]
        try:
            with nullcontext() if step.waits else uninterrupted():
                self._do(step)
                self._is_committed = True
        except Interruption as interruption:
            if not (self._is_committed or self._has_happened()):
                raise
            self._is_committed = True
            self.interruption = interruption
        except BosunError:
            if not self._has_happened():
                raise
            self._is_committed = True

    def _has_happened(self) -> bool:
        with suppress(BosunError):
            return self._change.is_committed is not None and self._change.is_committed()
        return False

    def complete(self) -> None:
        """Try each step after the commit, whatever became of the others and whatever signal comes."""
        if not self._is_committed:
            return
        for step in self._change.steps[self._tried :]:
            try:
                self._do_whole(step)
            except Exception as error:  # a bug in one step must not keep the others from being tried
                message = str(error) if isinstance(error, BosunError) else described_bug(error)
                if self._change.commit is None:
                    self.failures.append(message)
                else:
                    self.warnings.append(f"could not {step.name}: {message}; the next action on it tries again")

    def _do_whole(self, step: Step) -> None:
        try:
            self._do(step)
        except Interruption as interruption:  # no second one comes: the runner holds them after the first
            self.interruption = interruption
            self._tried -= 1
            self._do(step)

    def roll_back(self) -> list[str]:
        """Undo the steps that were tried, the last first; return what is left. A change that counts stays."""
        if self._is_committed:
            return []
        tried, self._tried = self._change.steps[: self._tried], 0
        try:
            self._verify_lock()
        except BosunError:
            return []  # whoever has the lock now clears what is left
        left = []
        for step in reversed(tried):
            if step.undo is None:
                continue
            try:
                to_its_end(step.undo)
            except BosunError as error:
                left.append(str(error))
            except Interruption:
                continue  # it was undone once more, and the error that is on its way ends the action
        return left

    def _do(self, step: Step) -> None:
        text = str(step)
        self._tried += 1
        progress(step.name, self._tried - 1, len(self._change.steps))
        sys.audit("bosun.planned_step", text)  # the conformance kit compares these with the plan, and has them fail
        result = step.do()
        is_skipped = result is SKIPPED
        sys.audit("bosun.done", text, "skipped" if is_skipped else "done")
        if not is_skipped:
            self.done.append(step.past)
        if isinstance(result, StepWarning):
            self.warnings.append(result.message)
