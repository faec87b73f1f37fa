"""Why a container does not do what is waited for, in words: how it ended, and what it wrote last."""

from __future__ import annotations

from contextlib import suppress

from bosun_core.errors import EnvironmentFailure

from bosun_docker.engine.client import Engine
from bosun_docker.looks import health

_LOG_LINES = 40


def why_not_running(engine: Engine, container: str) -> str | None:
    """Return why a container does not run, as a clause, or None where it does."""
    found = engine.container(container)
    return "is gone" if found is None else health.why_ended(found["State"])


def told(engine: Engine, container: str, fault: str) -> str:
    """Return why a container ended, or the `fault` of one that tells no end, with the last lines of its log."""
    found = engine.container(container)
    if found is None:
        return fault
    words = ""
    with suppress(EnvironmentFailure):  # some log drivers cannot be read
        words = health.last_words(engine.last_lines(container, _LOG_LINES))
    return f"{health.why_ended(found['State']) or fault}{words}"
