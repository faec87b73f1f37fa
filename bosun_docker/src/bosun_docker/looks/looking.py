"""One look at the engine: a list of containers and an archive of the routes, however many deployments there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from bosun_docker import names
from bosun_docker.containers import PROBE_PORT
from bosun_docker.environment import Environment
from bosun_docker.looks.early_look import EarlyLook
from bosun_docker.looks.observed import Container, Look
from bosun_docker.looks.route_archive import files_in
from bosun_docker.proxy import routes
from bosun_docker.proxy.routes import Slots

if TYPE_CHECKING:
    from bosun_docker.engine.client import Engine  # it imports the SDK, which one look does without


def look(engine: Engine, env: Environment) -> Look:
    """Look at the place. Nothing is changed."""
    seen = listed(engine, env)
    return seen if seen.proxy is None else seen._replace(slots=route_slots(engine, seen.proxy.id))


def early_seen(env: Environment, early: EarlyLook) -> Look | None:
    """Return what an early look shows; None where the SDK has to look."""
    found = early.seen()
    if found is None:
        return None
    seen = read(env, found.containers)
    if seen.proxy is None:
        return seen
    return None if found.archive is None else seen._replace(slots=slots_in(found.archive))


def look_for(engine: Engine, env: Environment, deployment_id: str) -> Look:
    """Look for one deployment: as `look`, but the routes are read only where one of them is its own.

    Their sizes take the engine 2 ms each, reading them 60.
    """
    seen = listed(engine, env)
    if seen.proxy is None:
        return seen
    key, proxy = names.key(env.id, deployment_id), seen.proxy.id
    sizes = (engine.size(proxy, f"{routes.FOLDER}/{routes.file_name(key, slot)}") for slot in routes.SLOTS)
    has_route = any(size not in (None, len(routes.BLANK)) for size in sizes)
    return seen._replace(slots=route_slots(engine, proxy)) if has_route else seen


def listed(engine: Engine, env: Environment) -> Look:
    """Look at the containers alone, as if no route were there: reading those takes the engine 60 ms, listing 3 ms."""
    return read(env, engine.containers(env.container_filters))


def route_slots(engine: Engine, proxy: str) -> dict[str, Slots]:
    """Return the route files, by key and slot."""
    content = engine.get(proxy, routes.FOLDER)
    return {} if content is None else slots_in(b"".join(content))


def read(env: Environment, containers: Iterable[dict[str, Any]]) -> Look:
    """Return what a list of containers tells of the place, as if no route were there."""
    found = [_container(one, env) for one in containers]
    ours = tuple(one for one in found if one.labels.get(names.PLACE) == env.place)
    strangers = tuple(one for one in found if names.PLACE not in one.labels)
    named = {one.name: one for one in ours}
    proxy, broker, agent = (named.get(name) for name in (env.proxy_name, env.broker_name, env.agent_name))
    return Look(proxy, broker, agent, ours, {}, strangers)


def slots_in(archive: bytes) -> dict[str, Slots]:
    """Return the route files that a tar archive holds, by key and slot."""
    slots: dict[str, Slots] = {}
    for name, text in files_in(archive).items():
        slot = routes.slot_of(name)
        if slot is not None:
            slots.setdefault(slot[0], {})[slot[1]] = routes.parse(text)
    return slots


def _container(raw: dict[str, Any], env: Environment) -> Container:
    networks = (raw.get("NetworkSettings") or {}).get("Networks") or {}
    ports = [port.get("PublicPort") for port in raw.get("Ports") or [] if port.get("PrivatePort") == PROBE_PORT]
    return Container(
        id=raw["Id"],
        name=(raw.get("Names") or ["/"])[0].lstrip("/"),
        image_id=raw.get("ImageID", ""),
        labels=raw.get("Labels") or {},
        state=raw.get("State", ""),
        status=raw.get("Status", ""),
        address=(networks.get(env.settings.docker_network) or {}).get("IPAddress", ""),
        probe_port=next(filter(None, ports), None),
    )
