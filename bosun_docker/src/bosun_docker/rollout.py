"""A model brought into service beside the one that serves, step by step; the commit is the route that leads to it.

Until then everything can be rolled back; from then on everything is carried to its end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Protocol

from bosun_core.errors import EnvironmentFailure
from bosun_core.lifecycle.steps import Change, Step
from bosun_core.model_sources.sources import Packaged, Unfetched
from bosun_core.signals import uninterrupted

from bosun_docker import names
from bosun_docker.containers import Body
from bosun_docker.dedicated import Dedicated
from bosun_docker.desired import Desired
from bosun_docker.engine.client import Engine, Refused
from bosun_docker.environment import Environment
from bosun_docker.images import images
from bosun_docker.looks import failing
from bosun_docker.looks.following import EVER, following
from bosun_docker.looks.looking import listed, look
from bosun_docker.looks.observed import Container, Observed
from bosun_docker.proxy.proxy import Answer, Proxy, probing_route
from bosun_docker.proxy.routes import SLOTS, Route, Slots, other
from bosun_docker.retiring import Way, retire, retiring
from bosun_docker.shared import containers as shared_containers
from bosun_docker.shared.models import Shared

_ASK_AGAIN_SECONDS = 0.02
_OK = 200


class Newcomer(Protocol):
    """How a model is brought into service: in a container of its own, or in the shared server."""

    @property
    def health_path(self) -> str:
        """The endpoint that answers 200 once the model is ready."""

    @property
    def takes_along(self) -> str:
        """What goes between the model and why its container ended, where that is not its own."""

    def create(self, name: str, body: Body) -> str:
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
    """One model of a deployment on its way into service; the caller holds the deployment's lock."""

    def __init__(self, engine: Engine, env: Environment, observed: Observed, want: Desired) -> None:
        self._engine = engine
        self._env = env
        self._seen, self._before = observed
        self._want = want
        self._slot = other(self._before.route[0]) if self._before.route is not None else SLOTS[0]
        taken = [one.generation for one in self._before.containers]
        taken += [route.generation for route in self._before.slots.values() if route is not None]
        self._generation = 1 + max(taken, default=0)
        self._image: str | None = None
        self._new = ""
        self._name = names.newcomer_name(
            env.settings.container_name_prefix, env.id, want.deployment_id, self._generation
        )
        self._newcomer: Newcomer | None = None
        self._route: Route | None = None
        self._is_public = False
        self._began = 0.0
        self._since = EVER

    def change(self) -> Change:
        """Return its steps.

        Raises:
            EnvironmentFailure: somebody else has the name that its container is to have.
        """
        self._check_name()
        want, url = self._want, f"{self._env.settings.prefix.url}/deployments/{self._want.deployment_id}"
        name = want.name(self._env)
        before = [
            *self._making(),
            Step("create", f"container {name}{', which stands for the model' if want.is_shared else ''}", self._create,
                 self._undo),
            Step("put", f"the package into {self._env.server_name}", self._start)
            if want.is_shared
            else Step("start", "it", self._start),
            Step("wait", "until it answers", self._wait_until_ready),
        ]  # fmt: skip
        switch = Step("switch", f"{url} to it", self._switch)
        after = [*self._removing(), Step("give", f"container {name} its name", self._rename), *self._removing_images()]
        return Change((*before, switch, *after), len(before), self._leads)

    @property
    def slots(self) -> Slots | None:
        """Its route, once that is what serves."""
        return {self._slot: self._public} if self._is_public else None

    @property
    def _proxy(self) -> Proxy:
        if self._seen.proxy is None:
            raise EnvironmentFailure(f"the proxy {self._env.proxy_name} was removed meanwhile; run the action again")
        return Proxy(self._engine, self._env, self._seen.proxy)

    @property
    def _public(self) -> Route:
        assert self._route is not None
        return self._route._replace(public=True)

    def _check_name(self) -> None:
        """Check that nobody else has the name that the deployment's container is to have.

        Raises:
            EnvironmentFailure: somebody has.
        """
        name, own = self._want.name(self._env), {one.id for one in self._before.containers}
        for one in (*self._seen.parts, *self._seen.strangers):
            if one.name == name and one.id not in own:
                owner = one.labels.get(names.ENVIRONMENT)
                whose = f"belongs to the environment {owner!r}" if owner else "was not made by this Bosun"
                more = "" if owner else " (docs/migrate.md)"
                raise EnvironmentFailure(
                    f"container {name} {whose}{more}; remove it, or choose another containerNamePrefix"
                )

    def _making(self) -> Iterator[Step]:
        """Yield how the image comes to be; nothing where it is there, or none is needed."""
        engine, env, want = self._engine, self._env, self._want
        if want.is_shared:
            if isinstance(want.source, Unfetched):
                yield Step("fetch", "the package", self._make_image)
            return
        self._image = images.existing(engine, env, want.deployment_id, want.model_id, want.source)
        if self._image is None:
            steps = images.making(engine, env, want.deployment_id, want.model_id, want.source)
            for verb, what, do in steps:
                yield Step(verb, what, do or self._make_image, self._remove_images)

    def _make_image(self) -> None:
        want = self._want
        self._image = images.make(self._engine, self._env, want.deployment_id, want.model_id, want.source)

    def _remove_images(self) -> None:
        images.remove_unused(self._engine, self._env, self._before.id, list(listed(self._engine, self._env).parts))

    def _create(self) -> None:
        want = self._want
        labels = {**want.labels, names.GENERATION: str(self._generation)}
        self._newcomer = newcomer = self._chosen()
        with uninterrupted():
            self._new = newcomer.create(self._name, {**want.body, "Labels": labels})

    def _chosen(self) -> Newcomer:
        engine, env, want, server = self._engine, self._env, self._want, self._seen.server(self._env)
        if not want.is_shared or not isinstance(want.source, Packaged):
            return Dedicated(engine, self._image or "", want.health_path)
        if server is None:
            raise EnvironmentFailure(f"container {env.server_name} was removed meanwhile; run the action again")
        info = shared_containers.info_file(want.deployment_id, want.model_id)
        return Shared(engine, env, self._proxy, server, want.source.package, self._before.key, info)

    def _start(self) -> None:
        want, newcomer, number = self._want, self._newcomer, self._generation
        assert newcomer is not None
        worker = newcomer.worker(self._new)
        self._since = newcomer.watched_since()
        route = probing_route(
            self._env, self._before.key, want.deployment_id, worker, want.port, number, newcomer.upstream_path(number)
        )._replace(predictions_path=want.predictions_path, health_path=want.health_path)
        self._route = route
        self._began = newcomer.start(self._new, self._name, number, lambda: self._proxy.write(route, self._slot))

    def _wait_until_ready(self) -> None:
        """Wait until the newcomer answers; where another serves, also until it has run for the settle time."""
        settings, newcomer, route, proxy = self._env.settings, self._newcomer, self._route, self._proxy
        assert newcomer is not None
        assert route is not None
        worker, health_path = newcomer.worker(self._new), newcomer.health_path
        settled = self._began + (settings.settle_time if self._before.serves else 0.0)
        answers = False
        path = f"/{route.token}{route.upstream_path}{health_path}"
        with following(self._engine, worker, self._since) as followed:
            while not answers or time.monotonic() < settled:
                fault = followed.fault(_ASK_AGAIN_SECONDS)
                if fault is not None:
                    raise self._failed(worker, fault, newcomer.takes_along)
                if not answers and time.monotonic() > self._began + settings.readiness_limit:
                    limit = f"within {settings.readiness_limit:g} s (readinessLimit)"
                    raise self._failed(worker, followed.late(f"did not answer {health_path} with 200 {limit}"))
                answer = proxy.ask(path)
                if answer is None:
                    proxy.check_that_it_runs()
                came = answer is not None and answer.came_by(route)
                answers = answer is not None and came and answer.status == _OK
                refusal = newcomer.refusal(answer) if answer is not None and came else None
                if refusal is not None:
                    raise self._failed(worker, refusal)

    def _failed(self, worker: str, fault: str, takes_along: str = "") -> EnvironmentFailure:
        """Return the error for a model that does not come into service: why, and what its container said last."""
        want, why = self._want, failing.told(self._engine, worker, fault)
        return EnvironmentFailure(f"model {want.model_id} of deployment {want.deployment_id} {takes_along}{why}")

    def _switch(self) -> None:
        """Have the endpoint lead to it, seen through the proxy; a route that the proxy does not take is withdrawn."""
        self._is_public = True  # it may be from here on, whatever becomes of the answer
        self._proxy.write(self._public, self._slot)
        try:
            self._proxy.wait_until_it_leads(self._public)
        except EnvironmentFailure:
            self._withdraw_route()
            raise

    def _withdraw_route(self) -> None:
        """Have the route lead probes alone again."""
        if self._is_public and self._route is not None:
            self._proxy.write(self._route, self._slot)
            self._is_public = False

    def _leads(self) -> bool:
        """Tell whether its public route is written, and was not withdrawn."""
        if not self._is_public:
            return False
        return look(self._engine, self._env).slots.get(self._before.key, {}).get(self._slot) == self._public

    def _undo(self) -> None:
        """Leave nothing of the attempt; of what fails here the next action clears the rest, and it hides no cause.

        Raises:
            EnvironmentFailure: its route may be public still, so that its container stays.
        """
        self._withdraw_route()
        with suppress(EnvironmentFailure):
            if self._new and self._newcomer is not None:
                self._newcomer.withdraw(self._new, self._generation, self._route.token if self._route else None)
        with suppress(EnvironmentFailure):
            if self._route:
                self._proxy.blank(self._before.key, self._slot)
        self._remove_images()

    def _removing(self) -> Iterator[Step]:
        """Yield how what served before goes."""
        idle = other(self._slot)
        if self._before.route is not None:
            yield Step("remove", "the old route", lambda: self._proxy.blank(self._before.key, idle))
        for old in self._before.containers:
            yield Step(*retiring(self._env, old), self._retiring(old, idle))

    def _retiring(self, old: Container, idle: str) -> Callable[[], None]:
        return lambda: retire(self._engine, self._env, self._before, old, Way(self._proxy, idle))

    def _rename(self) -> None:
        with suppress(Refused):  # somebody took that name meanwhile: then it keeps the one that it has
            self._engine.rename(self._new, self._want.name(self._env))

    def _removing_images(self) -> Iterator[Step]:
        """Yield which images go once nothing but the new model is left of the deployment."""
        want, found = self._want, self._before
        used = {one.image_id for one in self._seen.parts if one not in found.containers} | {self._image or ""}
        made = images.name_of(self._env, found.id, want.model_id, want.source)
        for name, image in images.unused(self._engine, self._env, found.id, used).items():
            shown = image if name == made else name
            yield Step("remove", f"image {shown}", images.removing(self._engine, image))
