"""A model brought into service beside the one that serves: create, wait until it is ready, switch, drain, remove.

Each generation is a Deployment of its own, and the Service's selector says which one serves: a model that does not come
up never gets a request, and what serves is not touched until the new one is ready. Until the switch everything can be
undone, and is; from the switch on everything is carried to its end.
"""

from __future__ import annotations

import time
from contextlib import suppress

from bosun_core.endings import to_its_end
from bosun_core.errors import EnvironmentFailure
from bosun_core.reporting import progress
from bosun_core.signals import uninterrupted

from bosun_k8s import answering, checking, names, probing, removing, surroundings
from bosun_k8s.cluster.errors import Taken
from bosun_k8s.cluster.resources import DEPLOYMENT, ENDPOINTS, POD, SECRET, Objects
from bosun_k8s.cluster.watching import Topic, Watching
from bosun_k8s.documents import manifests
from bosun_k8s.documents.pod import MODEL_CONTAINER
from bosun_k8s.environment import Environment
from bosun_k8s.goal import Goal
from bosun_k8s.holding import Held
from bosun_k8s.looks import health
from bosun_k8s.looks.looking import Deployed
from bosun_k8s.looks.observed import Deployment, EndpointSlice, Pod
from bosun_k8s.looks.patience import Patience

_LOG_LINES = 40
_ASK_AGAIN_SECONDS = 0.2


