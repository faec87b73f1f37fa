"""The broker and the monitoring agent: brought up, wired to each other, taken down when nothing needs them."""

from __future__ import annotations

import time
from collections.abc import Callable

from bosun_core.monitoring import Monitoring
from bosun_core.reporting import progress

from bosun_docker import names, replacing
from bosun_docker.containers import QUEUE, Body
from bosun_docker.engine.client import Engine
from bosun_docker.environment import Environment
from bosun_docker.holding import held
from bosun_docker.images import pulling
from bosun_docker.looks.looking import listed
from bosun_docker.looks.observed import Look
from bosun_docker.monitoring import broker, coming_up
from bosun_docker.monitoring import containers as monitoring_containers
from bosun_docker.monitoring.broker_script import counting_readers, read_count
from bosun_docker.proxy import shared_parts

_ANSWER_SECONDS = 10


def queue_url(engine: Engine, env: Environment, seen: Look) -> str | None:
    """Return the URL of the broker that is there; None where nothing is monitored, or no broker is there."""
    if not env.monitoring.is_on or seen.broker is None:
        return None
    password = broker.password_of(engine, seen.broker)
    return None if password is None else monitoring_containers.queue_url(env, password)


def ready_queue(engine: Engine, env: Environment, seen: Look) -> str | None:
    """Return the URL of the broker, brought up with the monitoring agent where one does not run or is half changed."""
    run = all(one is not None and one.runs for one in (seen.broker, seen.agent))
    if env.monitoring.is_on and (not run or _is_under_way(env, seen)):
        bring_up(engine, env, seen)
        seen = listed(engine, env)
    return queue_url(engine, env, seen)


def bring_up(engine: Engine, env: Environment, seen: Look, meanwhile: Callable[[], list[str]] = list[str]) -> list[str]:
    """Bring broker and monitoring agent to what the settings say, and wait until each does its work.

    Args:
        engine: the engine.
        env: the environment.
        seen: what is there.
        meanwhile: what is done while the broker starts, which takes seconds; returns what it did.

    Returns what was done.

    Raises:
        EnvironmentFailure: somebody else has a name or a port, an image cannot be had, or a part does not come up.
    """
    if not env.monitoring.is_on:
        return meanwhile()
    if _is_as_wanted(engine, env, env.monitoring, seen):
        done = meanwhile()
        broker.wait_for_hello(engine, env)
        _wait_for_reader(engine, env, is_new=False)
        return done
    for name in _names(env):
        shared_parts.check_name(seen, name)
    shared_parts.check_volume(engine, env, env.broker_name)
    image = pulling.present(engine, env, env.settings.rabbitmq_image, "rabbitmqImage")
    pulling.present(engine, env, str(env.settings.agent_image), "agentImage")
    with held(engine, env, _lock_name(env), image, env.labels(names.LOCK), "the monitoring"):
        seen = replacing.without_old(engine, env, *_names(env))
        with broker.begun(engine, env, seen) as begun:
            done = meanwhile()
            broker.wait_for_hello(engine, env)
        url = monitoring_containers.queue_url(env, begun.password)
        agent = monitoring_containers.agent(env, env.monitoring, url)
        return [*done, *begun.done, *_bring_agent(engine, env, seen, agent)]


def _is_as_wanted(engine: Engine, env: Environment, monitoring: Monitoring, seen: Look) -> bool:
    """Tell whether both parts run with these settings, and nothing on them is under way."""
    if seen.broker is None or _is_under_way(env, seen):
        return False
    password = broker.password_of(engine, seen.broker) or ""
    agent = monitoring_containers.agent(env, monitoring, monitoring_containers.queue_url(env, password))
    wanted = monitoring_containers.broker(env, password)
    return shared_parts.is_as_wanted(seen.broker, wanted) and shared_parts.is_as_wanted(seen.agent, agent)


def _is_under_way(env: Environment, seen: Look) -> bool:
    """Tell whether an action on the monitoring is under way, or was killed."""
    return bool(replacing.unfinished(seen, _lock_name(env), _names(env)))


def _bring_agent(engine: Engine, env: Environment, seen: Look, body: Body) -> list[str]:
    found, name = seen.agent, env.agent_name
    if shared_parts.is_as_wanted(found, body):
        _wait_for_reader(engine, env, is_new=False)
        return []
    progress("starting the monitoring agent", 0)
    if shared_parts.has_settings(found, body):
        engine.start(found.id, name)
        _wait_for_reader(engine, env, is_new=True)
        return [f"start container {name}"]
    with replacing.in_its_place(engine, env, name, body, found) as new:
        engine.start(new, name)
        _wait_for_reader(engine, env, is_new=True)
    return [f"{'create' if found is None else 'replace'} container {name}"]


def _wait_for_reader(engine: Engine, env: Environment, *, is_new: bool) -> None:
    """Wait until the monitoring agent reads the queue; one that is not new may be on its way back, as its broker is."""
    limit = env.settings.broker_limit
    deadline = time.monotonic() + limit
    command = counting_readers(QUEUE, _ANSWER_SECONDS)
    while not read_count(*engine.run_inside(env.broker_name, command)):
        if is_new:
            coming_up.check_runs(engine, env.agent_name)
        if time.monotonic() > deadline:
            raise coming_up.not_up(engine, env.agent_name, f"does not read the queue within {limit:g} s (brokerLimit)")


def take_down(engine: Engine, env: Environment, seen: Look) -> list[str]:
    """Remove broker and agent where no monitored deployment is left and no message waits; return what was done."""
    there = [one for one in (seen.broker, seen.agent) if one is not None]
    there += replacing.unfinished(seen, _lock_name(env), _names(env))
    if not there:
        return []
    with held(engine, env, _lock_name(env), there[0].image_id, env.labels(names.LOCK), "the monitoring"):
        seen = replacing.without_old(engine, env, *_names(env))
        if is_needed(engine, env, seen):
            return []
        parts = [one for one in (seen.agent, seen.broker) if one is not None]
        for one in parts:
            engine.remove(one.id)
        done = [f"remove container {one.name}" for one in parts]
        return [*done, *shared_parts.remove_volume(engine, env, env.broker_name)]


def is_needed(engine: Engine, env: Environment, seen: Look) -> bool:
    """Tell whether a monitored deployment is there, or messages wait; a broker that has ended cannot be asked."""
    if any(one.labels.get(names.MONITORED) == "true" for one in seen.parts):
        return True
    return seen.broker is not None and (not seen.broker.runs or broker.waiting(engine, env) > 0)


def _names(env: Environment) -> tuple[str, str]:
    return env.broker_name, env.agent_name


def _lock_name(env: Environment) -> str:
    return f"{env.settings.container_name_prefix}lock_monitoring"
