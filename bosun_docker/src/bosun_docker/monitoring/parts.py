"""The broker and the monitoring agent: brought up, wired to each other, taken down when nothing needs them."""

from __future__ import annotations

import secrets
import time

from bosun_core.errors import EnvironmentFailure
from bosun_core.monitoring import Monitoring
from bosun_core.redaction import SECRETS
from bosun_core.reporting import progress

from bosun_docker import names
from bosun_docker.containers import QUEUE, Body
from bosun_docker.engine.client import Engine
from bosun_docker.environment import Environment
from bosun_docker.holding import held
from bosun_docker.images import pulling
from bosun_docker.looks import health
from bosun_docker.looks.looking import Container, Look, listed
from bosun_docker.monitoring import containers as monitoring_containers
from bosun_docker.monitoring.broker_script import counting_readers, read_count
from bosun_docker.proxy import shared_parts

_LOG_LINES = 20
_ANSWER_SECONDS = 10
# AMQP's own hello, answered by a first frame: the port accepts connections before the broker does.
_HELLO = r"""
while [ $SECONDS -lt {limit} ]; do
  ( exec 3<>/dev/tcp/127.0.0.1/5672 && printf 'AMQP\0\0\011\001' >&3 &&
    IFS= read -r -N 1 -t {patience} -u 3 x && [ "$x" = $'\001' ] ) 2>/dev/null && exit 0
  sleep 0.1
done
exit 1
"""


def queue_url(engine: Engine, env: Environment, seen: Look) -> str | None:
    """Return the URL of the broker that is there; None where nothing is monitored, or no broker is there."""
    if not env.monitoring.is_on or seen.broker is None:
        return None
    password = password_of(engine, seen.broker)
    return None if password is None else monitoring_containers.queue_url(env, password)


def ready_queue(engine: Engine, env: Environment, seen: Look) -> str | None:
    """Return the URL of the broker, brought up with the monitoring agent where one does not run or is half changed."""
    run = all(one is not None and one.runs for one in (seen.broker, seen.agent))
    if env.monitoring.is_on and (not run or _is_under_way(env, seen)):
        bring_up(engine, env, seen)
        seen = listed(engine, env)
    return queue_url(engine, env, seen)


def kept_password(engine: Engine, seen: Look) -> str | None:
    """Return the broker's password, which its container keeps, and the agent's where that was lost on its way."""
    parts = (one for one in (seen.broker, seen.agent) if one is not None)
    return next(filter(None, (password_of(engine, one) for one in parts)), None)


def password_of(engine: Engine, part: Container) -> str | None:
    """Return the broker's password that the container of a part keeps; None where it has none."""
    found = engine.container(part.id)
    password = None if found is None else monitoring_containers.password_of(found["Config"]["Env"] or [])
    if password is not None:
        SECRETS.learn({"password": password})
    return password


def bring_up(engine: Engine, env: Environment, seen: Look) -> list[str]:
    """Bring broker and monitoring agent to what the settings say, and wait until each does its work.

    Returns what was done.

    Raises:
        EnvironmentFailure: somebody else has a name or a port, an image cannot be had, or a part does not come up.
    """
    if not env.monitoring.is_on:
        return []
    if _is_as_wanted(engine, env, env.monitoring, seen):
        _wait_for_hello(engine, env)
        _wait_for_reader(engine, env, is_new=False)
        return []
    for name in (env.broker_name, env.agent_name):
        shared_parts.check_name(seen, name)
    shared_parts.check_volume(engine, env, env.broker_name)
    image = pulling.present(engine, env, env.settings.rabbitmq_image, "rabbitmqImage")
    pulling.present(engine, env, str(env.settings.agent_image), "agentImage")
    with held(engine, env, _lock_name(env), image, env.labels(names.LOCK), "the monitoring"):
        seen = listed(engine, env)
        done, password = _bring_broker(engine, env, seen)
        url = monitoring_containers.queue_url(env, password)
        return done + _bring_agent(engine, env, seen, monitoring_containers.agent(env, env.monitoring, url))


def _is_as_wanted(engine: Engine, env: Environment, monitoring: Monitoring, seen: Look) -> bool:
    """Tell whether both parts run with these settings, and nothing on them is under way."""
    if seen.broker is None or _is_under_way(env, seen):
        return False
    password = password_of(engine, seen.broker) or ""
    agent = monitoring_containers.agent(env, monitoring, monitoring_containers.queue_url(env, password))
    broker = monitoring_containers.broker(env, password)
    return shared_parts.is_as_wanted(seen.broker, broker) and shared_parts.is_as_wanted(seen.agent, agent)


def _is_under_way(env: Environment, seen: Look) -> bool:
    """Tell whether an action on the monitoring is under way, or was killed."""
    return any(one.name == _lock_name(env) for one in seen.parts)


