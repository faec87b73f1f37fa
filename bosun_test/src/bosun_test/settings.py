"""The private configuration of the test plugin."""

from __future__ import annotations

import difflib
from typing import Annotated

import msgspec
from bosun_core.actions import ACTIONS
from bosun_core.settings import Settings, described

from bosun_test.failures import Failure

# A day: an action that is to take longer than that hangs, and `hang` says so.
Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]

_KEYS = {
    "plugin_start": "plugin_start_time",
    "plugin_stop": "plugin_stop_time",
    "deployment_start": "launch_time_sec",
    "deployment_stop": "stop_time_sec",
    "deployment_replace_model": "replace_model_time_sec",
    "deployment_status": "deployment_status_time_sec",
    "pe_status": "pe_status_time_sec",
    "deployment_list": "deployment_list_time_sec",
}


def _sleep_of(action: str) -> msgspec.Meta:
    return described(f"How long {action} takes, in seconds.")


class StandInSettings(Settings, kw_only=True, frozen=True):
    """Where the deployments' files are, how long each action takes, and which actions fail.

    The defaults are the values that the document prints: an agent under test then meets actions that take time.
    """

    tmp_dir: Annotated[str, described("The folder for one file per deployment. It must exist.")] = "/tmp"  # noqa: S108  # the document's value
    launch_time_sec: Annotated[Seconds, _sleep_of("deployment_start")] = 1.0
    stop_time_sec: Annotated[Seconds, _sleep_of("deployment_stop")] = 1.0
    replace_model_time_sec: Annotated[Seconds, _sleep_of("deployment_replace_model")] = 1.0
    relaunch_time_sec: Annotated[
        Seconds | None,
        described("How long deployment_relaunch takes, in seconds. Not set: stop_time_sec and launch_time_sec.", 2.0),
    ] = None
    pe_status_time_sec: Annotated[Seconds, _sleep_of("pe_status")] = 1.0
    deployment_status_time_sec: Annotated[Seconds, _sleep_of("deployment_status")] = 1.0
    deployment_list_time_sec: Annotated[Seconds, _sleep_of("deployment_list")] = 1.0
    plugin_start_time: Annotated[Seconds, _sleep_of("plugin_start")] = 1.0
    plugin_stop_time: Annotated[Seconds, _sleep_of("plugin_stop")] = 1.0
    failures: Annotated[
        dict[str, Failure | None] | None,
        described(
            "Actions that fail, each in one way: status (failing, warning or unknown) with msg, exception (a text), "
            "hang or crash.",
            {
                "deployment_start": {"status": "failing", "msg": "no room left"},
                "deployment_stop": {"exception": "the engine went away"},
                "deployment_status": {"hang": True},
                "pe_status": {"crash": True},
            },
        ),
    ] = None

    def __post_init__(self) -> None:
        """Check that what fails is an action."""
        for action in self.failures or ():
            if action not in ACTIONS:
                near = difflib.get_close_matches(action, ACTIONS, n=1)
                hint = f"did you mean {near[0]}?" if near else f"the actions are {', '.join(ACTIONS)}"
                raise ValueError(f"failures: unknown action {action}; {hint}")

    def seconds(self, action: str) -> float:
        """Return how long the action takes."""
        if action == "deployment_relaunch":
            whole = self.stop_time_sec + self.launch_time_sec
            return whole if self.relaunch_time_sec is None else self.relaunch_time_sec
        seconds: float = getattr(self, _KEYS[action])
        return seconds

    def longest(self) -> float:
        """Return how long the longest action takes."""
        return max(self.seconds(action) for action in ACTIONS)

    def failure(self, action: str) -> Failure | None:
        """Return how the action is to fail, or None."""
        return (self.failures or {}).get(action)