class Rollout:
    """One model of a deployment brought into service; the caller holds the deployment's lock."""

    def __init__(self, objects: Objects, env: Environment, lock: Held, before: Deployed, goal: Goal) -> None:
        self._objects = objects
        self._env = env
        self._lock = lock
        self._before = before
        self._goal = goal
        self._generation = before.newest + 1
        self._switching = False
        self._brings_secret = False
        self._name = names.generation_name(env.id, goal.deployment_id, self._generation)

    def run(self, image: str) -> list[str]:
        """Bring the goal into service in the place of what serves; return what a person should know besides.

        Raises:
            EnvironmentFailure: it does not become ready; what served still does, and nothing is left of the attempt.
            Interruption: the action has to end; either nothing is left of the attempt, or it was carried to its end.
        """
        try:
            self._prepare()
            self._create(image)
            if not self._before.serves:
                checking.check_route(self._objects, self._env, self._goal.deployment_id)
            self._wait_until_ready()
            self._lock.check()
            with uninterrupted():
                self._switch(image)
        except BaseException:
            to_its_end(self._undo)
            raise
        remarks: list[list[str]] = []
        to_its_end(lambda: remarks.append(self._finish(image)))
        return remarks[-1]

    def _prepare(self) -> None:
        """Make what the first generation needs around it; what is there is brought up to date after the switch."""
        env, goal = self._env, self._goal
        secret = manifests.secret(env, goal.deployment_id)
        if not self._before.serves:
            nowhere = manifests.service(env, goal.deployment_id, names.NOTHING_SERVES, {})
            self._objects.apply(nowhere)
            for document in manifests.surroundings(env, goal):
                self._objects.apply(document)
        if secret is not None:
            self._brings_secret = self._objects.get(SECRET, secret["metadata"]["name"]) is None
            self._objects.apply(secret)

    def _create(self, image: str) -> None:
        env = self._env
        replicas = None
        if self._goal.values.scales and self._before.serves:
            least = self._goal.values.first_replicas
            most = self._goal.values.max_replicas or least
            replicas = min(most, max(least, len(self._before.current)))
        document = manifests.deployment(env, self._goal, self._generation, image, replicas=replicas)
        with uninterrupted():
            try:
                self._objects.create(document)
            except Taken:  # by ourselves, where the answer was lost: then it is as the document says
                self._lock.check()
                self._objects.apply(document)

    def _wait_until_ready(self) -> None:
        """Wait until all pods are ready, and where another model serves also until they have answered for a while."""
        settings, goal = self._env.settings, self._goal
        settle = settings.settle_time if any(pod.is_ready for pod in self._before.current) else 0.0
        began = time.monotonic()
        deadline = began + settings.readiness_limit
        ready_since: float | None = None
        beginning = answering.Beginning(self._objects, goal.values)
        patience = Patience(settings.unschedulable_limit)
        progress("waiting until it is ready", 0)
        labels = {**self._env.labels(goal.deployment_id), names.GENERATION: str(self._generation)}
        topics = Topic(POD, Pod, names.selector(labels)), Topic(DEPLOYMENT, Deployment, names.selector(labels))
        with Watching(self._objects, *topics) as watching:
            until = deadline
            while True:
                watching.wait(until)
                now = time.monotonic()
                pods = watching.now(Pod)
                workload = next(iter(watching.now(Deployment)), None)
                self._check(pods, workload, patience)
                until = min(deadline, patience.until)
                ready = [pod for pod in pods if pod.is_ready]
                if workload is None or len(ready) < max(1, workload.spec.replicas):
                    if ready_since is not None:
                        beginning.forget()
                    ready_since = None
                    if now >= deadline:
                        raise self._late(pods)
                    if settle:
                        until = min(until, beginning.ask(pods))
                    continue
                ready_since = beginning.since(ready) if ready_since is None else ready_since
                if now < ready_since + settle:
                    until = ready_since + settle
                elif not settle or not answering.is_one_silent(self._objects, ready, goal.values):
                    return
                elif now >= deadline:
                    raise self._late(pods)
                else:  # the kubelet will say why, or that it answers again
                    until = now + _ASK_AGAIN_SECONDS

    def _check(self, pods: list[Pod], workload: Deployment | None, patience: Patience) -> None:
        """Check that no pod has failed.

        Raises:
            EnvironmentFailure: one has.
        """
        fault = None if workload is None else health.of_workload(workload)
        if fault is not None:
            raise self._failed(fault, None)
        failed = patience.lasting(pods)
        if failed is not None:
            pod, fault = failed
            raise self._failed(fault, pod)

    def _late(self, pods: list[Pod]) -> EnvironmentFailure:
        limit = f"{self._env.settings.readiness_limit:g} s (readinessLimit)"
        path = self._goal.values.health_path
        pod = next((pod for pod in pods if not pod.is_ready), None)
        container = None if pod is None else MODEL_CONTAINER
        return self._failed(health.Fault(f"did not answer {path} within {limit}", container), pod)

    def _failed(self, fault: health.Fault, pod: Pod | None) -> EnvironmentFailure:
        """Return the error for a model that does not come into service: why, and what it said last."""
        words = ""
        if pod is not None and fault.container is not None:
            with suppress(EnvironmentFailure):
                lines = self._objects.log(pod.name, fault.container, _LOG_LINES, previous=fault.previous)
                words = health.last_words(lines)
        where = "" if pod is None else f" (pod {pod.name})"
        goal = self._goal
        return EnvironmentFailure(
            f"model {goal.model_id} of deployment {goal.deployment_id}{where} {fault.text}{words}"
        )

    def _switch(self, image: str) -> None:
        progress("switching", 0)
        self._switching = True
        self._lead(image, finished=self._is_finished_by_the_switch)

    @property
    def _is_finished_by_the_switch(self) -> bool:
        """Whether what stands around a first generation was all made before it."""
        return not self._before.serves and not self._goal.values.scales

    def _lead(self, image: str, *, finished: bool) -> None:
        """Have the Service lead to the new generation, and tell of it."""
        told = manifests.told_of(self._env, self._goal, self._generation, image, finished=finished)
        self._objects.apply(manifests.service(self._env, self._goal.deployment_id, str(self._generation), told))

    def _undo(self) -> None:
        """Leave nothing of the attempt; what fails here is cleared by the next action, and hides no cause."""
        with suppress(EnvironmentFailure):
            self._lock.check()  # else what is there is another action's by now
            if self._switching and self._before.serves:  # the answer may be lost, and the switch done
                told = {key: value for key, value in self._before.told.items() if key.startswith(names.ROOT)}
                old = manifests.service(self._env, self._goal.deployment_id, self._before.serving, told)
                self._objects.apply(old)
            if self._before.serves:
                removing.remove_generations(self._objects, self._env, self._goal.deployment_id, [self._name])
                if self._brings_secret:
                    self._objects.delete(SECRET, self._env.name(self._goal.deployment_id))
            else:
                removing.remove_all(self._objects, self._env, self._goal.deployment_id)

    def _finish(self, image: str) -> list[str]:
        """Wait until traffic has moved, drain what served before, bring what stands around up to date meanwhile.

        May be repeated.
        """
        env, goal = self._env, self._goal
        self._wait_until_it_leads()
        old = [one.name for one in self._before.workloads]
        if old:
            progress("draining", 0)
        removing.begin_to_remove(self._objects, old)
        if not self._is_finished_by_the_switch:
            surroundings.bring(self._objects, env, goal, self._generation)
            self._lead(image, finished=True)
        remarks = checking.route_remarks(self._objects, env, goal.deployment_id)
        if not self._before.is_reached:
            remarks = [probing.reached(env, goal), *remarks]
        if not self._before.serves:
            return remarks
        return [removing.wait_until_ended(self._objects, env, goal.deployment_id, old), *remarks]

    def _wait_until_it_leads(self) -> None:
        """Wait until the Service's endpoints are pods of the new generation alone."""
        env = self._env
        name = env.name(self._goal.deployment_id)
        limit = env.settings.route_limit
        deadline = time.monotonic() + limit
        begin = f"{self._name}-"
        selector = f"kubernetes.io/service-name={name}"
        with Watching(self._objects, Topic(ENDPOINTS, EndpointSlice, selector)) as watching:
            while watching.wait(deadline):
                slices = watching.now(EndpointSlice)
                leads_to = [
                    one.target_ref.name
                    for part in slices
                    for one in part.endpoints or ()
                    if one.target_ref is not None and one.conditions.ready is not False
                ]
                if leads_to and all(pod.startswith(begin) for pod in leads_to):
                    return
        raise EnvironmentFailure(
            f"the Service {name} does not lead to the new pods within {limit:g} s (routeLimit); see that the cluster's "
            "controller manager runs, then run the action again"
        )
