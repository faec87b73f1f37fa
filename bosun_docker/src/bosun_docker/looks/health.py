"""What the engine says of a container, judged: pure functions of its documents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from bosun_core.errors import one_line
from bosun_core.status import ActionStatus, DeploymentState

_LINES = 5
_WIDEST_LINE = 300
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Health(NamedTuple):
    """How a deployment's container is; `fault` is a clause that follows its name, None where nothing is wrong."""

    status: ActionStatus
    state: DeploymentState
    fault: str | None = None


_KILLED = 137  # 128 and SIGKILL
READY = Health(ActionStatus.OK, DeploymentState.READY)


def _bad(fault: str) -> Health:
    return Health(ActionStatus.ERROR, DeploymentState.ERRORED, fault)


def of_listed(state: str, status: str) -> Health:
    """Return the health that a list of containers tells: `state` is one word, `status` is as `docker ps` prints it."""
    code = re.search(r"\((\d+)\)", status)
    ended = f" (exit code {code[1]})" if code else ""
    if state == "running":
        if "(unhealthy)" in status:
            return _bad("is unhealthy, says its image's own health check")
        return READY
    if state == "restarting":
        return _bad(f"ends again and again{ended}")
    if state == "paused":
        return _bad("is paused; run docker unpause")
    if state == "created":
        return _bad("was never started")
    return _bad(f"has ended{ended}")


def why_ended(state: Mapping[str, Any]) -> str | None:
    """Return why a container no longer runs, as a clause, or None where it does; `state` is its `State`."""
    code = state.get("ExitCode")
    if state.get("OOMKilled"):
        return f"ran out of memory (exit code {code}); give it more with keyValueConfig.memory"
    if code == _KILLED and not state.get("Running"):  # a busy engine may tell of the memory later than of the end
        return f"was killed (exit code {code}), as when memory runs out; give it more with keyValueConfig.memory"
    if state.get("Error"):
        return f"could not be started ({one_line(state['Error'])})"
    if state.get("Health", {}).get("Status") == "unhealthy":
        return "is unhealthy, says its image's own health check"
    if state.get("Restarting") or (not state.get("Running") and state.get("Status") != "created"):
        return f"ended with exit code {code}"
    return None


def last_words(log: str) -> str:
    """Return the last lines of a container's log as the end of a message, or nothing where it wrote none."""
    lines = [one_line(line)[:_WIDEST_LINE] for line in _COLOURS.sub("", log).splitlines() if line.strip()]
    return f"; its last lines: {' | '.join(lines[-_LINES:])}" if lines else "; it wrote nothing"
