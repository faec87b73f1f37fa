"""The actions on the environment's shared parts."""

from __future__ import annotations

import functools

from bosun_core.status import ActionStatus, ActionStatusInfo

from bosun_core import answers
from bosun_docker import environment_plans, names
from bosun_docker.engine.client import engine_of
from bosun_docker.environment import Environment
from bosun_docker.looks.looking import listed, look
from bosun_docker.monitoring import parts as monitoring
from bosun_docker.proxy import networks, shared_parts
from bosun_docker.shared import clearing as shared_clearing
from bosun_docker.shared import server as shared_server
from bosun_docker.shared import state as shared_state


def plugin_start(env: Environment) -> ActionStatusInfo:
    """Bring up the shared parts, or what of them is missing or changed."""
    with engine_of(env) as engine:
        seen = listed(engine, env)
        if env.dry_run:
            plan = environment_plans.of_start(engine, env, look(engine, env))
            return env.monitoring.warned(answers.planned(None, plan))
        proxy_up = functools.partial(shared_parts.bring_up_proxy, engine, env, seen)
        with networks.brought_up(engine, env):
            done = monitoring.bring_up(engine, env, seen, meanwhile=proxy_up)
        if shared_state.is_needed(env, seen):
            now = look(engine, env)
            proxy = shared_parts.ready_proxy(engine, env, now)
            done += shared_server.bring_up(engine, env, proxy, monitoring.queue_url(engine, env, now))
            done += shared_clearing.sweep(engine, env, proxy)
    facts = f"network {env.settings.docker_network} is there and the proxy {env.proxy_name} answers"
    if env.monitoring.is_on:
        facts += f", the monitoring agent {env.agent_name} reads from {env.broker_name}"
    return env.monitoring.warned(ActionStatusInfo(ActionStatus.OK, "; ".join([facts, *done])))


def plugin_stop(env: Environment) -> ActionStatusInfo:
    """Take down the shared parts that no deployment needs."""
    with engine_of(env) as engine:
        seen = listed(engine, env)
        serves = any(one.part == names.MODEL_PART for one in seen.parts)
        if env.dry_run:
            return answers.planned(None, environment_plans.of_stop(engine, env, seen))
        done = shared_clearing.take_down(engine, env, seen)
        done += monitoring.take_down(engine, env, seen) + shared_parts.take_down_proxy(engine, env, seen)
    stays = [f"the proxy {env.proxy_name} stays: models are served"] if serves else []
    return ActionStatusInfo(ActionStatus.OK, ", ".join([*stays, *done]) or "nothing to stop")
