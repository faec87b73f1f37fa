"""The engine: what it is asked about containers, images, networks and volumes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from bosun_docker.engine import host as engine_host
from bosun_docker.engine.connection import Document
from bosun_docker.engine.containers import Containers
from bosun_docker.engine.errors import Missing, NameTaken, Refused
from bosun_docker.engine.images import Images
from bosun_docker.environment import Environment

__all__ = ["Engine", "Missing", "NameTaken", "Refused", "engine_of"]


def engine_of(env: Environment) -> Engine:
    """Return a connection to the engine that this process's variables lead to.

    Raises:
        EnvironmentFailure: there is none, or it does not answer within `engineLimit`.
    """
    return Engine(engine_host.find(), seconds=env.settings.engine_limit)


class Engine(Containers, Images):
    """A connection to an engine, with all its calls."""

    def network(self, name: str) -> Document | None:
        """Return what the engine knows of a network; None where it has none of that name."""
        try:
            with self._step(f"look at network {name}"):
                return dict(self._client.inspect_network(name))
        except Missing:
            return None

    def create_network(self, name: str, labels: Mapping[str, str]) -> None:
        """Create a bridge network; one of that name is an error."""
        with self._step(f"create network {name}"):
            self._client.create_network(name, driver="bridge", check_duplicate=True, labels=dict(labels))

    def remove_network(self, name: str) -> None:
        """Remove a network; one with containers on it is an error, one that is gone already is fine."""
        with suppress(Missing), self._step(f"remove network {name}"):
            self._client.remove_network(name)

    def volume(self, name: str) -> Document | None:
        """Return what the engine knows of a volume; None where it has none of that name."""
        try:
            with self._step(f"look at volume {name}"):
                return dict(self._client.inspect_volume(name))
        except Missing:
            return None

    def create_volume(self, name: str, labels: Mapping[str, str]) -> Document:
        """Return the volume of that name, created where it was missing."""
        with self._step(f"create volume {name}"):
            return dict(self._client.create_volume(name, labels=dict(labels)))

    def remove_volume(self, name: str) -> None:
        """Remove a volume; one that is gone already is fine."""
        try:
            with self._step(f"remove volume {name}"):
                self._client.remove_volume(name)
        except Missing:
            return

    def version(self) -> Document:
        """Return what the engine says of itself."""
        with self._step("ask the engine for its version"):
            return dict(self._client.version())
