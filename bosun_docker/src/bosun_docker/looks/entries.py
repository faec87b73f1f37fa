"""What a look says of a deployment: pure functions from what is there to status, state and message."""

from __future__ import annotations

from bosun_core.answers import DeploymentEntry
from bosun_core.status import ActionStatus, DeploymentState

from bosun_docker import names
from bosun_docker.environment import Environment
from bosun_docker.looks.health import READY, Health, of_listed
from bosun_docker.looks.observed import Container, Deployed, Look


def entry(env: Environment, seen: Look, deployed: Deployed) -> DeploymentEntry:
    """Return what a look says of a deployment."""
    current = deployed.current
    container = current or (deployed.containers[-1] if deployed.containers else None)
    health = _health(seen, deployed, current)
    prefix = env.settings.prefix.url
    return DeploymentEntry(
        deployment_id=deployed.id,
        model_id=None if container is None else container.labels.get(names.MODEL),
        status=health.status,
        state=health.state,
        msg=None if health.fault is None else f"deployment {deployed.id}: {health.fault}",
        prediction_url=f"{prefix}/deployments/{deployed.id}/predictions",
        workloads=_workloads(deployed),
    )


def _workloads(deployed: Deployed) -> tuple[str, ...]:
    own = [one.name for one in deployed.containers if not one.is_marker]
    shared = [one.name for one in deployed.servers] if len(own) < len(deployed.containers) else []
    return (*own, *shared)


def _health(seen: Look, deployed: Deployed, current: Container | None) -> Health:
    """Judge a deployment: its proxy, its route, its container."""
    broken = ActionStatus.ERROR, DeploymentState.ERRORED
    if seen.proxy is None or not seen.proxy.runs:
        return Health(*broken, "the proxy does not run, so nothing reaches it; run plugin_start")
    if deployed.route is None and deployed.lock is None:
        if not deployed.containers:
            return Health(*broken, "an action on it did not come to its end; start it again, or stop it")
        return Health(*broken, "no route leads to it any more; relaunch it, or stop it")
    if deployed.route is None:
        stops = deployed.action == names.STOPPING
        if deployed.is_held:
            state = DeploymentState.SHUTTING_DOWN if stops else DeploymentState.LAUNCHING
            return Health(ActionStatus.UNKNOWN, state, f"it is being {'stopped' if stops else 'launched'}")
        verb = "stop" if stops else "start"
        return Health(*broken, f"its {verb} did not come to its end; {verb} it again")
    if current is None:
        return Health(*broken, "its container is gone; start it again")
    worker = deployed.worker
    if worker is None:
        return Health(*broken, "the prediction server that it shares is gone; run plugin_start")
    health = of_listed(worker.state, worker.status)
    if health.fault is not None:
        remedy = "run plugin_start" if current.is_marker else "relaunch it"
        return health._replace(fault=f"container {worker.name} {health.fault}; {remedy}, or look at docker logs")
    if deployed.is_held:
        return READY._replace(state=DeploymentState.REPLACING_MODEL)
    return READY
