"""What a look says of an environment: its deployments, its services, and what a person should look at."""

from __future__ import annotations

from bosun_core.lifecycle.backend import Survey

from bosun_docker import names
from bosun_docker.environment import Environment
from bosun_docker.looks.observed import Look, Observed


def survey(env: Environment, seen: Look) -> Survey[Observed]:
    """Return what a look says of an environment."""
    found = [Observed(seen, one) for one in seen.deployments(env)]
    problems = []
    facts = f"the proxy {env.proxy_name} runs"
    if seen.proxy is None or not seen.proxy.runs:
        facts = f"the proxy {env.proxy_name} does not run; plugin_start brings it up"
        problems = [facts] if found else []
    server = seen.server(env)
    if server is not None or env.settings.model_serving == names.SHARED:
        up = server is not None and server.runs
        facts += f"; {env.server_name} {'runs' if up else 'does not run; plugin_start brings it up'}"
    return Survey(found, problems, [*env.monitoring.remarks, *_remarks(env, seen)], facts)


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
