"""What is taken away: old generations, once they get no more requests, and whole deployments."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial

from bosun_core.errors import EnvironmentFailure
from bosun_core.lifecycle.steps import Step

from bosun_k8s import names, surroundings
from bosun_k8s.cluster.errors import Missing
from bosun_k8s.cluster.resources import DEPLOYMENT, POD, SECRET, SERVICE, Objects
from bosun_k8s.cluster.watching import Topic, Watching
from bosun_k8s.environment import Environment
from bosun_k8s.images import kaniko
from bosun_k8s.looks.observed import Pod

_SLACK_SECONDS = 30.0  # for what the kubelet does besides the pod's own time


class StillEnding(EnvironmentFailure):
    """Pods were not gone when their time was up."""


def remove_generations(objects: Objects, env: Environment, deployment_id: str, workloads: list[str]) -> None:
    """Remove Deployments of a deployment and wait until their pods are gone.

    Raises:
        StillEnding: some are not.
    """
    begin_to_remove(objects, workloads)
    _wait_until_gone(objects, env, deployment_id, workloads)


def begin_to_remove(objects: Objects, workloads: list[str]) -> None:
    """Remove Deployments; their pods end after it, each with the time that it is given."""
    for name in workloads:
        objects.delete(DEPLOYMENT, name)


def wait_until_ended(objects: Objects, env: Environment, deployment_id: str, workloads: list[str]) -> None:
    """Wait until no pod of Deployments that are removed answers any more.

    Raises:
        StillEnding: some may.
    """
    _wait_until_gone(objects, env, deployment_id, workloads, or_ended=True)


def steps(objects: Objects, env: Environment, deployment_id: str, workloads: list[str]) -> tuple[Step, ...]:
    """Return the steps that remove all that there is of a deployment, with these Deployments."""
    act = objects, env, deployment_id
    deleting = [
        Step("delete", f"{DEPLOYMENT.resource} {one}", partial(objects.delete, DEPLOYMENT, one)) for one in workloads
    ]
    return (
        Step("delete", f"the route of {env.prediction_url(deployment_id)}", partial(_end_traffic, *act)),
        *deleting,
        Step("wait", "until its pods are gone", partial(_wait_until_nothing_runs, *act)),
        Step("delete", f"{SERVICE.resource} {env.name(deployment_id)}", partial(_delete_service, *act)),
    )


def remove_all(objects: Objects, env: Environment, deployment_id: str) -> None:
    """Remove all that there is of a deployment.

    Raises:
        StillEnding: all but some pods.
    """
    _end_traffic(objects, env, deployment_id)
    selector = names.selector(env.labels(deployment_id))
    begin_to_remove(objects, [one["metadata"]["name"] for one in objects.listed(DEPLOYMENT, selector)])
    try:
        _wait_until_nothing_runs(objects, env, deployment_id)
    except StillEnding:
        _delete_service(objects, env, deployment_id)
        raise
    _delete_service(objects, env, deployment_id)


def _end_traffic(objects: Objects, env: Environment, deployment_id: str) -> None:
    """Have the Service lead nowhere by one write, so that whoever looks meanwhile is not told of what is half gone.

    Then remove what stands around it.
    """
    name = env.name(deployment_id)
    nowhere = {"selector": {names.GENERATION: names.NOTHING_SERVES}}
    with suppress(Missing):
        objects.merge(SERVICE, name, {"metadata": {"annotations": {names.STOPPING: "true"}}, "spec": nowhere})
    for kind, one in surroundings.all_names(name):
        objects.delete(kind, one)


def _wait_until_nothing_runs(objects: Objects, env: Environment, deployment_id: str) -> None:
    kaniko.clear(objects, env, deployment_id)
    _wait_until_gone(objects, env, deployment_id, None)


def _delete_service(objects: Objects, env: Environment, deployment_id: str) -> None:
    """Delete the Service, by which the deployment is known, last of all."""
    objects.delete(SECRET, env.name(deployment_id))
    objects.delete(SERVICE, env.name(deployment_id))


def _wait_until_gone(
    objects: Objects, env: Environment, deployment_id: str, workloads: list[str] | None, *, or_ended: bool = False
) -> None:
    """Wait until no pod of these Deployments is left; None: no pod at all."""
    begins = ("",) if workloads is None else tuple(f"{name}-" for name in workloads)
    settings = env.settings
    deadline = time.monotonic() + settings.pre_stop_seconds + settings.drain_limit + _SLACK_SECONDS
    with Watching(objects, Topic(POD, Pod, names.selector(env.labels(deployment_id)))) as watching:
        left: list[str] = []
        while watching.wait(deadline):
            seen = [pod for pod in watching.now(Pod) if pod.name.startswith(begins)]
            left = sorted(pod.name for pod in seen if not (or_ended and pod.has_ended))
            if not left:
                return
    raise StillEnding(f"pods are still ending: {', '.join(left)}; see that their nodes answer")
