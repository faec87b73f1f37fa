"""An action as it goes here: the given sleep, the failure that was asked for, then the work itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from bosun_core.actions import ACTIONS
from bosun_core.reporting import progress
from bosun_core.status import ActionStatus, ActionStatusInfo, DeploymentState

from bosun_test.settings import StandInSettings

_READING = ("deployment_status", "pe_status", "deployment_list")
_SLICE = 1.0  # seconds between two reports of progress


def rehearsed(
    settings: StandInSettings,
    action: str,
    work: Callable[[], ActionStatusInfo],
    still_there: Mapping[str, Any] | None = None,
) -> ActionStatusInfo:
    """Sleep, fail where the settings say so, and do the work; a failure strikes before anything is changed.

    `still_there` is the data of an action that failed and so left a deployment as it was.

    Raises:
        InjectedFailure: the settings ask for an exception.
    """
    _sleep(action, settings.seconds(action))
    failure = settings.failure(action)
    if failure is None:
        return work()
    failure.strike()
    if failure.lets_through() or action in _READING:
        return failure.mark(work(), action)
    state = DeploymentState.READY if ACTIONS[action].takes_deployment else None
    return failure.mark(ActionStatusInfo(ActionStatus.OK, state=state, data=still_there), action)


def _sleep(action: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        progress(action, seconds - left, seconds)
        time.sleep(min(left, _SLICE))
    if seconds:
        progress(action, seconds, seconds)
