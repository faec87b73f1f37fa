"""The actions that only look, and so import nothing of what makes images, containers and routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bosun_core.answers import DeploymentEntry
from bosun_core.model import DeploymentInfo, PEInfo
from bosun_core.status import ActionStatusInfo

from bosun_core import answers
from bosun_docker import names
from bosun_docker.environment import Environment
from bosun_docker.looks import early_look
from bosun_docker.looks.early_look import EarlyLook

if TYPE_CHECKING:
    from bosun_docker.looks.observed import Look


def deployment_status(env: Environment, info: DeploymentInfo) -> ActionStatusInfo:
    """Look at the deployment."""
    for one in _look(env, str(info.id))[1]:
        return one.as_status(None if one.msg else f"deployment {one.deployment_id} serves model {one.model_id}")
    return answers.unknown_deployment(str(info.id))


def deployment_list(env: Environment) -> ActionStatusInfo:
    """Look at every deployment."""
    return answers.list_of(_look(env)[1])


def environment_status(env: Environment, pe_info: PEInfo | None) -> ActionStatusInfo:
    """Look at the shared parts and at every deployment."""
    listed = None if pe_info is None else pe_info.deployments
    seen, entries = _look(env)
    problems = []
    facts = f"the proxy {env.proxy_name} runs"
    if seen.proxy is None or not seen.proxy.runs:
        facts = f"the proxy {env.proxy_name} does not run; plugin_start brings it up"
        problems = [facts] if entries else []
    server = seen.server(env)
    if server is not None or env.settings.model_serving == names.SHARED:
        up = server is not None and server.runs
        facts += f"; {env.server_name} {'runs' if up else 'does not run; plugin_start brings it up'}"
    return answers.environment_status(entries, listed, facts, problems, [*env.monitoring.remarks, *_remarks(env, seen)])


def _look(env: Environment, deployment_id: str | None = None) -> tuple[Look, list[DeploymentEntry]]:
    """Look at every deployment, or at one alone; where routes and containers disagree, again."""
    with early_look.asked(env) as early:
        from bosun_docker.looks.entries import entry  # imported while the engine makes its answers

        seen = _early(env, early)
    wanted = [] if seen is None else seen.wanted(env, deployment_id)
    if seen is None or any(one.is_in_doubt for one in wanted):
        seen = _asked_by_the_sdk(env)
        wanted = seen.wanted(env, deployment_id)
    return seen, [entry(env, seen, one) for one in wanted]


def _early(env: Environment, early: EarlyLook) -> Look | None:
    from bosun_docker.looks.looking import read, slots_in

    found = early.seen()
    if found is None:
        return None
    seen = read(env, found.containers)
    if seen.proxy is None:
        return seen
    return None if found.archive is None else seen._replace(slots=slots_in(found.archive))


def _asked_by_the_sdk(env: Environment) -> Look:
    from bosun_docker.engine.client import engine_of
    from bosun_docker.looks.looking import look

    with engine_of(env) as engine:
        return look(engine, env)


def _remarks(env: Environment, seen: Look) -> list[str]:
    # Without a proxy plugin_start has yet to be run, which is told by itself.
    is_needed = env.monitoring.is_on and seen.proxy is not None
    needed = {env.broker_name: seen.broker, env.agent_name: seen.agent} if is_needed else {}
    down = [name for name, one in needed.items() if one is None or not one.runs]
    remarks = [f"{name} does not run, so nothing is monitored; run plugin_start" for name in down]
    begin, shared = (
        f"{env.settings.container_name_prefix}deployment_",
        (env.proxy_name, env.broker_name, env.agent_name),
    )
    unmanaged = sorted(one.name for one in seen.strangers if one.name.startswith(begin) or one.name in shared)
    if not unmanaged:
        return remarks
    return [*remarks, f"unmanaged (not made by this Bosun, never touched; docs/migrate.md): {', '.join(unmanaged)}"]
