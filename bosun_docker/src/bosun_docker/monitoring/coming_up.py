"""A part of the monitoring, looked at while it comes up."""

from __future__ import annotations

from bosun_core.errors import EnvironmentFailure

from bosun_docker.engine.client import Engine
from bosun_docker.looks import failing


def check_runs(engine: Engine, name: str) -> None:
    """Check that the container of a part runs.

    Raises:
        EnvironmentFailure: it does not.
    """
    fault = failing.why_not_running(engine, name)
    if fault is not None:
        raise not_up(engine, name, fault)


def not_up(engine: Engine, name: str, fault: str) -> EnvironmentFailure:
    """Return the error for a part that does not come up: why, and what it said last."""
    return EnvironmentFailure(f"container {name} {failing.told(engine, name, fault)}")
