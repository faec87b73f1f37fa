"""A model brought into service beside the one that serves: create, wait until it answers, switch, drain, remove.

Until the switch everything can be undone, and is; from the switch on everything is carried to its end.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from bosun_core.endings import to_its_end
from bosun_core.errors import EnvironmentFailure
from bosun_core.reporting import progress
from bosun_core.signals import uninterrupted

from bosun_docker import names
from bosun_docker.engine.client import Engine, Refused
from bosun_docker.environment import Environment
from bosun_docker.images import images
from bosun_docker.looks import failing
from bosun_docker.looks.following import EVER, following
from bosun_docker.looks.looking import listed, look, look_for
from bosun_docker.looks.observed import Container, Deployed, Look
from bosun_docker.proxy.proxy import Answer, Proxy, probing_route
from bosun_docker.proxy.routes import SLOTS, Route, Slots
from bosun_docker.retiring import Way, retire

_ASK_AGAIN_SECONDS = 0.02
_OK = 200


class Goal(NamedTuple):
    """What a deployment's next container is made of."""

    deployment_id: str
    model_id: str
    body: dict[str, Any]
    """Its body without image and labels."""
    labels: dict[str, str]
    """Its labels, but for the generation."""
    port: int
    health_path: str
    predictions_path: str


class Newcomer(Protocol):
    """How a goal is brought into service: in a container of its own, or in the shared server."""

    @property
    def health_path(self) -> str:
        """The endpoint that answers 200 once the model is ready."""

    @property
    def takes_along(self) -> str:
        """What goes between the model and why its container ended, where that is not its own."""

    def create(self, name: str, body: dict[str, Any]) -> str:
        """Create the container that stands for it, and return its id."""

    def worker(self, container: str) -> str:
        """Return the id of the container that is to answer."""

    def watched_since(self) -> str:
        """Return from which of the engine's moments on that container's end speaks of the newcomer."""

    def upstream_path(self, generation: int) -> str:
        """Return what stands before its endpoints there."""

    def start(self, container: str, name: str, generation: int, lead: Callable[[], None]) -> float:
        """Have it load, and the probes' way lead to it by `lead`; return since when it loads (monotonic)."""

    def refusal(self, answer: Answer) -> str | None:
        """Tell why it will never answer 200, where an answer says so."""

    def withdraw(self, container: str, generation: int, token: str | None) -> None:
        """Leave nothing of it; `token` is that of a route which leads to where it is to answer."""


