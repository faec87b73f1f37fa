"""One look at the engine: a list of containers and an archive of the routes, however many deployments there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from bosun_core.holders import is_surely_dead

from bosun_docker import names
from bosun_docker.containers import PROBE_PORT
from bosun_docker.environment import Environment
from bosun_docker.looks.route_archive import files_in
from bosun_docker.proxy import routes
from bosun_docker.proxy.routes import Route, Slots

if TYPE_CHECKING:
    from bosun_docker.engine.client import Engine  # it imports the SDK, which one look does without


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


def _deployment_of(container: Container, env: Environment) -> str | None:
    """Return the deployment that a container belongs to; None where it is no deployment's of the environment."""
    labels = container.labels
    return labels.get(names.DEPLOYMENT) if labels.get(names.ENVIRONMENT) == env.id else None


def look(engine: Engine, env: Environment) -> Look:
    """Look at the place. Nothing is changed."""
    seen = listed(engine, env)
    return seen if seen.proxy is None else seen._replace(slots=route_slots(engine, seen.proxy.id))


def look_for(engine: Engine, env: Environment, deployment_id: str) -> Look:
    """Look for one deployment: as `look`, but the routes are read only where one of them is its own.

    Their sizes take the engine 2 ms each, reading them 60.
    """
    seen = listed(engine, env)
    if seen.proxy is None:
        return seen
    key, proxy = names.key(env.id, deployment_id), seen.proxy.id
    sizes = (engine.size(proxy, f"{routes.FOLDER}/{routes.file_name(key, slot)}") for slot in routes.SLOTS)
    has_route = any(size not in (None, len(routes.BLANK)) for size in sizes)
    return seen._replace(slots=route_slots(engine, proxy)) if has_route else seen


def listed(engine: Engine, env: Environment) -> Look:
    """Look at the containers alone, as if no route were there: reading those takes the engine 60 ms, listing 3 ms."""
    return read(env, engine.containers(env.container_filters))


def route_slots(engine: Engine, proxy: str) -> dict[str, Slots]:
    """Return the route files, by key and slot."""
    content = engine.get(proxy, routes.FOLDER)
    return {} if content is None else slots_in(b"".join(content))


def read(env: Environment, containers: Iterable[dict[str, Any]]) -> Look:
    """Return what a list of containers tells of the place, as if no route were there."""
    found = [_container(one, env) for one in containers]
    ours = tuple(one for one in found if one.labels.get(names.PLACE) == env.place)
    strangers = tuple(one for one in found if names.PLACE not in one.labels)
    named = {one.name: one for one in ours}
    proxy, broker, agent = (named.get(name) for name in (env.proxy_name, env.broker_name, env.agent_name))
    return Look(proxy, broker, agent, ours, {}, strangers)


def slots_in(archive: bytes) -> dict[str, Slots]:
    """Return the route files that a tar archive holds, by key and slot."""
    slots: dict[str, Slots] = {}
    for name, text in files_in(archive).items():
        slot = routes.slot_of(name)
        if slot is not None:
            slots.setdefault(slot[0], {})[slot[1]] = routes.parse(text)
    return slots


def _container(raw: dict[str, Any], env: Environment) -> Container:
    networks = (raw.get("NetworkSettings") or {}).get("Networks") or {}
    ports = [port.get("PublicPort") for port in raw.get("Ports") or [] if port.get("PrivatePort") == PROBE_PORT]
    return Container(
        id=raw["Id"],
        name=(raw.get("Names") or ["/"])[0].lstrip("/"),
        image_id=raw.get("ImageID", ""),
        labels=raw.get("Labels") or {},
        state=raw.get("State", ""),
        status=raw.get("Status", ""),
        address=(networks.get(env.settings.docker_network) or {}).get("IPAddress", ""),
        probe_port=next(filter(None, ports), None),
    )
