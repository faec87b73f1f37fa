"""The broker: its password, its start, and what it answers."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bosun_core.endings import to_its_end
from bosun_core.redaction import SECRETS

from bosun_docker import names, replacing
from bosun_docker.containers import QUEUE
from bosun_docker.engine.client import Engine
from bosun_docker.environment import Environment
from bosun_docker.looks.observed import Container, Look
from bosun_docker.monitoring import coming_up
from bosun_docker.monitoring import containers as monitoring_containers
from bosun_docker.proxy import shared_parts

# AMQP's own hello, answered by a first frame: the port accepts connections before the broker does. The loop makes no
# process, as the broker needs the processors; it waits for what never comes out of pipe 4.
_HELLO = r"""
trap '' PIPE
exec 4<> <(:)
while [ $SECONDS -lt {limit} ]; do
  if { exec 3<>/dev/tcp/127.0.0.1/5672; } 2>/dev/null; then
    printf 'AMQP\0\0\011\001' >&3
    IFS= read -r -N 1 -t {patience} -u 3 x && [ "$x" = $'\001' ] && exit 0
  fi
  read -r -t 0.1 -u 4
done 2>/dev/null
exit 1
"""


def kept_password(engine: Engine, seen: Look) -> str | None:
    """Return the broker's password, which its container keeps, and the agent's where that was lost on its way."""
    parts = (one for one in (seen.broker, seen.agent) if one is not None)
    return next(filter(None, (password_of(engine, one) for one in parts)), None)


def password_of(engine: Engine, part: Container) -> str | None:
    """Return the broker's password that the container of a part keeps; None where it has none."""
    found = engine.container(part.id)
    password = None if found is None else monitoring_containers.password_of(found["Config"]["Env"] or [])
    if password is not None:
        SECRETS.learn_values(password)
    return password


@contextmanager
def begun(engine: Engine, env: Environment, seen: Look) -> Iterator[None]:
    """Have the broker run with these settings for the block, which waits for its hello, under the monitoring's lock.

    Where the block fails a new broker goes, and the one in whose place it was put comes back.
    """
    found = seen.broker
    kept = kept_password(engine, seen)
    password = kept or secrets.token_hex(24)  # it outlives the broker's container with its data
    SECRETS.learn_values(password)
    body = monitoring_containers.broker(env, password)
    if shared_parts.is_as_wanted(found, body):
        yield
        return
    if shared_parts.has_settings(found, body):
        engine.start(found.id, env.broker_name)
        yield
        return
    if kept is None:
        shared_parts.remove_volume(engine, env, env.broker_name)  # its user has a password that nobody knows any more
    engine.create_volume(env.broker_name, env.labels(names.BROKER))
    try:
        with replacing.in_its_place(engine, env, env.broker_name, body, found) as new:
            shared_parts.started(engine, new, env.broker_name, "rabbitmqPortMapping")
            yield
    except BaseException:
        if kept is None:
            to_its_end(lambda: shared_parts.remove_volume(engine, env, env.broker_name))
        raise


def wait_for_hello(engine: Engine, env: Environment) -> None:
    """Wait until the broker answers AMQP's hello, asked in its own container: no port of it need be published.

    Raises:
        EnvironmentFailure: it has ended, or does not answer within brokerLimit.
    """
    limit = env.settings.broker_limit
    deadline = time.monotonic() + limit
    code = 1
    while code != 0 and time.monotonic() < deadline:
        coming_up.check_runs(engine, env.broker_name)
        # The engine tells nothing until the command ends, and it is waited for no longer than engineLimit.
        seconds = max(1, int(min(60, deadline - time.monotonic(), env.settings.engine_limit / 3)))
        script = _HELLO.replace("{limit}", str(seconds)).replace("{patience}", str(min(5, seconds)))
        code, _ = engine.run_inside(env.broker_name, ["bash", "-c", script])
    if code != 0:
        raise coming_up.not_up(engine, env.broker_name, f"does not answer within {limit:g} s (brokerLimit)")


def waiting(engine: Engine, env: Environment) -> int:
    """Return how many messages wait in the queue, those included that the agent has and has not yet confirmed."""
    command = ["rabbitmqctl", "--quiet", "list_queues", "name", "messages"]
    code, wrote = engine.run_inside(env.broker_name, command)
    if code != 0:
        raise coming_up.not_up(engine, env.broker_name, "does not tell of its queues")
    rows = [line.split() for line in wrote.splitlines()]
    return sum(int(row[1]) for row in rows if len(row) == 2 and row[0] == QUEUE)  # the two columns asked for
