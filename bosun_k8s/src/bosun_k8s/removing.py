"""What is taken away: old generations, once they get no more requests, and whole deployments."""

from __future__ import annotations

import time
from contextlib import suppress

from bosun_k8s import names, surroundings
from bosun_k8s.cluster.errors import Missing
from bosun_k8s.cluster.resources import DEPLOYMENT, POD, SECRET, SERVICE, Objects
from bosun_k8s.cluster.watching import Topic, Watching
from bosun_k8s.environment import Environment
from bosun_k8s.images import kaniko
from bosun_k8s.looks.observed import Pod

_SLACK_SECONDS = 30.0  # for what the kubelet does besides the pod's own time


def remove_generations(objects: Objects, env: Environment, deployment_id: str, workloads: list[str]) -> str:
    """Remove Deployments of a deployment and wait until their pods are gone; return what is left of them, in words."""
    begin_to_remove(objects, workloads)
    return _wait_until_gone(objects, env, deployment_id, _begins(workloads))


def begin_to_remove(objects: Objects, workloads: list[str]) -> None:
    """Remove Deployments; their pods end after it, each with the time that it is given."""
    for name in workloads:
        objects.delete(DEPLOYMENT, name)


def wait_until_ended(objects: Objects, env: Environment, deployment_id: str, workloads: list[str]) -> str:
    """Wait until no pod of Deployments that are removed answers any more; return those that may, in words."""
    return _wait_until_gone(objects, env, deployment_id, _begins(workloads), or_ended=True)


def remove_all(objects: Objects, env: Environment, deployment_id: str) -> str:
    """Remove all that there is of a deployment; return what is left of it, in words.

    One write has the Service lead nowhere first, so that whoever looks meanwhile is not told of what is half gone.
    """
    name = env.name(deployment_id)
    nowhere = {"selector": {names.GENERATION: names.NOTHING_SERVES}}
    with suppress(Missing):
        objects.merge(SERVICE, name, {"metadata": {"annotations": {names.STOPPING: "true"}}, "spec": nowhere})
    for kind, one in surroundings.all_names(name):
        objects.delete(kind, one)
    selector = names.selector(env.labels(deployment_id))
    for workload in objects.listed(DEPLOYMENT, selector):
        objects.delete(DEPLOYMENT, workload["metadata"]["name"])
    kaniko.clear(objects, env, deployment_id)
    left = _wait_until_gone(objects, env, deployment_id, ("",))
    objects.delete(SECRET, name)
    objects.delete(SERVICE, name)
    return left


def _begins(workloads: list[str]) -> tuple[str, ...]:
    """Return how the names of their pods begin."""
    return tuple(f"{name}-" for name in workloads)


def _wait_until_gone(
    objects: Objects, env: Environment, deployment_id: str, begins: tuple[str, ...], *, or_ended: bool = False
) -> str:
    """Wait until no pod is left whose name begins so; return those that are when their time is up, in words."""
    if not begins:
        return ""
    settings = env.settings
    deadline = time.monotonic() + settings.pre_stop_seconds + settings.drain_limit + _SLACK_SECONDS
    with Watching(objects, Topic(POD, Pod, names.selector(env.labels(deployment_id)))) as watching:
        left: list[str] = []
        while watching.wait(deadline):
            seen = [pod for pod in watching.now(Pod) if pod.name.startswith(begins)]
            left = sorted(pod.name for pod in seen if not (or_ended and pod.has_ended))
            if not left:
                return ""
    return f"pods are still ending: {', '.join(left)}; see that their nodes answer"
