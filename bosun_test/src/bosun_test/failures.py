"""Failures on demand: how an action is to fail, so that an agent can be tested against it."""

from __future__ import annotations

import os
import signal
import time
from typing import Annotated, Literal

import msgspec
from bosun_core.settings import described
from bosun_core.status import ActionStatus, ActionStatusInfo, DeploymentState

_KINDS = "status, exception, hang, crash"


class InjectedFailure(RuntimeError):
    """The exception that was asked for: no BosunError, since it stands for a bug of a plugin."""


class Failure(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How an action fails: exactly one of `status`, `exception`, `hang` and `crash`."""

    status: Annotated[
        Literal["failing", "warning", "unknown"] | None,
        described("The status to answer with. With warning the action is done; else nothing is changed."),
    ] = None
    msg: Annotated[str | None, described("The message that goes with status.")] = None
    exception: Annotated[str | None, described("Raise an exception with this text, as a bug of a plugin would.")] = None
    hang: Annotated[bool, described("Do not end until a signal or --timeout ends the action.")] = False
    crash: Annotated[bool, described("Kill the process of the action (SIGKILL), as the kernel does out of memory.")] = (
        False
    )

    def __post_init__(self) -> None:
        """Check that it is one kind of failure."""
        kinds = [self.status is not None, self.exception is not None, self.hang, self.crash]
        if sum(kinds) != 1:
            raise ValueError(f"each action in failures names one of {_KINDS}; here are {sum(kinds)}")
        if self.msg is not None and self.status is None:
            raise ValueError("msg in failures goes with status; leave it out, or add say status: failing")

    def strike(self) -> None:
        """Raise, crash or never return; a failure that is a status returns at once.

        Raises:
            InjectedFailure: an exception was asked for.
        """
        if self.crash:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.exception is not None:
            raise InjectedFailure(self.exception)
        while self.hang:
            time.sleep(1)

    def lets_through(self) -> bool:
        """Tell whether the action is done in spite of the failure."""
        return self.status == "warning"

    def mark(self, outcome: ActionStatusInfo, action: str) -> ActionStatusInfo:
        """Return the outcome as this failure tells it; an outcome that is failing already stands."""
        if outcome.status is ActionStatus.ERROR:
            return outcome
        status = ActionStatus(self.status)
        states = {ActionStatus.ERROR: DeploymentState.ERRORED, ActionStatus.UNKNOWN: DeploymentState.UNKNOWN}
        state = outcome.state if outcome.state is None else states.get(status, outcome.state)
        msg = self.msg or f"{action} is {self.status} because failures.{action} of the private configuration says so"
        return ActionStatusInfo(status, msg, state, data=outcome.data)
