"""A model brought into service beside the one that serves, step by step: create, wait, switch traffic, drain, remove.

Each generation is a Deployment of its own, and the Service's selector says which one serves: a model that does not come
up never gets a request, and what serves is not touched until the new one is ready. Until the switch, the commit, all
is rolled back; from it on everything is carried to its end.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from bosun_core.errors import EnvironmentFailure
from bosun_core.lifecycle.steps import SKIPPED, Change, Step, StepWarning
from bosun_core.reporting import progress
from bosun_core.signals import uninterrupted

from bosun_k8s import answering, checking, goals, names, planning, probing, removing, surroundings
from bosun_k8s.cluster.errors import Taken
from bosun_k8s.cluster.resources import DEPLOYMENT, ENDPOINTS, POD, SECRET, SERVICE, Objects
from bosun_k8s.cluster.watching import Topic, Watching
from bosun_k8s.documents import manifests
from bosun_k8s.documents.pod import MODEL_CONTAINER
from bosun_k8s.environment import Environment
from bosun_k8s.goal import Goal
from bosun_k8s.holding import Held
from bosun_k8s.images import building
from bosun_k8s.looks import health
from bosun_k8s.looks.looking import Deployed
from bosun_k8s.looks.observed import Deployment, EndpointSlice, Pod
from bosun_k8s.looks.patience import Patience

_LOG_LINES = 40
_ASK_AGAIN_SECONDS = 0.2


def rollout(objects: Objects, env: Environment, goal: Goal, before: Deployed, lock: Held | None) -> Change:
    """Return the change that brings a deployment to a goal; where what serves stays, what stands around it follows.

    Raises:
        EnvironmentFailure: the API server would not take one of the documents, or the way from outside is not there.
    """
    checking.check_way(objects, env)
    stays = before.serves and not goal.is_relaunch and not any(goals.differences_of_workload(env, goal, before))
    if stays:
        return Change(tuple(_repairing(objects, env, goal, before)), notes=goal.notes)
    made = _Rollout(objects, env, goal, before, lock)
    beginning, ending = list(made.until_ready()), list(made.from_the_switch())
    return Change((*beginning, *ending), len(beginning), made.is_committed, goal.notes)


def _repairing(objects: Objects, env: Environment, goal: Goal, before: Deployed) -> Iterator[Step]:
    """Yield the steps that bring to the settings what stands around the workload, which stays as it is."""
    around = surroundings.steps(objects, env, goal, int(before.serving))
    told = manifests.told_of(env, goal, int(before.serving), before.told.get(names.IMAGE_KEPT, ""))
    recording = planning.application(objects, manifests.service(env, goal.deployment_id, before.serving, told))
    yield from around if recording is None else planning.followed(around, recording)
    yield _checking_way(objects, env, goal, with_gateway=True, from_outside=True)


def _checking_way(objects: Objects, env: Environment, goal: Goal, *, with_gateway: bool, from_outside: bool) -> Step:
    def check() -> StepWarning | None:
        remarks = checking.route_remarks(objects, env, goal.deployment_id) if with_gateway else []
        if from_outside and not remarks:
            remarks = [probing.reached(env, goal)]
        return StepWarning("; ".join(remarks)) if any(remarks) else None

    return Step("check", f"the route of {env.prediction_url(goal.deployment_id)}", check)


class _Rollout:
    """One generation on its way into service."""

    def __init__(self, objects: Objects, env: Environment, goal: Goal, before: Deployed, lock: Held | None) -> None:
        self._objects = objects
        self._env = env
        self._lock = lock
        self._before = before
        self._goal = goal
        self._generation = before.newest + 1
        self._name = names.generation_name(env.id, goal.deployment_id, self._generation)
        self._image = building.named(env, goal)
        around = surroundings.steps if before.serves else surroundings.scaling_steps
        self._around = around(objects, env, goal, self._generation)
        """What is done around the workload; for a first generation all but what scales it is made before it."""
        self._is_finished_by_the_switch = self._is_retired = False

    def until_ready(self) -> Iterator[Step]:
        """Yield the steps before the switch; each document is checked before the first of them."""
        env, goal, objects = self._env, self._goal, self._objects
        undo = self._remove if self._before.serves else None  # else all is removed
        what = f"{DEPLOYMENT.resource} {self._name}"
        workload = Step("create", what, self._create, undo, detail=self._difference())
        making = building.described(env, goal)
        if making is not None:
            yield Step(*making, self._build)
        yield from self._updating_secret() if self._before.serves else self._creating_all()
        yield workload
        if not self._before.serves and env.settings.gateway is not None:
            check = partial(checking.check_route, objects, env, goal.deployment_id)
            yield Step("wait", "until the gateway takes the route", check)
        yield Step("wait", "until it is ready", self._wait_until_ready, waits=True)

    def _creating_all(self) -> Iterator[Step]:
        """Yield the steps that make what a first generation needs, its Service leading nowhere."""
        env, goal = self._env, self._goal
        create = partial(planning.creation, self._objects, checked=env.dry_run)
        yield create(manifests.service(env, goal.deployment_id, names.NOTHING_SERVES, {}), self._remove_all)
        secret = manifests.secret(env, goal.deployment_id)
        yield from map(create, [*manifests.surroundings(env, goal), *([] if secret is None else [secret])])

    def _updating_secret(self) -> Iterator[Step]:
        """Yield what the new pods need of what is there; the rest follows the switch."""
        for step in self._around:
            if self._is_early(step):
                remove = partial(self._objects.delete, SECRET, self._env.name(self._goal.deployment_id))
                yield step._replace(undo=remove if step.verb == "create" else None)

    def _is_early(self, step: Step) -> bool:
        return step.verb != "delete" and step.what.startswith(SECRET.resource)

    def from_the_switch(self) -> Iterator[Step]:
        """Yield the switch, which is the commit, and what follows it."""
        env, goal, objects, before = self._env, self._goal, self._objects, self._before
        around = [step for step in self._around if not self._is_early(step)]
        self._is_finished_by_the_switch = not around
        name = env.name(goal.deployment_id)
        yield Step(
            "switch",
            f"{SERVICE.resource} {name} to {self._name}",
            self._switch,
            self._switch_back if before.serves else None,
            detail=self._difference_of_service(),
        )
        old = [one.name for one in before.workloads]
        if old:
            yield Step("delete", f"{DEPLOYMENT.resource} {', '.join(old)} once traffic has moved", self._retire)
        else:
            yield Step("wait", "until traffic has moved", self._wait_until_it_leads)
        if around:
            what = f"in {SERVICE.resource} {name} what stands around it"
            yield from planning.followed(around, Step("record", what, partial(self._lead, finished=True)))
        from_outside = not before.is_reached
        with_gateway = before.serves and env.settings.gateway is not None
        if with_gateway or from_outside:
            yield _checking_way(objects, env, goal, with_gateway=with_gateway, from_outside=from_outside)
        if old:
            yield Step("wait", f"until the pods of {', '.join(old)} have ended", self._wait_until_old_ones_ended)

    def is_committed(self) -> bool:
        """Tell whether the Service leads to the new generation."""
        service = self._objects.get(SERVICE, self._env.name(self._goal.deployment_id))
        leads_to = {} if service is None else service["spec"]["selector"]
        return leads_to.get(names.GENERATION) == str(self._generation)

    def _difference(self) -> str:
        """Return how the new pods differ from those that serve, by the API server's answer to the new workload."""
        document = self._workload()
        then = planning.tried(lambda: self._objects.create(document, dry_run=True))
        former = names.generation_name(self._env.id, self._before.id, int(self._before.serving))
        there = self._objects.get(DEPLOYMENT, former) if self._before.serves else None
        if there is None or then is None:
            return ""
        pods = (one["spec"]["template"]["spec"] for one in (there, then))
        return f"its pods unlike those of {former}: {planning.told(*pods) or 'in nothing'}"

    def _difference_of_service(self) -> str:
        if not self._before.serves:
            return ""
        switching = planning.application(self._objects, self._service(finished=self._is_finished_by_the_switch))
        return "" if switching is None else switching.detail

    def _workload(self) -> manifests.Document:
        replicas = None
        if self._goal.values.scales and self._before.serves:
            least = self._goal.values.first_replicas
            most = self._goal.values.max_replicas or least
            replicas = min(most, max(least, len(self._before.current)))
        return manifests.deployment(self._env, self._goal, self._generation, self._image, replicas=replicas)

    def _service(self, *, finished: bool) -> manifests.Document:
        """Return the Service that leads to the new generation, and tells of it."""
        told = manifests.told_of(self._env, self._goal, self._generation, self._image, finished=finished)
        return manifests.service(self._env, self._goal.deployment_id, str(self._generation), told)

    def _build(self) -> None:
        self._image = building.built(self._objects, self._env, self._goal)

    def _create(self) -> None:
        document = self._workload()
        with uninterrupted():
            try:
                self._objects.create(document)
            except Taken:  # by ourselves, where the answer was lost: then it is as the document says
                if self._lock is not None:
                    self._lock.verify()
                self._objects.apply(document)

    def _remove(self) -> None:
        removing.remove_generations(self._objects, self._env, self._goal.deployment_id, [self._name])

    def _remove_all(self) -> None:
        removing.remove_all(self._objects, self._env, self._goal.deployment_id)

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

    def _switch(self) -> None:
        progress("switching", 0)
        self._lead(finished=self._is_finished_by_the_switch)

    def _lead(self, *, finished: bool) -> None:
        self._objects.apply(self._service(finished=finished))

    def _switch_back(self) -> None:
        """Have the Service lead to what served, where the answer was lost and the switch may have been made."""
        told = {key: value for key, value in self._before.told.items() if key.startswith(names.ROOT)}
        old = manifests.service(self._env, self._goal.deployment_id, self._before.serving, told)
        self._objects.apply(old)

    def _retire(self) -> None:
        self._wait_until_it_leads()
        progress("draining", 0)
        removing.begin_to_remove(self._objects, [one.name for one in self._before.workloads])
        self._is_retired = True

    def _wait_until_old_ones_ended(self) -> object:
        if not self._is_retired:
            return SKIPPED
        old = [one.name for one in self._before.workloads]
        removing.wait_until_ended(self._objects, self._env, self._goal.deployment_id, old)
        return None

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
