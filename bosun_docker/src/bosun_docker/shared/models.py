"""A model in the prediction server that several deployments share.

A container that is never started stands for it and carries its labels: its marker. The model's folder is written
through the marker into the volume of the server, in the layout that the server's documentation gives, and is there
only while a marker is: the marker comes first and goes last.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from bosun_core.errors import one_line

from bosun_docker.containers import Body
from bosun_docker.engine.client import Engine
from bosun_docker.environment import Environment
from bosun_docker.images import archives
from bosun_docker.images.archives import Member
from bosun_docker.images.packages import AnyPackage, KeptPackage, member
from bosun_docker.looks.following import began
from bosun_docker.looks.observed import Container
from bosun_docker.proxy.proxy import Answer, Proxy, until
from bosun_docker.shared.containers import INFO_FILE, MODELS, PACKAGE, model_name
from bosun_docker.shared.server_api import ServerApi

_MAY_YET_COME = {404, 408, 425, 429, 502, 503, 504}
_BACK_SECONDS = 30.0
_OPEN_FOLDER = 0o777  # the server's user, whoever it is, has to be able to delete it


class Shared(NamedTuple):
    """Brings a model into service in the shared server."""

    engine: Engine
    env: Environment
    proxy: Proxy
    server: Container
    package: AnyPackage
    key: str
    info: str
    """What the server reads of the model."""
    health_path: str = "/info"

    @property
    def takes_along(self) -> str:
        """What goes between the model and why the server ended."""
        return f"took {self.server.name} down, with all that it serves: it "

    def create(self, name: str, body: Body) -> str:
        """Create its marker and return its id."""
        return self.engine.create(name, {**body, "Image": self.server.image_id})

    def worker(self, container: str) -> str:  # noqa: ARG002  # as `Dedicated.worker`
        """Return the container that is to answer for it."""
        return self.server.id

    def watched_since(self) -> str:
        """Return from which of the engine's moments on the server's end speaks of the newcomer."""
        return began(self.engine, self.server.id)

    def upstream_path(self, generation: int) -> str:
        """Return what stands before its endpoints in the server."""
        return f"/deployments/{model_name(self.key, generation)}"

    def start(self, container: str, name: str, generation: int, lead: Callable[[], None]) -> float:  # noqa: ARG002  # as `Dedicated.start`
        """Put its folder where the server sees it, and loads it when it is asked for; return when that was.

        The way comes first: by it the server is told to drop the model, where the folder came only in part.
        """
        lead()
        model, info = model_name(self.key, generation), self.info.encode()
        members = [
            Member(model, mode=_OPEN_FOLDER),
            member(self.package, self.engine, f"{model}/{PACKAGE}"),
            Member(f"{model}/{INFO_FILE}", len(info), [info]),
        ]
        self.engine.put(container, MODELS, archives.streamed(members))
        return time.monotonic()

    def refusal(self, answer: Answer) -> str | None:
        """Tell why it will never answer, where the server says so."""
        if answer.status < 400 or answer.status in _MAY_YET_COME:
            return None
        return f"cannot be loaded by {self.server.name}: it answers {answer.status}, {one_line(answer.text)[:300]}"

    def withdraw(self, container: str, generation: int, token: str | None) -> None:
        """Leave nothing of it; a server that it took down comes back first, for the others' sake."""
        model = model_name(self.key, generation)
        api = None if token is None else ServerApi(self.proxy, token, self.env.settings.drain_limit)
        if api is not None and not api.delete(model):
            _empty(self.engine, container, model)
            self.engine.start(self.server.id, self.server.name)
            until(api.is_ready, _BACK_SECONDS)
            api.delete(model)
        self.engine.remove(container)


def remove(engine: Engine, marker: Container, model: str, api: ServerApi | None) -> None:
    """Delete a model and its marker; `api` is None where the server does not run."""
    if api is None or not api.delete(model):
        _empty(engine, marker.id, model)
    engine.remove(marker.id)


def _empty(engine: Engine, marker: str, model: str) -> None:
    """Delete a model's folder without the server, nor any program in it: unpacked over it, a file takes its place."""
    if engine.size(marker, f"{MODELS}/{model}") is not None:
        engine.put(marker, MODELS, archives.of_files({model: b""}))


def kept_package(container: Container, key: str, dedicated_path: str) -> KeptPackage:
    """Return the package that a deployment's container keeps: in the server's volume, or in its own image."""
    if container.is_marker:
        path = f"{MODELS}/{model_name(key, container.generation)}/{PACKAGE}"
        return KeptPackage(container.id, path)
    return KeptPackage(container.id, dedicated_path)
