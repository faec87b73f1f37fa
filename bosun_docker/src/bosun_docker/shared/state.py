"""What a look tells of the shared prediction server: whether it is to be there, what would be done with it. Pure."""

from __future__ import annotations

from typing import Any

from bosun_docker import names
from bosun_docker.environment import Environment
from bosun_docker.looks.observed import Container, Deployed, Look, leads_to
from bosun_docker.proxy import shared_parts
from bosun_docker.proxy.routes import Route, serving

CALLED = "the shared prediction server"
"""What it is called in messages, and in the lock of a deployment as what holds it: it is switched to another server."""


def is_needed(env: Environment, seen: Look) -> bool:
    """Tell whether the server is to be there: it is asked for, or a model is in it."""
    return env.settings.model_serving == names.SHARED or bool(markers(env, seen))


def markers(env: Environment, seen: Look) -> list[Container]:
    """Return what stands for the models in the server."""
    return [one for one in seen.parts if one.is_marker and one.labels.get(names.ENVIRONMENT) == env.id]


def is_as_wanted(env: Environment, seen: Look, body: dict[str, Any]) -> bool:
    """Tell whether the server runs with these settings, alone, and every route leads to it."""
    return shared_parts.is_as_wanted(seen.server(env), body) and is_settled(env, seen)


def is_settled(env: Environment, seen: Look) -> bool:
    """Tell whether the server runs, nothing of a killed replacement is left, and no route leads elsewhere."""
    server = seen.server(env)
    return (
        server is not None
        and server.runs
        and seen.servers(env) == (server,)
        and not any(one.name == lock_name(env) for one in seen.parts)
        and not astray(env, seen, server)
    )


def astray(env: Environment, seen: Look, server: Container) -> list[Deployed]:
    """Return the deployments in the server with a public route that leads to another one."""
    shared = [one for one in seen.deployments(env) if one.current is not None and one.current.is_marker]
    return [one for one in shared if stray_route(one, server) is not None]


def unfinished(env: Environment, seen: Look, server: Container) -> list[Deployed]:
    """Return the deployments that are to be switched to the server, or whose switch died before it let go of them."""
    led_elsewhere = astray(env, seen, server)
    died = [one for one in seen.deployments(env) if one.action == CALLED and not one.is_held]
    return [*led_elsewhere, *(one for one in died if one not in led_elsewhere)]


def stray_route(found: Deployed, server: Container) -> tuple[str, Route] | None:
    """Return slot and route by which a deployment is led to another server, be it beside a route to this one."""
    return serving({slot: route for slot, route in found.slots.items() if route and not leads_to(route, server)})


def lock_name(env: Environment) -> str:
    """Return the name of the server's lock."""
    return f"{env.server_name}_lock"
