"""Steps and changes: what is going to be done, as data that a dry run returns and a run executes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

_IRREGULAR = {
    "bring": "brought",
    "build": "built",
    "give": "gave",
    "have": "had",
    "leave": "left",
    "make": "made",
    "put": "put",
    "run": "ran",
    "send": "sent",
    "stop": "stopped",
    "write": "wrote",
}

SKIPPED = object()
"""What a step returns that found its work done already."""


class StepWarning(NamedTuple):
    """What a step returns that was done, and found what a person should see to."""

    message: str


class Step(NamedTuple):
    """One step of a change: a verb in the imperative, what it acts on, how it is done and how it is rolled back.

    `do` and `undo` may be repeated, and tolerate that there is nothing left to do. A step that `waits` for something
    that goes on by itself runs after the steps of other changes that can begin meanwhile; as a commit a signal may
    interrupt it, which is else one short step.
    """

    verb: str
    what: str
    do: Callable[[], object]
    undo: Callable[[], object] | None = None
    waits: bool = False
    detail: str = ""
    """What a plan says of it besides: how what it changes differs."""

    def __str__(self) -> str:
        """Return the step as a plan has it."""
        return f"{self.name}: {self.detail}" if self.detail else self.name

    @property
    def name(self) -> str:
        """The step in short, as progress reports it."""
        return f"{self.verb} {self.what}"

    @property
    def past(self) -> str:
        """The step as a report has it, once it has been done."""
        verb, space, rest = self.verb.partition(" ")
        return f"{_past(verb)}{space}{rest} {self.what}"


def _past(verb: str) -> str:
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("y") and verb[-2:-1] not in "aeou":
        return f"{verb[:-1]}ied"
    return f"{verb}d" if verb.endswith("e") else f"{verb}ed"


class Change(NamedTuple):
    """Steps of which one, the commit, makes the change count; before it all is rolled back, after it nothing is.

    A removal or a repair has no such step: it counts from the beginning, and each of its steps has to succeed.
    """

    steps: tuple[Step, ...]
    commit: int | None = None
    """The index of the commit; None: the change counts from the beginning."""
    is_committed: Callable[[], bool] | None = None
    """Tells by a look at the environment whether the commit has happened, where its answer was lost."""
    notes: tuple[str, ...] = ()
    """What is worth knowing of what was asked for, though nobody has to do anything."""


def plan_of(changes: Iterable[Change]) -> list[str]:
    """Return the steps of changes as a plan has them."""
    return [str(step) for change in changes for step in change.steps]
