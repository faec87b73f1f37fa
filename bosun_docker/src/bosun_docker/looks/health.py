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
_UNHEALTHY = "is unhealthy, says its image's own health check"
MORE_MEMORY = "give it more with keyValueConfig.memory"
READY = Health(ActionStatus.OK, DeploymentState.READY)


def _bad(fault: str) -> Health:
    return Health(ActionStatus.ERROR, DeploymentState.ERRORED, fault)


def of_listed(state: str, status: str) -> Health:
    """Return the health that a list of containers tells: `state` is one word, `status` is as `docker ps` prints it."""
    code = re.search(r"\((\d+)\)", status)
    ended = f" (exit code {code[1]})" if code else ""
    if state == "running":
        if "(unhealthy)" in status:
            return _bad(_UNHEALTHY)
        return READY
    if state == "restarting":
        return _bad(f"ends again and again{ended}")
    if state == "paused":
        return _bad("is paused; run docker unpause")
    if state == "created":
        return _bad("was never started")
    return _bad(f"has ended{ended}")


def why_ended(state: Mapping[str, Any]) -> str | None:
    """Return why a container no longer runs, as a clause, or None where it does; `state` is its `State`.

    That memory ran out stays in the state of a container that was started again since: it is told of an end alone.
    """
    code = state.get("ExitCode")
    ended = state.get("Restarting") or (not state.get("Running") and state.get("Status") != "created")
    if ended and state.get("OOMKilled"):
        return f"ran out of memory (exit code {code}); {MORE_MEMORY}"
    if ended and code == _KILLED:  # a busy engine may tell of the memory later than of the end
        return f"was killed (exit code {code}), as when memory runs out; {MORE_MEMORY}"
    if state.get("Error"):
        return f"could not be started ({one_line(state['Error'])})"
    if state.get("Health", {}).get("Status") == "unhealthy":
        return _UNHEALTHY
    return f"ended with exit code {code}" if ended else None


def told_by(event: Mapping[str, Any], *, out_of_memory: bool) -> str | None:
    """Return what an event of a container says is wrong with it, as a clause, or None; `out_of_memory`: one before did.

    Its state may not tell it any more: a container that has ended may run again, as its restart policy has it.
    """
    action = str(event.get("Action", ""))
    if action == "die":
        code = int(event["Actor"]["Attributes"]["exitCode"])
        return why_ended({"Status": "exited", "ExitCode": code, "OOMKilled": out_of_memory})
    return _UNHEALTHY if action.endswith(": unhealthy") else None


def last_words(log: str) -> str:
    """Return the last lines of a container's log as the end of a message, or nothing where it wrote none."""
    lines = [one_line(line)[:_WIDEST_LINE] for line in _COLOURS.sub("", log).splitlines() if line.strip()]
    return f"; its last lines: {' | '.join(lines[-_LINES:])}" if lines else "; it wrote nothing"
