"""What nothing needs any more of the shared prediction server is removed: models in it, or the server itself."""

from __future__ import annotations

from bosun_docker import names
from bosun_docker.engine.client import Engine
from bosun_docker.environment import Environment
from bosun_docker.holding import held
from bosun_docker.looks.looking import look
from bosun_docker.looks.observed import Look
from bosun_docker.proxy import shared_parts
from bosun_docker.proxy.proxy import Proxy
from bosun_docker.proxy.routes import SLOTS
from bosun_docker.shared.containers import model_name
from bosun_docker.shared.server_api import reached
from bosun_docker.shared.state import CALLED, lock_name, markers


def sweep(engine: Engine, env: Environment, proxy: Proxy) -> list[str]:
    """Delete the models in the server that no marker stands for and no route leads to; return what was done.

    A marker is there before its model and after it, so what the server names first and nothing names then is left over.
    """
    seen = look(engine, env)
    server = seen.server(env)
    if server is None:
        return []
    with (
        held(engine, env, lock_name(env), server.image_id, env.labels(names.LOCK), CALLED),
        reached(proxy, env, names.key(env.id, ""), SLOTS[0], "server", server.id) as api,
    ):
        inside = api.models()
        now = look(engine, env)
        named = [model_name(one.key, mark.generation) for one in now.deployments(env) for mark in one.containers]
        led_to = [route.upstream_path for slots in now.slots.values() for route in slots.values() if route is not None]
        known = {*named, *(path.rpartition("/")[2] for path in led_to)}
        gone = [model for model in inside if model not in known and api.delete(model)]
    return [f"delete model {model} from {env.server_name}" for model in gone]


def take_down(engine: Engine, env: Environment, seen: Look) -> list[str]:
    """Remove the server and its volume where no model is in it; return what was done."""
    if markers(env, seen):
        return []
    there = [*seen.servers(env), *(one for one in seen.parts if one.name == lock_name(env))]
    if not there:
        return shared_parts.remove_volume(engine, env, env.server_name)
    with held(engine, env, lock_name(env), there[0].image_id, env.labels(names.LOCK), CALLED):
        seen = look(engine, env)
        if markers(env, seen):
            return []
        for one in seen.servers(env):
            engine.remove(one.id)
        done = [f"remove container {one.name}" for one in seen.servers(env)]
        return [*done, *shared_parts.remove_volume(engine, env, env.server_name)]
