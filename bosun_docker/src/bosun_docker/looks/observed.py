"""What a look at the engine shows: containers, what of them makes a deployment, and the whole of a place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bosun_core.holders import is_surely_dead

from bosun_docker import names
from bosun_docker.environment import Environment
from bosun_docker.proxy import routes
from bosun_docker.proxy.routes import Route, Slots


class Container(NamedTuple):
    """A container as a list shows it."""

    id: str
    name: str
    image_id: str
    labels: dict[str, str]
    state: str
    status: str
    address: str
    """Its own on the network, empty where it has none."""
    probe_port: int | None
    """Where its port for probes is published, on the engine's machine."""

    @property
    def part(self) -> str:
        """What it is."""
        return self.labels.get(names.PART, "")

    @property
    def runs(self) -> bool:
        """Whether it runs now."""
        return self.state == "running"

    @property
    def is_marker(self) -> bool:
        """Whether it is never started: it stands for a model that a server of several deployments serves."""
        return self.labels.get(names.SERVING) == names.SHARED

    @property
    def generation(self) -> int:
        """Which one it is of those that its deployment had."""
        return int(self.labels.get(names.GENERATION, 0))


class Deployed(NamedTuple):
    """All that is on the engine of one deployment."""

    id: str
    key: str
    containers: tuple[Container, ...]
    slots: Slots
    lock: Container | None
    holder: Container | None
    """The container with a package on its way to an image."""
    servers: tuple[Container, ...]
    """The environment's shared servers: one, and while it is replaced two."""

    @property
    def action(self) -> str | None:
        """The action that holds it, or that died as it did; None where there is none."""
        return None if self.lock is None else self.lock.labels.get(names.ACTION)

    @property
    def is_held(self) -> bool:
        """Whether an action on it is under way, as far as this machine can tell."""
        return self.lock is not None and not is_surely_dead(self.lock.labels.get(names.HOLDER, ""))

    @property
    def route(self) -> tuple[str, Route] | None:
        """Slot and route of what its endpoint leads to."""
        return routes.serving(self.slots)

    @property
    def current(self) -> Container | None:
        """The container that its endpoint leads to, or that stands for what it leads to."""
        route = self.route
        return None if route is None else next((one for one in self.containers if _is_behind(route[1], one)), None)

    @property
    def latest(self) -> Container | None:
        """The container whose model a relaunch brings back: the one that serves, else the latest."""
        return self.current or next(reversed(self.containers), None)

    @property
    def worker(self) -> Container | None:
        """The container that answers at its endpoint: its own, or the shared server."""
        route, current = self.route, self.current
        if route is None or current is None or not current.is_marker:
            return current
        return next((one for one in self.servers if leads_to(route[1], one)), None)

    @property
    def serves(self) -> bool:
        """Whether what its endpoint leads to runs."""
        return self.worker is not None and self.worker.runs

    @property
    def was_in_service(self) -> bool:
        """Whether its endpoint leads to a container, or did until somebody removed that container or the route.

        Not so what a start or a stop left that was killed: its lock is there still.
        """
        return self.route is not None or (bool(self.containers) and self.lock is None)

    @property
    def is_in_doubt(self) -> bool:
        """Whether its route and its containers disagree: it may have changed while they were read."""
        return self.is_there and self.current is None

    @property
    def is_there(self) -> bool:
        """Whether anything of it is on the engine, locks apart."""
        return bool(self.containers or self.holder or any(self.slots.values()))


def _is_behind(route: Route, container: Container) -> bool:
    if container.is_marker:
        return container.generation == route.generation
    return leads_to(route, container)


def leads_to(route: Route, container: Container) -> bool:
    """Tell whether a route leads to a container."""
    return container.id.startswith(route.container)


class Look(NamedTuple):
    """What is on the engine of one place."""

    proxy: Container | None
    broker: Container | None
    agent: Container | None
    parts: tuple[Container, ...]
    slots: dict[str, Slots]
    strangers: tuple[Container, ...]
    """Containers that begin with our prefix and are not ours."""

    @property
    def any_image(self) -> str | None:
        """An image that the engine has, None where nothing is here: what a lock is made of."""
        return next((one.image_id for one in (self.proxy, *self.parts) if one is not None), None)

    def unlocked(self) -> Look:
        """Return the look without locks, for whoever holds them."""
        return self._replace(parts=tuple(one for one in self.parts if one.part != names.LOCK))

    def deployed(self, env: Environment, deployment_id: str) -> Deployed:
        """Return what is there of a deployment."""
        own = [one for one in self.parts if _deployment_of(one, env) == deployment_id]
        return self._made_of(env, deployment_id, own, self.servers(env))

    def wanted(self, env: Environment, deployment_id: str | None) -> list[Deployed]:
        """Return every deployment of the environment, or one alone: then none where nothing of it is there."""
        if deployment_id is None:
            return self.deployments(env)
        found = self.deployed(env, deployment_id)
        return [found] if found.is_there else []

    def _made_of(
        self, env: Environment, deployment_id: str, own: Sequence[Container], servers: tuple[Container, ...]
    ) -> Deployed:
        key = names.key(env.id, deployment_id)
        by_part = {one.part: one for one in own}
        models = sorted((one for one in own if one.part == names.MODEL_PART), key=lambda one: one.generation)
        return Deployed(
            id=deployment_id,
            key=key,
            containers=tuple(models),
            slots=self.slots.get(key, {}),
            lock=by_part.get(names.LOCK),
            holder=by_part.get(names.PACKAGE_PART),
            servers=servers,
        )

    def servers(self, env: Environment) -> tuple[Container, ...]:
        """Return the environment's shared servers, whatever they are called."""
        own = (one for one in self.parts if one.labels.get(names.ENVIRONMENT) == env.id)
        return tuple(one for one in own if one.part == names.SERVER)

    def server(self, env: Environment) -> Container | None:
        """Return the environment's shared server that new models are put into."""
        return next((one for one in self.servers(env) if one.name == env.server_name), None)

    def deployments(self, env: Environment) -> list[Deployed]:
        """Return every deployment of the environment, by id."""
        own: dict[str, list[Container]] = {}
        for one in self.parts:
            own.setdefault(_deployment_of(one, env) or "", []).append(one)
        served = [routes.serving(slots) for slots in self.slots.values()]
        routed = {route[1].deployment_id: route[1].key for route in served if route is not None}
        ids = {name for name, key in routed.items() if names.key(env.id, name) == key}
        ids |= {name for name, parts in own.items() if name and any(one.part == names.MODEL_PART for one in parts)}
        servers = self.servers(env)
        return [self._made_of(env, name, own.get(name, ()), servers) for name in sorted(ids)]


class Observed(NamedTuple):
    """One deployment, and the place that it is in."""

    seen: Look
    deployed: Deployed

    @property
    def model_id(self) -> str | None:
        """The model that serves, else the latest."""
        latest = self.deployed.latest
        return None if latest is None else latest.labels.get(names.MODEL)

    @property
    def active(self) -> int | None:
        """The generation that serves; None where none does."""
        route = self.deployed.route
        return None if route is None or self.deployed.current is None else route[1].generation


def _deployment_of(container: Container, env: Environment) -> str | None:
    """Return the deployment that a container belongs to; None where it is no deployment's of the environment."""
    labels = container.labels
    return labels.get(names.DEPLOYMENT) if labels.get(names.ENVIRONMENT) == env.id else None
