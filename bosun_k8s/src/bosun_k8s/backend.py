"""A namespace of a cluster as a backend: each generation a Deployment of its own, behind one Service and route."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

from bosun_core.answers import DeploymentEntry
from bosun_core.lifecycle.backend import Backend, Difference, Lock, NothingKept, Preflight, Request, Survey
from bosun_core.lifecycle.steps import Change

from bosun_k8s import goals, names, namespaces, preflight, recovering, removing, rollout, surroundings
from bosun_k8s.cluster.connection import Cluster
from bosun_k8s.cluster.resources import Objects
from bosun_k8s.environment import Environment, environment
from bosun_k8s.goal import Goal
from bosun_k8s.holding import Held, held
from bosun_k8s.looks.looking import Deployed, entry, look, look_at_all, look_once_ready
from bosun_k8s.settings import KubernetesSettings


class KubernetesBackend(Backend[Deployed, Goal]):
    """One prediction environment in a namespace; within it the connection to the cluster is there."""

    _cluster: Cluster
    _objects: Objects
    _env: Environment
    _lock: Held | None = None

    def __init__(self, settings: KubernetesSettings, plugin_config: Mapping[str, Any], *, dry_run: bool) -> None:
        self._settings = settings
        self._plugin_config = plugin_config
        self._dry_run = dry_run

    def __enter__(self) -> Self:
        """Read the kubeconfig; nothing is asked yet."""
        settings = self._settings
        self._cluster = Cluster(settings)
        namespace = self._cluster.namespace
        self._env = environment(settings, self._plugin_config, namespace, dry_run=self._dry_run)
        self._objects = Objects(self._cluster, namespace, force=settings.force_conflicts)
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._cluster.__exit__()

    def preflight(self, *, to_change: bool) -> Preflight:  # noqa: ARG002  # either way nothing is asked
        """Say what keeps models from being monitored; what the cluster lacks shows in what is asked of it."""
        return Preflight(f"the API server {self._cluster.host} answers", self._env.monitoring.remarks)

    def check(self, *, to_change: bool) -> Preflight:  # noqa: ARG002  # a dry run checks the same
        """Check that the cluster answers and allows what the actions need."""
        return preflight.checked(self._objects, self._env)

    def is_untouched(self, deployment_id: str) -> bool:  # noqa: ARG002  # of none: a Lease leaves nothing behind
        """Return False: what there is of a deployment is looked at once its Lease is held."""
        return False

    @contextmanager
    def lock(self, deployment_id: str) -> Iterator[Lock]:
        """Hold the deployment's Lease."""
        with held(self._objects, self._env, deployment_id) as self._lock:
            try:
                yield self._lock
            finally:
                self._lock = None

    def observe_collected(self, deployment_id: str) -> Deployed | None:
        """Remove what killed actions left, and have a Service that somebody removed lead to its workload again."""
        return recovering.collected(self._objects, self._env, deployment_id)

    def without_garbage(self, observed: Deployed) -> Deployed | None:
        """Return what that would leave."""
        return recovering.without_garbage(self._objects, self._env, observed)

    def clear_unknown(self, deployment_id: str) -> None:
        """Remove what may stand around workload and Service, which somebody removed."""
        removing.remove_all(self._objects, self._env, deployment_id)

    def observe(self, deployment_id: str) -> Deployed | None:
        """Look at Service and pods, in an action that changes something or plans it at the workloads too."""
        is_held = self._lock is not None
        found = look(self._objects, self._env, deployment_id, whole=is_held or self._dry_run, is_held=is_held)
        if found.is_there:
            return found
        if not is_held:
            namespaces.check_is_there(self._objects)
        return None

    def observe_outcome(self, deployment_id: str) -> Deployed | None:
        """Look at it; where no pod is ready for a moment, wait for one."""
        found = look_once_ready(self._objects, self._env, deployment_id)
        return found if found.is_there else None

    def observe_all(self) -> Survey[Deployed]:
        """Look at every deployment of the environment."""
        found = look_at_all(self._objects, self._env)
        if not found:
            namespaces.check_is_there(self._objects)
        return Survey(found)

    def survey(self) -> Survey[Deployed]:
        """Look at all of it, and at what this user may do and what the namespace has room for."""
        return preflight.survey(self._objects, self._env)

    def describe(self, observed: Deployed) -> DeploymentEntry:
        """Return what a look says of a deployment."""
        return entry(self._env, observed)

    def desired(self, request: Request, observed: Deployed | None) -> Goal:
        """Return what the next generation is to be made of."""
        is_kept = request.is_relaunch and observed is not None and names.IMAGE_KEPT in observed.told
        if request.is_relaunch and not (is_kept or request.brings_package or "image" in request.settings):
            raise NothingKept(request.deployment_id, "its Service does not name its image any more")
        goal = goals.wanted(self._env, request.info, request.model_id, observed if is_kept else None)
        return goal._replace(is_relaunch=request.is_relaunch)

    def differences(self, desired: Goal, observed: Deployed | None) -> Iterator[Difference]:
        """Yield how workload and dependent resources differ; what somebody removed is looked for where nothing does."""
        found = list(goals.differences(self._env, desired, observed))
        yield from found
        if found or observed is None:
            return
        if not surroundings.are_there(self._objects, self._env, desired, int(observed.serving)):
            yield Difference("dependent resources", "incomplete", "complete")
        if observed.recovered:
            yield Difference("service", "leads nowhere", "leads to the workload")

    def rollout(self, desired: Goal, observed: Deployed | None) -> Change:
        """Make a new generation beside the one that serves, or where that stays bring what stands around it up to date.

        Each document is checked by the API server here, as far as it answers before the commit.
        """
        before = observed or Deployed(desired.deployment_id, None, ())
        return rollout.rollout(self._objects, self._env, desired, before, self._lock)

    def removal(self, observed: Deployed) -> Change:
        """End the traffic, then remove all that there is."""
        workloads = [one.name for one in observed.workloads]
        return Change(removing.steps(self._objects, self._env, observed.id, workloads))
