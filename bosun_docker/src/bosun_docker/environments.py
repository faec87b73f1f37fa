"""The actions on the environment as a whole: its shared parts, and a look at all of it."""

from __future__ import annotations

from bosun_core.errors import EnvironmentFailure
from bosun_core.model import PEInfo
from bosun_core.status import ActionStatus, ActionStatusInfo

from bosun_core import answers
from bosun_docker import (
    engine_host,
    environment_plans,
    monitoring,
    names,
    shared_clearing,
    shared_parts,
    shared_server,
    shared_state,
)
from bosun_docker.engine import Engine
from bosun_docker.entries import entry
from bosun_docker.environment import Environment
from bosun_docker.looking import Look, listed, look


def plugin_start(env: Environment) -> ActionStatusInfo:
    """Bring up the shared parts, or what of them is missing or changed."""
    with Engine(engine_host.find()) as engine:
        seen = listed(engine, env)
        if env.dry_run:
            return answers.planned(None, environment_plans.of_start(engine, env, look(engine, env)))
        done = shared_parts.bring_up_proxy(engine, env, seen) + monitoring.bring_up(engine, env, seen)
        if shared_state.is_needed(env, seen):
            now = look(engine, env)
            proxy = shared_parts.ready_proxy(engine, env, now)
            done += shared_server.bring_up(engine, env, proxy, monitoring.queue_url(engine, env, now))
            done += shared_clearing.sweep(engine, env, proxy)
    facts = f"network {env.settings.docker_network} is there and the proxy {env.proxy_name} answers"
    if env.monitors:
        facts += f", the monitoring agent {env.agent_name} reads from {env.broker_name}"
    status = ActionStatus.WARN if env.remarks else ActionStatus.OK
    return ActionStatusInfo(status, "; ".join([*env.remarks, facts, *done]))


def plugin_stop(env: Environment) -> ActionStatusInfo:
    """Take down the shared parts that no deployment needs."""
    with Engine(engine_host.find()) as engine:
        seen = listed(engine, env)
        deployments = sum(one.part == names.MODEL_PART for one in seen.parts)
        if env.dry_run:
            return answers.planned(None, environment_plans.of_stop(engine, env, seen))
        done = shared_clearing.take_down(engine, env, seen)
        done += monitoring.take_down(engine, env, seen) + shared_parts.take_down_proxy(engine, env, seen)
    if deployments:
        return ActionStatusInfo(ActionStatus.OK, f"the proxy {env.proxy_name} stays: {deployments} models are served")
    return ActionStatusInfo(ActionStatus.OK, ", ".join(done) or "nothing to stop")


def list_all(env: Environment) -> ActionStatusInfo:
    """Look at every deployment."""
    with Engine(engine_host.find()) as engine:
        seen = look(engine, env)
    return answers.list_of(entry(env, seen, one) for one in seen.deployments(env))


def status(env: Environment, pe_info: PEInfo | None) -> ActionStatusInfo:
    """Look at the shared parts and at every deployment."""
    listed = None if pe_info is None else pe_info.deployments
    try:
        with Engine(engine_host.find()) as engine:
            seen = look(engine, env)
    except EnvironmentFailure as error:
        return answers.environment_status([], listed, "", problems=[str(error)])
    entries = [entry(env, seen, one) for one in seen.deployments(env)]
    problems = []
    facts = f"the proxy {env.proxy_name} runs"
    if seen.proxy is None or not seen.proxy.runs:
        facts = f"the proxy {env.proxy_name} does not run; plugin_start brings it up"
        problems = [facts] if entries else []
    server = seen.server(env)
    if server is not None or env.settings.model_serving == names.SHARED:
        up = server is not None and server.runs
        facts += f"; {env.server_name} {'runs' if up else 'does not run; plugin_start brings it up'}"
    return answers.environment_status(entries, listed, facts, problems, [*env.remarks, *_remarks(env, seen)])


def _remarks(env: Environment, seen: Look) -> list[str]:
    down = [one for one in (seen.broker, seen.agent) if one is not None and not one.runs] if env.monitors else []
    remarks = [f"{one.name} does not run, so nothing is monitored; run plugin_start" for one in down]
    begin, shared = (
        f"{env.settings.container_name_prefix}deployment_",
        (env.proxy_name, env.broker_name, env.agent_name),
    )
    unmanaged = sorted(one.name for one in seen.strangers if one.name.startswith(begin) or one.name in shared)
    if not unmanaged:
        return remarks
    return [*remarks, f"unmanaged (not made by this Bosun, never touched; docs/migrate.md): {', '.join(unmanaged)}"]
