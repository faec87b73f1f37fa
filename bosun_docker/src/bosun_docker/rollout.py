"""A model brought into service beside the one that serves: create, wait until it answers, switch, drain, remove.

Until the switch everything can be undone, and is; from the switch on everything is carried to its end.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from bosun_core.errors import EnvironmentFailure
from bosun_core.reporting import progress
from bosun_core.signals import uninterrupted

from bosun_docker import health, images, names
from bosun_docker.endings import to_its_end
from bosun_docker.engine import Engine, Refused
from bosun_docker.environment import Environment
from bosun_docker.looking import Container, Deployed, Look, look
from bosun_docker.proxy import Proxy
from bosun_docker.routes import SLOTS, Route

_ASK_AGAIN_SECONDS = 0.04
_LOG_LINES = 40
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


class Rollout:
    """One model of a deployment brought into service; the caller holds the deployment's lock."""

    def __init__(self, engine: Engine, env: Environment, proxy: Proxy, before: Deployed, goal: Goal) -> None:
        self._engine = engine
        self._env = env
        self._proxy = proxy
        self._before = before
        self._goal = goal
        self._slot = SLOTS[1] if before.route is not None and before.route[0] == SLOTS[0] else SLOTS[0]
        self._name = ""
        self._probed = False

    def run(self, image: str) -> None:
        """Bring a container of the image into service in the place of what serves.

        Raises:
            EnvironmentFailure: it does not come to answer; what served still does, and nothing is left of the attempt.
            Interruption: the action has to end; either nothing is left of the attempt, or it was carried to its end.
        """
        taken = [one.generation for one in self._before.containers]
        taken += [route.generation for route in self._before.slots.values() if route is not None]
        generation = 1 + max(taken, default=0)
        new = ""
        try:
            with uninterrupted():
                new = self._create(image, generation)
            route = self._route(new, generation)
            self._engine.start(new, self._name)
            self._probed = True
            self._proxy.write(route, self._slot)
            self._wait_until_ready(new, route)
        except BaseException:
            to_its_end(lambda: self._undo(new))
            raise
        to_its_end(lambda: self._finish(new, route._replace(public=True)))

    def _create(self, image: str, generation: int) -> str:
        goal = self._goal
        prefix = self._env.settings.container_name_prefix
        self._name = names.newcomer_name(prefix, self._env.id, goal.deployment_id, generation)
        labels = {**goal.labels, names.GENERATION: str(generation)}
        return self._engine.create(self._name, {**goal.body, "Image": image, "Labels": labels})

    def _route(self, container: str, generation: int) -> Route:
        import secrets

        return Route(
            key=self._before.key,
            deployment_id=self._goal.deployment_id,
            container=container[:12],
            port=self._goal.port,
            generation=generation,
            token=secrets.token_hex(16),
            public=False,
            prefix_path=self._env.settings.prefix.path,
            tls=self._env.settings.traefik_certificate is not None,
        )

    def _wait_until_ready(self, container: str, route: Route) -> None:
        """Wait until the new container answers, and where another serves until it has done so for the settle time."""
        settings = self._env.settings
        settle = settings.settle_time if self._before.current is not None and self._before.current.runs else 0.0
        progress("waiting until it is ready", 0)
        began = time.monotonic()
        ready_since: float | None = None
        path = f"/{route.token}{self._goal.health_path}"
        with following(self._engine, container) as ended:
            while ready_since is None or time.monotonic() < ready_since + settle:
                with suppress(queue.Empty):
                    raise self._failed(container, ended.get(timeout=_ASK_AGAIN_SECONDS))
                if ready_since is None and time.monotonic() > began + settings.readiness_limit:
                    raise self._failed(
                        container,
                        f"did not answer {self._goal.health_path} with 200 within "
                        f"{settings.readiness_limit:g} s (readinessLimit)",
                    )
                answer = self._proxy.ask(path)
                answers = answer is not None and answer.status == _OK and answer.container == route.container
                if answer is None:
                    self._proxy.check_that_it_runs()
                if not answers:
                    ready_since = None
                elif ready_since is None:
                    ready_since = time.monotonic()

    def _failed(self, container: str, fault: str) -> EnvironmentFailure:
        """Return the error for a container that does not come into service: why, and what it said last."""
        found = self._engine.container(container)
        why = health.why_ended(found["State"]) if found is not None else None
        words = ""
        with suppress(EnvironmentFailure):
            words = health.last_words(self._engine.last_lines(container, _LOG_LINES))
        goal = self._goal
        return EnvironmentFailure(f"model {goal.model_id} of deployment {goal.deployment_id} {why or fault}{words}")

    def _undo(self, new: str) -> None:
        """Leave nothing of the attempt; what fails here is cleared by the next action, and hides no cause."""
        with suppress(EnvironmentFailure):
            if new:
                self._engine.remove(new)
        with suppress(EnvironmentFailure):
            if self._probed:
                self._proxy.blank(self._before.key, self._slot)

    def _finish(self, new: str, route: Route) -> None:
        """Switch, drain, remove. May be repeated."""
        progress("switching", 0)
        self._proxy.write(route, self._slot)
        self._proxy.wait_until_it_leads(route)
        if self._before.route is not None:
            self._proxy.blank(self._before.key, self._before.route[0])
        for old in self._before.containers:
            drain(self._engine, self._env, old)
        prefix = self._env.settings.container_name_prefix
        with suppress(Refused):  # somebody took that name meanwhile: then it keeps the one that it has
            self._engine.rename(new, names.container_name(prefix, self._goal.deployment_id, self._goal.model_id))


def drain(engine: Engine, env: Environment, container: Container) -> None:
    """End a container that gets no new requests, and remove it."""
    settings = env.settings
    if container.runs:
        progress("draining", 0)
        if settings.drain_before_stop and engine.wait(container.id, settings.drain_before_stop):
            pass  # it has ended by itself
        else:
            engine.signal(container.id, "SIGTERM")
            engine.wait(container.id, settings.drain_limit)
    engine.remove(container.id)


@contextmanager
def following(engine: Engine, container: str) -> Iterator[queue.Queue[str]]:
    """Yield a queue that gets one text when the container ends, or when its own health check fails."""
    found: queue.Queue[str] = queue.Queue()
    filters = {"container": [container], "event": ["die", "health_status"]}

    def follow(events: Iterator[dict[str, Any]]) -> None:
        with suppress(Exception):  # it ends when the block does, in whatever way the SDK finds
            for event in events:
                action = str(event.get("Action", ""))
                if action == "die":
                    found.put("ended")
                elif action.endswith(": unhealthy"):
                    found.put("is unhealthy, says its image's own health check")

    with engine.again() as own, own.events(filters, since=1) as events:
        threading.Thread(target=follow, args=(events,), daemon=True).start()
        yield found


def cleared(engine: Engine, env: Environment, proxy: Proxy, deployment_id: str) -> Look:
    """Clear what killed actions left of a deployment, whose lock the caller holds; return a look at what is there."""
    seen = look(engine, env).unlocked()
    found = seen.deployed(env, deployment_id)
    serving, current = found.route, found.current
    idle_slots = [slot for slot, one in found.slots.items() if one and (serving is None or slot != serving[0])]
    idle = [one for one in found.containers if current is None or one.id != current.id]
    for slot in idle_slots:
        proxy.blank(found.key, slot)
    for container in idle:
        if current is not None and container.generation < current.generation:
            drain(engine, env, container)  # it may have requests in flight
        else:
            engine.remove(container.id)
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
    images.remove_unused(engine, env, deployment_id, list(look(engine, env).parts))
