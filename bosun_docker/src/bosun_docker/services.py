"""What deployments share, brought up and taken down in stages: network, proxy, broker, monitoring agent, server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bosun_core.lifecycle.steps import Change

from bosun_docker import names
from bosun_docker.engine.client import Engine
from bosun_docker.environment import Environment
from bosun_docker.looks.looking import listed, look
from bosun_docker.looks.observed import Look
from bosun_docker.monitoring import parts as monitoring
from bosun_docker.proxy import shared_parts
from bosun_docker.proxy.waiting import until_it_answers
from bosun_docker.shared import clearing, server
from bosun_docker.shared import state as shared_state

Stage = Sequence[Change]


def bringing_up(
    engine: Engine, env: Environment, seen: Look, *, changes_settings: bool, needs_server: bool
) -> Iterator[Stage]:
    """Yield what brings the services up; without `changes_settings` those that run are left as they are.

    The proxy starts while the broker does, which takes seconds; the monitoring agent needs the broker, and the server
    both.
    """
    proxy = shared_parts.proxy_change(engine, env, seen, changes_settings=changes_settings)
    broker = monitoring.broker_change(engine, env, seen, changes_settings=changes_settings)
    changed = [one for one in (proxy, broker) if one is not None]
    if changed:
        yield changed
        seen = listed(engine, env)
    agent = monitoring.agent_change(engine, env, seen, changes_settings=changes_settings)
    if agent is not None:
        yield [agent]
    if needs_server:
        seen = look(engine, env)
        queue = monitoring.queue_url(engine, env, seen)
        own = server.change(engine, env, seen, queue, changes_settings=changes_settings)
        if own is not None:
            yield [own]


def bringing_proxy_back(engine: Engine, env: Environment, seen: Look) -> Iterator[Stage]:
    """Yield what brings back a proxy that was removed: routes that are left are read and written through it alone."""
    if shared_parts.was_removed(engine, env, seen):
        proxy = shared_parts.proxy_change(engine, env, seen, changes_settings=True)
        if proxy is not None:
            yield [proxy]


def check(engine: Engine, env: Environment) -> str:
    """Check that each service does its work; what nothing needs of the shared server goes. Return the facts.

    Raises:
        EnvironmentFailure: one does not.
    """
    seen = listed(engine, env)
    if seen.proxy is not None:
        until_it_answers(engine, env, seen.proxy)
    facts = f"network {env.settings.docker_network} is there and the proxy {env.proxy_name} answers"
    if env.monitoring.is_on:
        monitoring.check(engine, env)
        facts += f", the monitoring agent {env.agent_name} reads from {env.broker_name}"
    gone = clearing.sweep(engine, env) if shared_state.is_needed(env, seen) else []
    return "; ".join([facts, *gone])


def taking_down(engine: Engine, env: Environment, seen: Look) -> Iterator[Stage]:
    """Yield what takes down the services that no deployment needs: the proxy last, as it leads to the others."""
    own = list(clearing.taking_down(engine, env, seen))
    yield own
    if own:  # what the server reports needs no broker any more
        seen = seen._replace(parts=tuple(one for one in seen.parts if one not in seen.servers(env)))
    for part in (monitoring, shared_parts):
        yield list(part.taking_down(engine, env, seen))


def kept(env: Environment, seen: Look) -> str:
    """Return what stays after that, and why."""
    serves = any(one.part == names.MODEL_PART for one in seen.parts)
    return f"the proxy {env.proxy_name} stays: models are served" if serves else ""
