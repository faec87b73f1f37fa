"""What nothing needs any more of the shared prediction server is removed: models in it, or the server itself."""

from __future__ import annotations

from collections.abc import Iterator

from bosun_core.lifecycle.steps import Change

from bosun_docker import names
from bosun_docker.engine.client import Engine
from bosun_docker.environment import Environment
from bosun_docker.holding import held
from bosun_docker.looks.looking import look
from bosun_docker.looks.observed import Look
from bosun_docker.proxy import shared_parts
from bosun_docker.proxy.routes import SLOTS
from bosun_docker.proxy.waiting import running_proxy
from bosun_docker.shared.containers import model_name
from bosun_docker.shared.server_api import reached
from bosun_docker.shared.state import CALLED, lock_name, markers


def sweep(engine: Engine, env: Environment) -> list[str]:
    """Delete the models in the server that no marker stands for and no route leads to; return what was done.

    A marker is there before its model and after it, so what the server names first and nothing names then is left over.
    """
    server = look(engine, env).server(env)
    if server is None:
        return []
    with (
        held(engine, env, lock_name(env), server.image_id, env.labels(names.LOCK), CALLED),
        reached(running_proxy(engine, env), env, names.key(env.id, ""), SLOTS[0], "server", server.id) as api,
    ):
        inside = api.models()
        now = look(engine, env)
        named = [model_name(one.key, mark.generation) for one in now.deployments(env) for mark in one.containers]
        led_to = [route.upstream_path for slots in now.slots.values() for route in slots.values() if route is not None]
        known = {*named, *(path.rpartition("/")[2] for path in led_to)}
        gone = [model for model in inside if model not in known and api.delete(model)]
    return [f"deleted model {model} from {env.server_name}" for model in gone]


def taking_down(engine: Engine, env: Environment, seen: Look) -> Iterator[Change]:
    """Yield what removes the server and its volume where no model is in it."""

    def is_needed(now: Look) -> bool:
        return bool(markers(env, now))

    if not is_needed(seen):
        called = [f"{env.server_name}_next", *(one.name for one in seen.servers(env)), env.server_name]
        what = shared_parts.Taken(CALLED, lock_name(env), list(dict.fromkeys(called)), env.server_name)
        yield from shared_parts.going(engine, env, seen, what, is_needed)
