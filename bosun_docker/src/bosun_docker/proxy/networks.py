"""The network of a place: there before us, or created where the settings say so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bosun_core.endings import to_its_end
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


@contextmanager
def brought_up(engine: Engine, env: Environment) -> Iterator[None]:
    """Have the network there for the block, created where it is missing and is to be.

    One that was created goes again where the block fails, unless something that stays is on it.

    Raises:
        EnvironmentFailure: as `check`.
    """
    name = env.settings.docker_network
    is_new = bool(check(engine, env)) and _create(engine, env, name)
    try:
        yield
    except BaseException:
        if is_new:
            to_its_end(lambda: _remove(engine, name))
        raise


def _create(engine: Engine, env: Environment, name: str) -> bool:
    """Create the network; False where another runner was faster."""
    try:
        engine.create_network(name, env.labels("network"))
    except Refused as error:
        if "already exists" not in error.explanation:
            raise
        return False
    return True


def _remove(engine: Engine, name: str) -> None:
    with suppress(EnvironmentFailure):  # it would hide why the block failed
        engine.remove_network(name)
