"""One look at what is there of a deployment, and at all deployments: a list of Services and one of pods."""

from __future__ import annotations

import time
from typing import NamedTuple

from bosun_core.answers import DeploymentEntry
from bosun_core.reporting import progress
from bosun_core.status import ActionStatus, DeploymentState

from bosun_k8s import names
from bosun_k8s.cluster.resources import DEPLOYMENT, LEASE, POD, SERVICE, Objects
from bosun_k8s.cluster.watching import Topic, Watching
from bosun_k8s.environment import Environment
from bosun_k8s.looks import health
from bosun_k8s.looks.leases import is_live
from bosun_k8s.looks.observed import Deployment, Pod, Service, brief, read


class Deployed(NamedTuple):
    """What is in the cluster of one deployment."""

    id: str
    service: Service | None
    pods: tuple[Pod, ...]
    workloads: tuple[Deployment, ...] = ()
    """Read by actions alone, and where there is no Service."""
    held: bool = False
    """Whether an action on it is under way; read where something is unfinished."""
    recovered: bool = False
    """Whether the action that looks has just led its Service to it again, so that proxies have yet to learn of it."""

    @property
    def serving(self) -> str:
        """The generation that its endpoint leads to."""
        return names.NOTHING_SERVES if self.service is None else self.service.serving

    @property
    def serves(self) -> bool:
        """Whether its endpoint leads to a generation at all."""
        return self.serving != names.NOTHING_SERVES

    @property
    def active(self) -> str | None:
        """The generation that serves; None where it has no pod."""
        return self.serving if self.current else None

    @property
    def is_astray(self) -> bool:
        """Whether its workload is there, and its Service was removed by somebody, or does not lead to it any more."""
        was_removed = self.service is None or (names.GENERATION in self.told and names.STOPPING not in self.told)
        return not self.serves and was_removed and bool(self.workloads)

    @property
    def is_there(self) -> bool:
        """Whether anything of it is in the cluster."""
        return self.service is not None or bool(self.workloads) or bool(self.pods)

    @property
    def current(self) -> list[Pod]:
        """The pods of the generation that serves, those that end left out."""
        return [pod for pod in self.pods if pod.generation == self.serving and not pod.is_ending]

    @property
    def is_reached(self) -> bool:
        """Whether something answers at its endpoint."""
        return any(pod.is_ready for pod in self.current) and not self.recovered

    @property
    def is_unready_without_fault(self) -> bool:
        """Whether pods are there to serve, none is ready, and nothing says why."""
        current = self.current
        return bool(current) and not any(pod.is_ready or health.of_pod(pod) for pod in current)

    @property
    def others(self) -> list[Pod]:
        """The pods of other generations."""
        return [pod for pod in self.pods if pod.generation != self.serving]

    @property
    def model_id(self) -> str | None:
        """The model that serves: as its ready pods say, else as its Service does."""
        ready = [pod for pod in self.current if pod.is_ready] or self.current
        told = [*(pod.told for pod in ready), self.told, *(one.told for one in (*self.pods, *self.workloads))]
        return next((one[names.MODEL] for one in told if names.MODEL in one), None)

    @property
    def told(self) -> dict[str, str]:
        """What the Service says of the generation that serves."""
        return {} if self.service is None else self.service.told

    @property
    def newest(self) -> int:
        """The highest number that a generation of it has."""
        numbers = [self.serving, *(one.generation for one in (*self.workloads, *self.pods))]
        return max((int(one) for one in numbers if one.isdigit()), default=0)


def look(
    objects: Objects, env: Environment, deployment_id: str, *, whole: bool = False, is_held: bool = False
) -> Deployed:
    """Look at one deployment; with `whole` at its workloads too, and where the caller holds it not at who does."""
    selector = names.selector(env.labels(deployment_id))
    document = objects.get(SERVICE, env.name(deployment_id))
    pods = _seen(objects.pages(POD, selector, "", list[Pod]))
    reads_workloads = whole or document is None
    workloads = objects.pages(DEPLOYMENT, selector, "", list[Deployment]) if reads_workloads else []
    service = None if document is None else read(document, Service)
    found = Deployed(deployment_id, service, tuple(pods), tuple(workloads))
    if found.is_there and not is_held and (not found.serves or found.others):
        lease = objects.get(LEASE, env.name(deployment_id))
        return found._replace(held=lease is not None and is_live(lease))
    return found


