"""The network of a place: there before us, or created where the settings say so."""

from __future__ import annotations

from bosun_core.errors import EnvironmentFailure

from bosun_docker.engine.client import Engine, Refused
from bosun_docker.environment import Environment


def check(engine: Engine, env: Environment) -> list[str]:
    """Check the network, and return what is to be done for it.

    Raises:
        EnvironmentFailure: it is missing and not to be created, or resolves no names.
    """
    name = env.settings.docker_network
    if name in ("bridge", "host", "none", "default"):
        raise EnvironmentFailure(
            f"dockerNetwork {name} resolves no names of containers; run `docker network create bosun` and name that one"
        )
    if engine.network(name) is not None:
        return []
    if not env.settings.create_network:
        raise EnvironmentFailure(
            f"the network {name} is not there; run `docker network create {name}`, or set createNetwork: true"
        )
    return [f"create network {name}"]


def bring_up(engine: Engine, env: Environment) -> None:
    """Create the network where it is missing and is to be created.

    Raises:
        EnvironmentFailure: as `check`.
    """
    if not check(engine, env):
        return
    try:
        engine.create_network(env.settings.docker_network, env.labels("network"))
    except Refused as error:
        if "already exists" not in error.explanation:  # else another runner was faster
            raise
