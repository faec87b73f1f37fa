"""The broker and the monitoring agent: brought up, wired to each other, taken down when nothing needs them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

from bosun_core.errors import EnvironmentFailure
from bosun_core.lifecycle.steps import SKIPPED, Change, Step

from bosun_docker import names, replacing
from bosun_docker.containers import QUEUE
from bosun_docker.engine.client import Engine
from bosun_docker.environment import Environment
from bosun_docker.holding import held
from bosun_docker.images import pulling
from bosun_docker.looks.observed import Look
from bosun_docker.monitoring import broker, coming_up
from bosun_docker.monitoring import containers as monitoring_containers
from bosun_docker.monitoring.broker_script import counting_readers, read_count
from bosun_docker.proxy import shared_parts

_ANSWER_SECONDS = 10
_CALLED = "the monitoring"


def queue_url(engine: Engine, env: Environment, seen: Look) -> str | None:
    """Return the URL of the broker that is there; None where nothing is monitored, or no broker is there."""
    if not env.monitoring.is_on or seen.broker is None:
        return None
    password = broker.password_of(engine, seen.broker)
    return None if password is None else monitoring_containers.queue_url(env, password)


def broker_change(engine: Engine, env: Environment, seen: Look, *, changes_settings: bool) -> Change | None:
    """Return what brings the broker to what the settings say; None where it is so, or nothing is monitored.

    Without `changes_settings` one that runs beside its monitoring agent is left as it is.

    Raises:
        EnvironmentFailure: somebody else has a name, or that of the volume.
    """
    if not env.monitoring.is_on or (_run(env, seen) and not changes_settings):
        return None
    for name in _names(env):
        shared_parts.check_name(seen, name)
    shared_parts.check_volume(engine, env, env.broker_name)
    body = monitoring_containers.broker(env, broker.kept_password(engine, seen) or "")
    left = replacing.unfinished(seen, _lock_name(env), _names(env))
    part = shared_parts.Part(env.broker_name, seen.broker, body, "rabbitmqImage", env.broker_name, left)
    coming = _Coming(engine, env)
    steps = tuple(shared_parts.bringing(engine, env, part, coming.begin, coming.withdraw))
    if not steps:
        return None
    return Change((*steps, Step("wait", f"until {env.broker_name} answers", coming.settle, waits=True)), len(steps))


class _Coming:
    """A broker that comes up, under the monitoring's lock; where it does not, the one that was there comes back."""

    def __init__(self, engine: Engine, env: Environment) -> None:
        self._engine = engine
        self._env = env
        self._until_end = ExitStack()

    def begin(self) -> None:
        """Start it; it may not answer yet."""
        engine, env = self._engine, self._env
        image = pulling.present(engine, env, env.settings.rabbitmq_image, "rabbitmqImage")
        self._until_end.enter_context(held(engine, env, _lock_name(env), image, env.labels(names.LOCK), _CALLED))
        seen = replacing.without_old(engine, env, *_names(env))
        self._until_end.enter_context(broker.begun(engine, env, seen))

    def settle(self) -> None:
        """Wait until it answers; then the one that it replaces goes."""
        broker.wait_for_hello(self._engine, self._env)
        self._until_end.close()

    def withdraw(self) -> None:
        """Leave nothing of it."""
        error = EnvironmentFailure("the broker did not come up")
        self._until_end.__exit__(type(error), error, None)


def agent_change(engine: Engine, env: Environment, seen: Look, *, changes_settings: bool) -> Change | None:
    """Return what brings the monitoring agent to what the settings say, as `broker_change`; the broker is there."""
    if not env.monitoring.is_on or (_run(env, seen) and not changes_settings):
        return None
    password = broker.kept_password(engine, seen) or ""
    body = monitoring_containers.agent(env, env.monitoring, monitoring_containers.queue_url(env, password))
    part = shared_parts.Part(env.agent_name, seen.agent, body, "agentImage", None, ())
    steps = tuple(shared_parts.bringing(engine, env, part, partial(_bring_agent, engine, env)))
    return Change(steps, len(steps) - 1) if steps else None


def _run(env: Environment, seen: Look) -> bool:
    """Tell whether both parts run, and no action on them is under way or was killed."""
    run = all(one is not None and one.runs for one in (seen.broker, seen.agent))
    return run and not replacing.unfinished(seen, _lock_name(env), _names(env))


def check(engine: Engine, env: Environment) -> None:
    """Check that the broker answers, and that the monitoring agent reads from it.

    Raises:
        EnvironmentFailure: one does not within `brokerLimit`.
    """
    broker.wait_for_hello(engine, env)
    _wait_for_reader(engine, env, is_new=False)


def _bring_agent(engine: Engine, env: Environment) -> object:
    """Bring the monitoring agent to what the settings say, and wait until it reads.

    Raises:
        EnvironmentFailure: its image cannot be had, or it does not come up.
    """
    name = env.agent_name
    image = pulling.present(engine, env, str(env.settings.agent_image), "agentImage")
    with held(engine, env, _lock_name(env), image, env.labels(names.LOCK), _CALLED):
        seen = replacing.without_old(engine, env, name)
        password = broker.kept_password(engine, seen) or ""
        body = monitoring_containers.agent(env, env.monitoring, monitoring_containers.queue_url(env, password))
        found = seen.agent
        if shared_parts.is_as_wanted(found, body):
            return SKIPPED
        if shared_parts.has_settings(found, body):
            engine.start(found.id, name)
            _wait_for_reader(engine, env, is_new=True)
            return None
        with replacing.in_its_place(engine, env, name, body, found) as new:
            engine.start(new, name)
            _wait_for_reader(engine, env, is_new=True)
    return None


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


def taking_down(engine: Engine, env: Environment, seen: Look) -> Iterator[Change]:
    """Yield what removes broker and agent where no monitored deployment is left and no message waits."""
    there = [
        *(one for one in (seen.broker, seen.agent) if one),
        *replacing.unfinished(seen, _lock_name(env), _names(env)),
    ]
    if there and not is_needed(engine, env, seen):
        what = shared_parts.Taken(_CALLED, _lock_name(env), _names(env)[::-1], env.broker_name)
        yield from shared_parts.going(engine, env, seen, what, partial(is_needed, engine, env))


def is_needed(engine: Engine, env: Environment, seen: Look) -> bool:
    """Tell whether a monitored deployment is there, or messages wait; a broker that has ended cannot be asked."""
    if any(one.labels.get(names.MONITORED) == "true" for one in seen.parts):
        return True
    return seen.broker is not None and (not seen.broker.runs or broker.waiting(engine, env) > 0)


def _names(env: Environment) -> tuple[str, str]:
    return env.broker_name, env.agent_name


def _lock_name(env: Environment) -> str:
    return f"{env.settings.container_name_prefix}lock_monitoring"