def look_once_ready(objects: Objects, env: Environment, deployment_id: str) -> Deployed:
    """Look at a deployment that was brought into service: where no pod is ready for a moment, wait for one.

    A busy kubelet may take a pod's readiness back, with no fault, and give it again; it has `routeLimit` for it.
    Whoever brought it into service holds its lock, so that no other action is under way.
    """
    deadline = time.monotonic() + env.settings.route_limit
    found = look(objects, env, deployment_id, is_held=True)
    if not found.is_unready_without_fault:
        return found
    progress("waiting until it is ready again", 0)
    selector = names.selector({**env.labels(deployment_id), names.GENERATION: found.serving})
    with Watching(objects, Topic(POD, Pod, selector)) as watching:
        while watching.wait(deadline):
            found = found._replace(pods=tuple(_seen(watching.now(Pod))))
            if not found.is_unready_without_fault:
                break
    return found


def _seen(pods: list[Pod]) -> list[Pod]:
    """Return the pods that count: those that have ended are the kubelet's to remove."""
    return [pod for pod in pods if not pod.has_ended]


def look_at_all(objects: Objects, env: Environment) -> list[Deployed]:
    """Look at every deployment of the environment, by id."""
    selector = names.selector(names.environment_labels(env.id))
    services: list[Service] = objects.pages(SERVICE, selector, "", list[Service], brief)
    pods: dict[str, list[Pod]] = {}
    for pod in _seen(objects.pages(POD, selector, "", list[Pod], brief)):
        pods.setdefault(pod.told.get(names.DEPLOYMENT, ""), []).append(pod)
    found = []
    for service in services:
        name = service.told.get(names.DEPLOYMENT)
        if name is not None and service.told.get(names.ENVIRONMENT) == env.id:
            found.append(Deployed(name, service, tuple(pods.get(name, ()))))
    known = {one.id for one in found}
    for name, left in pods.items():
        alone = tuple(pod for pod in left if not pod.is_ending and pod.told.get(names.ENVIRONMENT) == env.id)
        if name and name not in known and alone:
            found.append(Deployed(name, None, alone))
    if any(not one.serves or one.others for one in found):
        held = {lease["metadata"]["name"] for lease in objects.listed(LEASE, selector) if is_live(lease)}
        found = [one._replace(held=env.name(one.id) in held) for one in found]
    return sorted(found)


def strays(found: list[Deployed]) -> list[str]:
    """Return what killed actions left beside deployments that serve. Pure."""
    left = sorted(pod.name for one in found if one.serves and not one.held for pod in one.others if not pod.is_ending)
    return [f"left by an action that was ended, cleared by the next one: {', '.join(left)}"] if left else []


def entry(env: Environment, found: Deployed) -> DeploymentEntry:
    """Return what a look says of a deployment. Pure."""
    status, state, fault = _judged(found)
    return DeploymentEntry(
        deployment_id=found.id,
        model_id=found.model_id,
        status=status,
        state=state,
        msg=None if fault is None else f"deployment {found.id}: {fault}",
        prediction_url=env.prediction_url(found.id),
        workloads=tuple(sorted(pod.name for pod in found.pods)),
    )


def _judged(found: Deployed) -> tuple[ActionStatus, DeploymentState, str | None]:
    broken = ActionStatus.ERROR, DeploymentState.ERRORED
    if not found.serves and names.STOPPING in found.told:
        if found.held:
            return ActionStatus.UNKNOWN, DeploymentState.SHUTTING_DOWN, "it is being stopped"
        return *broken, "its stop did not come to its end; stop it again"
    if not found.serves:
        if found.held:
            return ActionStatus.UNKNOWN, DeploymentState.LAUNCHING, "it is being launched"
        if found.service is None:
            return *broken, "its Service is gone, so nothing leads to it; start it again, or stop it"
        if names.GENERATION in found.told:
            return *broken, "its Service was changed by somebody and leads nowhere; start it again, or stop it"
        return *broken, "its start did not come to its end; start it again"
    current = found.current
    ready = [pod for pod in current if pod.is_ready]
    faults = [f"pod {pod.name} {fault.text}" for pod in current if (fault := health.of_pod(pod)) and not pod.is_ready]
    moving = DeploymentState.REPLACING_MODEL if found.held and found.others else DeploymentState.READY
    if not current:
        return *broken, "it has no pod; look at the events of its Deployment, or start it again"
    if not ready:
        return *broken, (faults or ["none of its pods is ready"])[0] + "; relaunch it, or look at kubectl logs"
    if faults:
        return ActionStatus.WARN, moving, f"{len(ready)} of {len(current)} pods are ready; {faults[0]}"
    return ActionStatus.OK, moving, None
