"""The shared prediction server, seen from outside."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass
class Shared:
    """What stands at a place that has shared servers."""

    place: Any

    def ids(self) -> dict[str, str]:
        """The containers' ids by their names, without the prefix."""
        return {name.removeprefix(self.place.prefix): one for name, one in self.place.containers().items()}

    def servers(self) -> list[str]:
        """The names of the shared servers, without the prefix."""
        return sorted(name for name in self.ids() if re.fullmatch("pps_[0-9a-f]{8}", name))

    def server(self) -> str:
        """The name of the only shared server, as the engine knows it."""
        (name,) = self.servers()
        return f"{self.place.prefix}{name}"

    def server_id(self) -> str:
        """The id of the only shared server."""
        return self.ids()[self.servers()[0]]

    def models(self) -> list[str]:
        """What the server's volume holds."""
        return sorted(self.place("exec", self.server(), "sh", "-c", "ls -A /opt/ml/model").split())

    def left(self) -> tuple[list[str], int, int]:
        """Names of the containers but for the server, number of models in the server, and of routes."""
        names = [name for name in self.ids() if name not in self.servers()]
        return sorted(names), len(self.models()), len(self.place.route_files())


@pytest.fixture
def act(act: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Runs one action in shared mode, if nothing else is said."""
    return lambda *words, **more: act(*words, **{"modelServing": "shared", **more})


@pytest.fixture
def shared(clean: Any) -> Shared:
    """The place, with nothing in it but perhaps its proxy."""
    return Shared(clean)
