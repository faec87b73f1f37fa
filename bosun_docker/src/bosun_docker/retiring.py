"""What a deployment does not lead to any more ends what it has begun, and goes."""

from __future__ import annotations

from typing import NamedTuple

from bosun_core.reporting import progress

from bosun_docker import names
from bosun_docker.engine.client import Engine
from bosun_docker.environment import Environment
from bosun_docker.looks.observed import Container, Deployed
from bosun_docker.proxy.proxy import Proxy
from bosun_docker.shared import models as shared_models
from bosun_docker.shared.containers import model_name
from bosun_docker.shared.server_api import reached


class Way(NamedTuple):
    """How a shared server is reached by the holder of a deployment's lock: by a slot that leads nowhere."""

    proxy: Proxy | None
    slot: str


def retire(
    engine: Engine, env: Environment, found: Deployed, container: Container, way: Way, *, has_requests: bool = True
) -> None:
    """End and remove a container of a deployment, or a model in the shared server with its marker."""
    if not container.is_marker:
        drain(engine, env, container, has_requests=has_requests)
        return
    progress("draining", 0)
    model = model_name(found.key, container.generation)
    server = next((one for one in found.servers if one.runs), None)
    if server is None or way.proxy is None:
        shared_models.remove(engine, container, model, None)
        return
    if has_requests and env.settings.drain_before_stop:
        engine.wait(server.id, env.settings.drain_before_stop)
    with reached(way.proxy, env, found.key, way.slot, found.id, server.id) as api:
        shared_models.remove(engine, container, model, api)


def retiring(env: Environment, container: Container) -> tuple[str, str]:
    """Return what `retire` does, as verb and object of a step."""
    model = container.labels.get(names.MODEL)
    if container.is_marker:
        return "delete", f"model {model} from {env.server_name}, and remove container {container.name}"
    return "remove", f"container {container.name}, which serves model {model}"


def drain(engine: Engine, env: Environment, container: Container, *, has_requests: bool = True) -> None:
    """End a container that gets no new requests, and remove it; without requests in flight at once."""
    settings = env.settings
    if container.runs and has_requests:
        progress("draining", 0)
        if settings.drain_before_stop and engine.wait(container.id, settings.drain_before_stop):
            pass  # it has ended by itself
        else:
            engine.signal(container.id, "SIGTERM")
            engine.wait(container.id, settings.drain_limit)
    engine.remove(container.id)
