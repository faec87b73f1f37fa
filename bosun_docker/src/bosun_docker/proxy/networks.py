"""The network of a place: there before us, or created where the settings say so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from bosun_core.errors import EnvironmentFailure
from bosun_core.lifecycle.steps import Step

from bosun_docker.engine.client import Engine, Refused
from bosun_docker.environment import Environment


def creating(engine: Engine, env: Environment) -> Iterator[Step]:
    """Yield how the network is created, where it is missing and is to be.

    It goes again where what follows fails, unless something that stays is on it.

    Raises:
        EnvironmentFailure: it is missing and not to be created, or resolves no names.
    """
    name = env.settings.docker_network
    if name in ("bridge", "host", "none", "default"):
        raise EnvironmentFailure(
            f"dockerNetwork {name} resolves no names of containers; run `docker network create bosun` and name that one"
        )
    if engine.network(name) is not None:
        return
    if not env.settings.create_network:
        raise EnvironmentFailure(
            f"the network {name} is not there; run `docker network create {name}`, or set createNetwork: true"
        )
    is_ours: list[bool] = []

    def create() -> None:
        try:
            engine.create_network(name, env.labels("network"))
        except Refused as error:
            if "already exists" not in error.explanation:  # another runner was faster
                raise
        else:
            is_ours.append(True)

    def remove() -> None:
        with suppress(EnvironmentFailure):  # it would hide what failed
            if is_ours:
                engine.remove_network(name)

    yield Step("create", f"network {name}", create, remove)
