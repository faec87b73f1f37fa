"""A model in a container of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from bosun_docker.containers import Body
from bosun_docker.engine.client import Engine
from bosun_docker.looks.following import EVER
from bosun_docker.proxy.proxy import Answer


class Dedicated(NamedTuple):
    """Brings a model into service in a container of its own, made of an image that holds the model."""

    engine: Engine
    image: str
    health_path: str
    takes_along: str = ""

    def create(self, name: str, body: Body) -> str:
        """Create its container and return its id."""
        return self.engine.create(name, {**body, "Image": self.image})

    def worker(self, container: str) -> str:
        """Return the container that is to answer for it."""
        return container

    def watched_since(self) -> str:
        """Return from which of the engine's moments on the container's end speaks of the newcomer."""
        return EVER

    def upstream_path(self, generation: int) -> str:  # noqa: ARG002  # as `Shared.upstream_path`
        """Return what stands before its endpoints in the container."""
        return ""

    def start(self, container: str, name: str, generation: int, lead: Callable[[], None]) -> float:  # noqa: ARG002  # as `Shared.start`
        """Have it load, and return since when it does; the way to it is made meanwhile, in 55 ms."""
        self.engine.start(container, name)
        began = time.monotonic()
        lead()
        return began

    def refusal(self, answer: Answer) -> str | None:  # noqa: ARG002  # as `Shared.refusal`
        """Tell why it will never answer; its container ends where it cannot load."""
        return None

    def withdraw(self, container: str, generation: int, token: str | None) -> None:  # noqa: ARG002  # as `Shared`'s
        """Leave nothing of it."""
        self.engine.remove(container)
