"""What plugin_start and plugin_stop would do, step by step, by the real state of the engine; nothing is changed."""

from __future__ import annotations

from typing import Any

from bosun_docker import names, replacing
from bosun_docker.engine.client import Engine
from bosun_docker.environment import Environment
from bosun_docker.looks.observed import Container, Look
from bosun_docker.monitoring import broker as broker_parts
from bosun_docker.monitoring import containers as monitoring_containers
from bosun_docker.monitoring import parts as monitoring
from bosun_docker.proxy import networks, shared_parts
from bosun_docker.shared import containers as shared_containers
from bosun_docker.shared import state as shared_state


def of_start(engine: Engine, env: Environment, seen: Look) -> list[str]:
    """Return the steps of plugin_start."""
    plan = [*networks.check(engine, env), *of_proxy(engine, env, seen), *of_monitoring(engine, env, seen)]
    return [*plan, *of_server(engine, env, seen)] if shared_state.is_needed(env, seen) else plan


def of_proxy(engine: Engine, env: Environment, seen: Look) -> list[str]:
    """Return the steps that bring the proxy to what the settings say.

    Raises:
        EnvironmentFailure: somebody else has its name, or that of its volume.
    """
    shared_parts.check_names(engine, env, seen)
    body, _ = shared_parts.proxy_body(engine, env)
    left = [f"remove container {one.name}" for one in replacing.superseded(seen, env.proxy_name)]
    step = _part(engine, seen.proxy, body, env.proxy_name)
    volume = [] if engine.volume(env.routes_volume) or not step else [f"create volume {env.routes_volume}"]
    return [*left, *volume, *step]


def of_monitoring(engine: Engine, env: Environment, seen: Look) -> list[str]:
    """Return the steps that bring broker and monitoring agent to what the settings say."""
    if not env.monitoring.is_on:
        return []
    password = broker_parts.kept_password(engine, seen) or ""
    broker = monitoring_containers.broker(env, password)
    agent = monitoring_containers.agent(env, env.monitoring, monitoring_containers.queue_url(env, password))
    volume = [] if engine.volume(env.broker_name) else [f"create volume {env.broker_name}"]
    left = replacing.superseded(seen, env.broker_name, env.agent_name)
    return [
        *(f"remove container {one.name}" for one in left),
        *volume,
        *_part(engine, seen.broker, broker, env.broker_name),
        *_part(engine, seen.agent, agent, env.agent_name),
    ]


def of_server(engine: Engine, env: Environment, seen: Look, *, replacing: bool = True) -> list[str]:
    """Return the steps that bring up the server that deployments share; its settings count where `replacing`."""
    server = seen.server(env)
    body = shared_containers.server(env, monitoring.queue_url(engine, env, seen))
    steps = shared_state.plan(env, seen, body if replacing else None)
    volume = [] if engine.volume(env.server_name) else [f"create volume {env.server_name}"]
    is_made = any(step.startswith(("create", "replace")) for step in steps)
    left = [f"remove container {one.name}" for one in seen.servers(env) if one != server]
    return [*volume, *(pulling(engine, str(body["Image"])) if is_made else []), *steps, *left]


def _part(engine: Engine, found: Container | None, body: dict[str, Any], name: str) -> list[str]:
    """Return the steps that bring one part to what its body says."""
    if shared_parts.is_as_wanted(found, body):
        return []
    if shared_parts.has_settings(found, body):
        return [f"start container {name}"]
    step = f"{'create' if found is None else 'replace'} container {name}"
    return [*pulling(engine, str(body["Image"])), step]


def pulling(engine: Engine, reference: str) -> list[str]:
    """Return how an image comes to the engine; nothing where it is there."""
    return [] if engine.image(reference) is not None else [f"pull image {reference}"]


def of_stop(engine: Engine, env: Environment, seen: Look) -> list[str]:
    """Return the steps of plugin_stop: what no deployment needs goes."""
    plan = shared_state.plan_of_taking_down(env, seen)
    if not shared_state.markers(env, seen):
        plan += _going(engine, env, [], env.server_name)
    parts = [one for one in (seen.agent, seen.broker) if one is not None]
    if parts and not monitoring.is_needed(engine, env, seen):
        plan += _going(engine, env, parts, env.broker_name)
    if not any(one.part == names.MODEL_PART for one in seen.parts):
        plan += _going(engine, env, [] if seen.proxy is None else [seen.proxy], env.routes_volume)
    return plan


def _going(engine: Engine, env: Environment, containers: list[Container], volume: str) -> list[str]:
    found = engine.volume(volume)
    volumes = [f"remove volume {volume}"] if found is not None and shared_parts.is_ours(env, found) else []
    return [*[f"remove container {one.name}" for one in containers], *volumes]