class Rollout:
    """One model of a deployment brought into service; the caller holds the deployment's lock."""

    def __init__(
        self, engine: Engine, env: Environment, proxy: Proxy, before: Deployed, goal: Goal, newcomer: Newcomer
    ) -> None:
        self._engine = engine
        self._env = env
        self._proxy = proxy
        self._before = before
        self._goal = goal
        self._newcomer = newcomer
        self._slot = SLOTS[1] if before.route is not None and before.route[0] == SLOTS[0] else SLOTS[0]
        taken = [one.generation for one in before.containers]
        taken += [route.generation for route in before.slots.values() if route is not None]
        self._generation = 1 + max(taken, default=0)
        self._probed: Route | None = None
        self._is_public = False
        self._since = EVER

    def run(self) -> Slots:
        """Bring the newcomer into service in the place of what serves; return its route.

        Raises:
            EnvironmentFailure: it does not come to answer; what served still does, and nothing is left of the attempt.
            Interruption: the action has to end; either nothing is left of the attempt, or it was carried to its end.
        """
        goal, newcomer = self._goal, self._newcomer
        name = names.newcomer_name(
            self._env.settings.container_name_prefix, self._env.id, goal.deployment_id, self._generation
        )
        labels = {**goal.labels, names.GENERATION: str(self._generation)}
        new = ""
        try:
            with uninterrupted():
                new = newcomer.create(name, {**goal.body, "Labels": labels})
            worker = newcomer.worker(new)
            self._since = newcomer.watched_since()
            path = newcomer.upstream_path(self._generation)
            route = probing_route(
                self._env, self._before.key, goal.deployment_id, worker, goal.port, self._generation, path
            )._replace(predictions_path=goal.predictions_path, health_path=goal.health_path)
            self._probed = route
            progress("starting", 0)
            began = newcomer.start(new, name, self._generation, lambda: self._proxy.write(route, self._slot))
            self._wait_until_ready(worker, route, began)
        except BaseException:
            to_its_end(lambda: self._undo(new))
            raise
        public = route._replace(public=True)
        to_its_end(lambda: self._finish(new, public))
        return {self._slot: public}

    def _wait_until_ready(self, worker: str, route: Route, began: float) -> None:
        """Wait until the newcomer answers; where another serves, also until it has run for the settle time."""
        settings = self._env.settings
        progress("waiting until it is ready", 0)
        settled = began + (settings.settle_time if self._before.serves else 0.0)
        answers = False
        health_path = self._newcomer.health_path
        path = f"/{route.token}{route.upstream_path}{health_path}"
        with following(self._engine, worker, self._since) as followed:
            while not answers or time.monotonic() < settled:
                fault = followed.fault(_ASK_AGAIN_SECONDS)
                if fault is not None:
                    raise self._failed(worker, fault, self._newcomer.takes_along)
                if not answers and time.monotonic() > began + settings.readiness_limit:
                    limit = f"within {settings.readiness_limit:g} s (readinessLimit)"
                    raise self._failed(worker, followed.late(f"did not answer {health_path} with 200 {limit}"))
                answer = self._proxy.ask(path)
                if answer is None:
                    self._proxy.check_that_it_runs()
                came = answer is not None and answer.came_by(route)
                answers = answer is not None and came and answer.status == _OK
                refusal = self._newcomer.refusal(answer) if answer is not None and came else None
                if refusal is not None:
                    raise self._failed(worker, refusal)

    def _failed(self, worker: str, fault: str, takes_along: str = "") -> EnvironmentFailure:
        """Return the error for a model that does not come into service: why, and what its container said last."""
        goal, why = self._goal, failing.told(self._engine, worker, fault)
        return EnvironmentFailure(f"model {goal.model_id} of deployment {goal.deployment_id} {takes_along}{why}")

    def _undo(self, new: str) -> None:
        """Leave nothing of the attempt; what fails here is cleared by the next action, and hides no cause."""
        with suppress(EnvironmentFailure):
            if new:
                self._newcomer.withdraw(new, self._generation, self._probed.token if self._probed else None)
        with suppress(EnvironmentFailure):
            if self._probed:
                self._proxy.blank(self._before.key, self._slot)

    def _finish(self, new: str, route: Route) -> None:
        """Switch, drain, remove. May be repeated."""
        progress("switching", 0)
        if not self._is_public:
            # Once: a file that is overwritten is absent for a moment, and from here on this one serves.
            with uninterrupted():
                self._proxy.write(route, self._slot)
                self._is_public = True
        self._proxy.wait_until_it_leads(route)
        idle = SLOTS[1] if self._slot == SLOTS[0] else SLOTS[0]
        if self._before.route is not None:
            self._proxy.blank(self._before.key, idle)
        for old in self._before.containers:
            retire(self._engine, self._env, self._before, old, Way(self._proxy, idle))
        prefix = self._env.settings.container_name_prefix
        with suppress(Refused):  # somebody took that name meanwhile: then it keeps the one that it has
            self._engine.rename(new, names.container_name(prefix, self._goal.deployment_id, self._goal.model_id))


def cleared(engine: Engine, env: Environment, proxy: Proxy, deployment_id: str, *, spares_latest: bool) -> Look:
    """Clear what killed actions left of a deployment, whose lock the caller holds; return a look at what is there.

    Where none serves, the latest container may be that of a deployment whose route was lost: `spares_latest` keeps it.
    """
    seen = look_for(engine, env, deployment_id).unlocked()
    found = seen.deployed(env, deployment_id)
    serving, current = found.route, found.current
    idle_slots = [slot for slot, one in found.slots.items() if one and (serving is None or slot != serving[0])]
    stays = found.containers[-1:] if current is None and spares_latest else (current,)
    idle = [one for one in found.containers if one not in stays]
    for slot in idle_slots:
        proxy.blank(found.key, slot)
    slot = SLOTS[1] if serving is not None and serving[0] == SLOTS[0] else SLOTS[0]
    for container in idle:
        was_serving = current is not None and container.generation < current.generation
        retire(engine, env, found, container, Way(proxy, slot), has_requests=was_serving)
    if found.holder is not None:
        engine.remove(found.holder.id)
    named = current is None or _named(engine, env, current)
    return seen if named and not (idle_slots or idle or found.holder) else look(engine, env).unlocked()


def _named(engine: Engine, env: Environment, current: Container) -> bool:
    """Give the container that serves its own name; tell whether it had it already."""
    labels = current.labels
    prefix = env.settings.container_name_prefix
    name = names.container_name(prefix, labels[names.DEPLOYMENT], labels.get(names.MODEL, ""))
    if current.name == name:
        return True
    with suppress(Refused):  # somebody else has that name: then it keeps the one that it has
        engine.rename(current.id, name)
    return False


def remove_images(engine: Engine, env: Environment, deployment_id: str) -> None:
    """Remove the images of a deployment that no container uses any more."""
    images.remove_unused(engine, env, deployment_id, list(listed(engine, env).parts))
