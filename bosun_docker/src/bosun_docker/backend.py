"""Docker as a backend: what there is on an engine of one environment, and how it changes.

What a method needs is imported when it is called: actions that only look start a tenth faster without the SDK and what
makes images, containers and routes.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

from bosun_core.lifecycle.backend import Backend, Difference, Preflight, Request, Survey

from bosun_docker import names
from bosun_docker.environment import Environment
from bosun_docker.looks import early_look

if TYPE_CHECKING:
    from bosun_core.answers import DeploymentEntry
    from bosun_core.lifecycle.steps import Change
    from bosun_core.model import DeploymentInfo

    from bosun_docker.desired import Desired
    from bosun_docker.engine.client import Engine
    from bosun_docker.holding import Lock
    from bosun_docker.looks.observed import Look, Observed
    from bosun_docker.rollout import Rollout


class DockerBackend(Backend["Observed", "Desired"]):
    """One prediction environment on the engine that this process's variables lead to."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._until_end = ExitStack()
        self._action = names.BRINGING
        self._lock: Lock | None = None
        self._rollout: Rollout | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the action, and with it the connection to the engine; it may be entered again."""
        self._until_end.close()
        vars(self).pop("_engine", None)

    @functools.cached_property
    def _engine(self) -> Engine:
        from bosun_docker.engine.client import engine_of

        return self._until_end.enter_context(engine_of(self._env))

    def preflight(self, *, to_change: bool) -> Preflight:  # noqa: ARG002  # what is needed is seen when it is planned
        """Return what a person should know before anything is made; each look finds by itself what is wrong."""
        return Preflight("", self._env.monitoring.remarks)

    def start_services(self) -> Iterator[Sequence[Change]]:
        """Yield what brings the services to what the settings say."""
        from bosun_docker import services
        from bosun_docker.looks.looking import look
        from bosun_docker.shared import state

        seen = look(self._engine, self._env)
        needs_server = state.is_needed(self._env, seen)
        return services.bringing_up(self._engine, self._env, seen, changes_settings=True, needs_server=needs_server)

    def check_services(self) -> str:
        """Check that each service does its work."""
        from bosun_docker import services

        return services.check(self._engine, self._env)

    def services_for(self, info: DeploymentInfo, *, removes: bool) -> Iterator[Sequence[Change]]:
        """Yield what brings up services that do not run: all that a deployment needs; to remove one the proxy alone."""
        from bosun_docker import services
        from bosun_docker.desired import needs_server
        from bosun_docker.looks.looking import listed
        from bosun_docker.proxy.waiting import until_it_answers

        self._action = names.STOPPING if removes else names.BRINGING
        engine, env = self._engine, self._env
        seen = listed(engine, env)
        if removes:
            yield from services.bringing_proxy_back(engine, env, seen)
            return
        shared = needs_server(env, info, seen.deployed(env, str(info.id)))
        yield from services.bringing_up(engine, env, seen, changes_settings=False, needs_server=shared)
        if seen.proxy is not None and seen.proxy.runs and not env.dry_run:
            until_it_answers(engine, env, seen.proxy)

    def stop_services(self) -> Iterable[Sequence[Change]]:
        """Yield what takes down the services that no deployment needs."""
        from bosun_docker import services
        from bosun_docker.looks.looking import look

        return services.taking_down(self._engine, self._env, look(self._engine, self._env))

    def kept_services(self) -> str:
        """Return that the proxy stays where models are served."""
        from bosun_docker import services
        from bosun_docker.looks.looking import listed

        return services.kept(self._env, listed(self._engine, self._env))

    def is_untouched(self, deployment_id: str) -> bool:
        """Tell whether there is nothing of a deployment; where its routes cannot be read, there may be."""
        from bosun_docker.holding import lock_name
        from bosun_docker.looks.looking import look_for
        from bosun_docker.proxy import shared_parts

        seen = look_for(self._engine, self._env, deployment_id)
        lock = lock_name(self._env, deployment_id)
        if seen.deployed(self._env, deployment_id).is_there or any(one.name == lock for one in seen.parts):
            return False
        return not shared_parts.was_removed(self._engine, self._env, seen)

    @contextmanager
    def lock(self, deployment_id: str) -> Iterator[Lock]:
        """Hold a deployment by the name of a container, which is made of any image that the engine has."""
        from bosun_core.errors import EnvironmentFailure

        from bosun_docker.holding import held_deployment
        from bosun_docker.looks.looking import listed

        image = listed(self._engine, self._env).any_image
        if image is None:
            raise EnvironmentFailure(f"the proxy {self._env.proxy_name} was removed meanwhile; run the action again")
        with held_deployment(self._engine, self._env, image, deployment_id, self._action) as self._lock:
            try:
                yield self._lock
            finally:
                self._lock = None

    def collect_garbage(self, deployment_id: str) -> None:
        """Clear what killed actions left; what the lock of one stood over is the beginning or rest of a deployment."""
        from bosun_docker.clearing import clear

        was_in_use = self._lock is not None and self._lock.was_in_use
        clear(self._engine, self._env, self._observed(deployment_id), is_begun=was_in_use)

    def was_in_service(self, observed: Observed) -> bool:
        """Tell whether its endpoint leads to a container, or did until that or the route was removed."""
        return observed.deployed.was_in_service

    def observe(self, deployment_id: str) -> Observed | None:
        """Look at the containers and routes."""
        observed = self._observed(deployment_id)
        return observed if observed.deployed.is_there else None

    def _observed(self, deployment_id: str) -> Observed:
        from bosun_docker.looks.observed import Observed

        seen = self._look(deployment_id)
        return Observed(seen, seen.deployed(self._env, deployment_id))

    def observe_all(self) -> Survey[Observed]:
        """Look at every deployment, and at the services."""
        seen = self._look(None)
        from bosun_docker.looks import surveyed

        return surveyed.survey(self._env, seen)

    def _look(self, deployment_id: str | None) -> Look:
        """Look at every deployment, or at one alone; where routes and containers disagree, again."""
        if "_engine" in vars(self):
            return self._by_the_sdk(deployment_id)
        with early_look.asked(self._env) as early:
            from bosun_docker.looks import entries  # noqa: F401  # imported while the engine makes its answers
            from bosun_docker.looks.looking import early_seen

            seen = early_seen(self._env, early)
        if seen is None or any(one.is_in_doubt for one in seen.wanted(self._env, deployment_id)):
            return self._by_the_sdk(deployment_id)
        return seen

    def _by_the_sdk(self, deployment_id: str | None) -> Look:
        from bosun_docker.looks.looking import listed, look, look_for

        if deployment_id is None or self._lock is None:
            return look(self._engine, self._env)
        slots = None if self._rollout is None else self._rollout.slots
        if slots is None:
            return look_for(self._engine, self._env, deployment_id).unlocked()
        key = names.key(self._env.id, deployment_id)
        return listed(self._engine, self._env).unlocked()._replace(slots={key: slots})

    def describe(self, observed: Observed) -> DeploymentEntry:
        """Return what a look says of a deployment."""
        from bosun_docker.looks.entries import entry

        return entry(self._env, *observed)

    def desired(self, request: Request, observed: Observed | None) -> Desired:
        """Return what the deployment's next container is made of."""
        from bosun_docker.desired import desired
        from bosun_docker.looks.looking import listed
        from bosun_docker.monitoring import parts as monitoring

        queue = None
        if self._env.monitoring.is_on:
            queue = monitoring.queue_url(self._engine, self._env, listed(self._engine, self._env))
        return desired(self._env, request, queue, None if observed is None else observed.deployed)

    def differences(self, desired: Desired, observed: Observed | None) -> Iterator[Difference]:
        """Yield how the container that serves differs, and whether it does not serve well."""
        from bosun_docker.desired import differences

        return differences(self._engine, self._env, desired, None if observed is None else observed.deployed)

    def rollout(self, desired: Desired, observed: Observed | None) -> Change:
        """Bring the model into service beside the one that serves, and switch."""
        from bosun_docker.rollout import Rollout

        place = observed or self._observed(desired.deployment_id)
        self._rollout = Rollout(self._engine, self._env, place, desired)
        return self._rollout.change()._replace(notes=tuple(desired.remarks))

    def removal(self, observed: Observed) -> Change:
        """Have the endpoint lead nowhere, then remove all that is there."""
        from bosun_docker.clearing import removal

        return removal(self._engine, self._env, observed)
