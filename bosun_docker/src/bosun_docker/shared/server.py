"""The prediction server that the deployments of an environment share: brought up, kept up, replaced.

It is replaced as a model is: the new one starts beside the old one on the same volume, each deployment's route is
switched to it under the deployment's lock, and the old one ends what it has begun. While both are there the old one is
called `<name>_old`; a new one is called `<name>_next` until it answers.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from bosun_core.endings import to_its_end
from bosun_core.errors import EnvironmentFailure
from bosun_core.lifecycle.steps import Change, Step
from bosun_core.reporting import progress
from bosun_core.signals import uninterrupted

from bosun_docker import names
from bosun_docker.engine.client import Engine
from bosun_docker.environment import Environment
from bosun_docker.holding import held, held_deployment
from bosun_docker.images import pulling
from bosun_docker.looks import failing
from bosun_docker.looks.following import began, following
from bosun_docker.looks.looking import look
from bosun_docker.looks.observed import Container, Look, leads_to
from bosun_docker.proxy import shared_parts
from bosun_docker.proxy.proxy import Proxy, probing_route
from bosun_docker.proxy.routes import SLOTS, other
from bosun_docker.proxy.waiting import running_proxy
from bosun_docker.retiring import drain
from bosun_docker.shared import containers as shared_containers
from bosun_docker.shared.containers import model_name
from bosun_docker.shared.server_api import ServerApi, reached
from bosun_docker.shared.state import (
    CALLED,
    astray,
    is_as_wanted,
    is_settled,
    lock_name,
    stray_route,
    unfinished,
)

_ASK_AGAIN_SECONDS = 0.04


def change(engine: Engine, env: Environment, seen: Look, queue: str | None, *, changes_settings: bool) -> Change | None:
    """Return what brings the server up, and with `changes_settings` to what they say; None where it is so.

    Raises:
        EnvironmentFailure: somebody else has its name, or that of its volume.
    """
    body = shared_containers.server(env, queue)
    if is_as_wanted(env, seen, body) or (not changes_settings and is_settled(env, seen)):
        return None
    for name in (env.server_name, f"{env.server_name}_next"):
        shared_parts.check_name(seen, name)
    shared_parts.check_volume(engine, env, env.server_name)
    bring = partial(_bring_up, engine, env, queue, changes_settings=changes_settings)
    server = seen.server(env)
    if server is None or not server.runs or (changes_settings and not shared_parts.has_settings(server, body)):
        left = [one for one in seen.servers(env) if one != server]
        found = server if changes_settings else _with_settings(server, body)
        part = shared_parts.Part(env.server_name, found, body, "ppsBaseImage", env.server_name, left)
        steps = tuple(shared_parts.bringing(engine, env, part, bring))
    else:
        switched = [one.id for one in astray(env, seen, server)]
        what = f"{'deployments' if len(switched) > 1 else 'deployment'} {', '.join(switched)}"
        begun = f"what another action on {env.server_name} began"
        words = ("switch", f"{what} to container {env.server_name}") if switched else ("complete", begun)
        steps = (Step(*words, bring, waits=True),)
    return Change(steps, len(steps) - 1)


def _with_settings(server: Container | None, body: dict[str, Any]) -> Container | None:
    """Return a server as if it had been made with these settings."""
    labels = {names.SETTINGS: body["Labels"][names.SETTINGS]}
    return None if server is None else server._replace(labels={**server.labels, **labels})


def _bring_up(engine: Engine, env: Environment, queue: str | None, *, changes_settings: bool) -> None:
    body = shared_containers.server(env, queue)
    proxy = running_proxy(engine, env)
    image = pulling.present(engine, env, env.settings.pps_base_image, "ppsBaseImage")
    with held(engine, env, lock_name(env), image, env.labels(names.LOCK), CALLED):
        server = _unfinished_cleared(engine, env)
        if server is None:
            server = _created(engine, env, proxy, body, [])
        elif changes_settings and not shared_parts.has_settings(server, body):
            server = _replaced(engine, env, proxy, server, body)
        elif not server.runs:
            engine.start(server.id, server.name)
            _wait_until_ready(engine, env, proxy, server.id, [])
        _lead_all_to(engine, env, proxy, server)
        for old in (one for one in look(engine, env).servers(env) if one.id != server.id):
            drain(engine, env, old)


def _unfinished_cleared(engine: Engine, env: Environment) -> Container | None:
    """Clear what a killed replacement left, under the server's lock; return the server that is to go on."""
    by_name = {one.name: one for one in look(engine, env).servers(env)}
    server, old = by_name.get(env.server_name), by_name.get(f"{env.server_name}_old")
    unready = by_name.get(f"{env.server_name}_next")
    if unready is not None:
        engine.remove(unready.id)
    if server is None and old is not None:
        engine.rename(old.id, env.server_name)
    return look(engine, env).server(env)


