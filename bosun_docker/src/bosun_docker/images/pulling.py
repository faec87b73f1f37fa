"""Images that the engine lacks, pulled."""

from __future__ import annotations

from typing import Any

from bosun_core.errors import EnvironmentFailure
from bosun_core.reporting import progress

from bosun_docker.engine import long_calls
from bosun_docker.engine.client import Engine
from bosun_docker.engine.long_calls import TimeIsUp
from bosun_docker.environment import Environment

IMAGE_KEY = "keyValueConfig.image"
"""The setting of a deployment that names an image."""


def known(engine: Engine, reference: str, key: str) -> dict[str, Any] | None:
    """Return what the engine knows of an image, or None where it lacks it; `key` is the setting that names it.

    Raises:
        EnvironmentFailure: the engine does not take it for an image; the error names the setting.
    """
    try:
        return engine.image(reference)
    except EnvironmentFailure as error:
        raise EnvironmentFailure(f"{key}: {error}") from error


def present(engine: Engine, env: Environment, reference: str, key: str) -> str:
    """Return the id of an image, pulled where the engine lacks it; `key` is the setting that names it.

    Raises:
        EnvironmentFailure: it is neither here nor to be pulled.
    """
    found = known(engine, reference, key)
    if found is None:
        _pull(engine, env, reference, key)
        found = engine.image(reference)
    if found is None:
        raise EnvironmentFailure(f"{key}: image {reference} was pulled and is not there; look at the engine's log")
    return str(found["Id"])


def _pull(engine: Engine, env: Environment, reference: str, key: str) -> None:
    limit = env.settings.pull_limit
    progress(f"pulling {reference}", 0)
    try:
        for report in long_calls.reports(engine, lambda own: own.pull(reference), limit):
            detail = report.get("progressDetail") or {}
            progress(f"pulling {reference}", detail.get("current") or 0, detail.get("total"))
    except TimeIsUp:
        raise EnvironmentFailure(
            f"{key}: pulling image {reference} takes longer than {limit:g} s; raise pullLimit"
        ) from None
    except EnvironmentFailure as error:
        raise EnvironmentFailure(f"{key}: {error}") from error
