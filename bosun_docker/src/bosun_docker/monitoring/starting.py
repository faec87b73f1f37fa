"""A part of the monitoring started, and looked at while it comes up."""

from __future__ import annotations

from bosun_core.errors import EnvironmentFailure

from bosun_docker import names
from bosun_docker.containers import Body
from bosun_docker.engine.client import Engine
from bosun_docker.environment import Environment
from bosun_docker.looks import health
from bosun_docker.looks.looking import Container
from bosun_docker.proxy import shared_parts

_LOG_LINES = 20


def start(
    engine: Engine, env: Environment, found: Container | None, body: Body, name: str, volume: str | None
) -> list[str]:
    """Start a part that is there with these settings, or put a new one in its place."""
    if found is not None and found.labels.get(names.SETTINGS) == body["Labels"][names.SETTINGS]:
        engine.start(found.id, name)
        return [f"start container {name}"]
    if volume is not None:
        engine.create_volume(volume, env.labels(names.BROKER))
    if found is not None:
        engine.signal(found.id, "SIGTERM")  # a broker writes its messages down
        engine.wait(found.id, env.settings.drain_limit)
        engine.remove(found.id)
    made = engine.create(name, body)
    try:
        shared_parts.started(engine, made, name, "rabbitmqPortMapping")
    except BaseException:
        engine.remove(made)
        raise
    return [f"{'create' if found is None else 'replace'} container {name}"]


def check_runs(engine: Engine, name: str) -> None:
    """Check that the container of a part runs.

    Raises:
        EnvironmentFailure: it does not.
    """
    found = engine.container(name)
    fault = "is gone" if found is None else health.why_ended(found["State"])
    if fault is not None:
        raise not_up(engine, name, fault)


def not_up(engine: Engine, name: str, fault: str) -> EnvironmentFailure:
    """Return the error for a part that does not come up: why, and what it said last."""
    return EnvironmentFailure(f"container {name} {fault}{health.last_words(engine.last_lines(name, _LOG_LINES))}")