def _created(engine: Engine, env: Environment, proxy: Proxy, body: dict[str, Any], loaded: list[str]) -> Container:
    """Return a server that answers, started under the name that its kind has until then."""
    engine.create_volume(env.server_name, env.labels(names.SERVER))
    name, new = f"{env.server_name}_next", ""
    try:
        with uninterrupted():
            new = engine.create(name, body)
        engine.start(new, name)
        _wait_until_ready(engine, env, proxy, new, loaded)
    except BaseException:
        if new:
            to_its_end(lambda: engine.remove(new))
        raise
    old = look(engine, env).server(env)
    with uninterrupted():
        if old is not None:
            engine.rename(old.id, f"{env.server_name}_old")
        engine.rename(new, env.server_name)
    server = look(engine, env).server(env)
    if server is None:
        raise EnvironmentFailure(f"container {env.server_name} was removed meanwhile; run the action again")
    return server


def _replaced(engine: Engine, env: Environment, proxy: Proxy, old: Container, body: dict[str, Any]) -> Container:
    """Return a new server beside the old one, which answers for every model that the old one answers for."""
    answering = []
    for one in look(engine, env).deployments(env):
        if old.runs and one.current is not None and one.current.is_marker and one.route is not None:
            answer = proxy.ask(f"{one.route[1].probed_endpoint}/info")
            if answer is not None and answer.status == 200:
                answering.append(model_name(one.key, one.current.generation))
    return _created(engine, env, proxy, body, answering)


def _wait_until_ready(engine: Engine, env: Environment, proxy: Proxy, server: str, loaded: list[str]) -> None:
    """Wait until a server answers its ping, and for each of these models."""
    limit = env.settings.readiness_limit
    deadline = time.monotonic() + limit
    missing = list(loaded)
    progress("waiting until the shared prediction server answers", 0)
    key = names.key(env.id, "")
    with (
        following(engine, server, began(engine, server)) as followed,
        reached(proxy, env, key, SLOTS[0], "server", server) as api,
    ):
        while not api.is_ready() or missing:
            missing = [model for model in missing if not _has_loaded(api, model)]
            fault = followed.fault(_ASK_AGAIN_SECONDS)
            if fault is None and time.monotonic() > deadline:
                fault = followed.late(f"does not answer within {limit:g} s (readinessLimit)")
            if fault is not None:
                raise EnvironmentFailure(
                    f"the shared prediction server {env.server_name} {failing.told(engine, server, fault)}"
                )


def _has_loaded(api: ServerApi, model: str) -> bool:
    answer = api.info(model)
    return answer is not None and answer.status == 200


def _lead_all_to(engine: Engine, env: Environment, proxy: Proxy, server: Container) -> None:
    """Have every deployment that is in the server led to it, each under its lock."""
    for one in unfinished(env, look(engine, env), server):
        with held_deployment(engine, env, server.image_id, one.id, CALLED):
            to_its_end(partial(_lead_to, engine, env, proxy, one.id, server))


def _lead_to(engine: Engine, env: Environment, proxy: Proxy, deployment_id: str, server: Container) -> None:
    """Lead a deployment to another server by its other slot, where it is not led there alone. May be repeated."""
    found = next((one for one in astray(env, look(engine, env), server) if one.id == deployment_id), None)
    stray = None if found is None else stray_route(found, server)
    if found is None or stray is None:
        return
    slot, old = stray
    idle = other(slot)
    progress(f"switching deployment {found.id}", 0)
    new = found.slots.get(idle)
    if new is None or not new.public or not leads_to(new, server) or new.generation < old.generation:
        # Else it was written before, and may serve: a file that is overwritten is absent for a moment.
        new = probing_route(env, found.key, found.id, server.id, old.port, old.generation, old.upstream_path)._replace(
            public=True
        )
        proxy.write(new, idle)
    proxy.wait_until_it_is_taken(new)
    proxy.blank(found.key, slot)
    # The two may have one generation, that of the model: until the old one is dropped it may be the one that leads.
    proxy.wait_until_it_is_dropped(old)