def _bring_broker(engine: Engine, env: Environment, seen: Look) -> tuple[list[str], str]:
    """Bring up the broker; return what was done, and its password, which outlives its container with its data."""
    found = seen.broker
    kept = kept_password(engine, seen)
    password = kept or secrets.token_hex(24)
    SECRETS.learn({"password": password})
    body = monitoring_containers.broker(env, password)
    if shared_parts.is_as_wanted(found, body):
        _wait_for_hello(engine, env)
        return [], password
    progress("starting the broker", 0)
    if kept is None:
        shared_parts.remove_volume(engine, env, env.broker_name)  # its user has a password that nobody knows any more
    done = _start(engine, env, found, body, env.broker_name, env.broker_name)
    _wait_for_hello(engine, env)
    return done, password


def _bring_agent(engine: Engine, env: Environment, seen: Look, body: Body) -> list[str]:
    if shared_parts.is_as_wanted(seen.agent, body):
        _wait_for_reader(engine, env, is_new=False)
        return []
    progress("starting the monitoring agent", 0)
    done = _start(engine, env, seen.agent, body, env.agent_name, None)
    _wait_for_reader(engine, env, is_new=True)
    return done


def _start(
    engine: Engine, env: Environment, found: Container | None, body: Body, name: str, volume: str | None
) -> list[str]:
    """Start a part that is there with these settings, or put a new one in its place."""
    if found is not None and found.labels.get(names.SETTINGS) == body["Labels"][names.SETTINGS]:
        engine.start(found.id, name)
        return [f"start container {name}"]
    if volume is not None:
        engine.create_volume(volume, env.labels(names.BROKER))
    if found is not None:
        engine.signal(found.id, "SIGTERM")  # a broker writes its messages down
        engine.wait(found.id, env.settings.drain_limit)
        engine.remove(found.id)
    made = engine.create(name, body)
    try:
        shared_parts.started(engine, made, name, "rabbitmqPortMapping")
    except BaseException:
        engine.remove(made)
        raise
    return [f"{'create' if found is None else 'replace'} container {name}"]


def _wait_for_hello(engine: Engine, env: Environment) -> None:
    """Wait until the broker answers AMQP's hello, asked in its own container: no port of it need be published."""
    limit = env.settings.broker_limit
    deadline = time.monotonic() + limit
    code = 1
    while code != 0 and time.monotonic() < deadline:
        _check_runs(engine, env.broker_name)
        # The engine tells nothing until the command ends, and it is waited for no longer than engineLimit.
        seconds = max(1, int(min(60, deadline - time.monotonic(), env.settings.engine_limit / 3)))
        script = _HELLO.replace("{limit}", str(seconds)).replace("{patience}", str(min(5, seconds)))
        code, _ = engine.run_inside(env.broker_name, ["bash", "-c", script])
    if code != 0:
        raise _not_up(engine, env.broker_name, f"does not answer within {limit:g} s (brokerLimit)")


def _wait_for_reader(engine: Engine, env: Environment, *, is_new: bool) -> None:
    """Wait until the monitoring agent reads the queue; one that is not new may be on its way back, as its broker is."""
    limit = env.settings.broker_limit
    deadline = time.monotonic() + limit
    command = counting_readers(QUEUE, _ANSWER_SECONDS)
    while not read_count(*engine.run_inside(env.broker_name, command)):
        if is_new:
            _check_runs(engine, env.agent_name)
        if time.monotonic() > deadline:
            raise _not_up(engine, env.agent_name, f"does not read the queue within {limit:g} s (brokerLimit)")


def _waiting(engine: Engine, env: Environment) -> int:
    """Return how many messages wait in the queue, those included that the agent has and has not yet confirmed."""
    command = ["rabbitmqctl", "--quiet", "list_queues", "name", "messages"]
    code, wrote = engine.run_inside(env.broker_name, command)
    if code != 0:
        raise _not_up(engine, env.broker_name, "does not tell of its queues")
    rows = [line.split() for line in wrote.splitlines()]
    return sum(int(row[1]) for row in rows if len(row) == 2 and row[0] == QUEUE)  # the two columns asked for


def _check_runs(engine: Engine, name: str) -> None:
    found = engine.container(name)
    fault = "is gone" if found is None else health.why_ended(found["State"])
    if fault is not None:
        raise _not_up(engine, name, fault)


def _not_up(engine: Engine, name: str, fault: str) -> EnvironmentFailure:
    return EnvironmentFailure(f"container {name} {fault}{health.last_words(engine.last_lines(name, _LOG_LINES))}")


def take_down(engine: Engine, env: Environment, seen: Look) -> list[str]:
    """Remove broker and agent where no monitored deployment is left and no message waits; return what was done."""
    there = [one for one in (seen.broker, seen.agent, *seen.parts) if one is not None and _is_of_monitoring(env, one)]
    if not there:
        return []
    with held(engine, env, _lock_name(env), there[0].image_id, env.labels(names.LOCK), "the monitoring"):
        seen = listed(engine, env)
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
    return seen.broker is not None and (not seen.broker.runs or _waiting(engine, env) > 0)


def _is_of_monitoring(env: Environment, one: Container) -> bool:
    return one.name in (env.broker_name, env.agent_name, _lock_name(env))


def _lock_name(env: Environment) -> str:
    return f"{env.settings.container_name_prefix}lock_monitoring"
