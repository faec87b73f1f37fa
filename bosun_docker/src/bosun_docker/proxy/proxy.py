"""The running proxy: its route files are written through the engine, and it is asked over HTTP."""

from __future__ import annotations

import functools
import http.client
import os
import socket
import time
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from bosun_core.errors import EnvironmentFailure

from bosun_docker.containers import PROBE_PORT
from bosun_docker.engine.client import Engine
from bosun_docker.environment import Environment
from bosun_docker.images import archives
from bosun_docker.looks.observed import Container
from bosun_docker.proxy import routes
from bosun_docker.proxy.routes import CONTAINER_HEADER, GENERATION_HEADER, Route

_ANSWER_SECONDS = 5.0
_LARGEST_ANSWER = 4096
_ASK_AGAIN_SECONDS = 0.02


class Answer(NamedTuple):
    """What came back from a probe: the HTTP status, which route led to the answer, and how that begins."""

    status: int
    container: str | None
    generation: str | None
    text: str

    def came_by(self, route: Route) -> bool:
        """Tell whether the route led to the answer; in a server of several models the container alone tells it not."""
        return (self.container, self.generation) == (route.container, str(route.generation))


class Proxy:
    """The proxy of a place, at the address where this process reaches it."""

    def __init__(self, engine: Engine, env: Environment, container: Container) -> None:
        self._engine = engine
        self._env = env
        self._container = container

    @functools.cached_property
    def _address(self) -> tuple[str, int]:
        return probe_address(self._engine, self._env, self._container)

    def write(self, route: Route, slot: str) -> None:
        """Write a route into a slot."""
        self._put(route.key, slot, routes.render(route, slot))

    def blank(self, key: str, slot: str) -> None:
        """Have a slot lead nowhere."""
        self._put(key, slot, routes.BLANK)

    def _put(self, key: str, slot: str, text: str) -> None:
        self._engine.put(self._container.id, routes.FOLDER, archives.of_files({routes.file_name(key, slot): text}))

    def ask(
        self, path: str, method: str = "GET", limit: float = _ANSWER_SECONDS, largest: int = _LARGEST_ANSWER
    ) -> Answer | None:
        """Send one request to the port for probes; None where nothing answers there within `limit` seconds.

        At most `largest` bytes of the answer are read.
        """
        connection = http.client.HTTPConnection(*self._address, timeout=limit)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            text = answer.read(largest).decode("utf-8", "replace")
            container, generation = answer.getheader(CONTAINER_HEADER), answer.getheader(GENERATION_HEADER)
            return Answer(answer.status, container, generation, text)
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def is_ready(self) -> bool:
        """Tell whether the proxy answers."""
        answer = self.ask("/ping")
        return answer is not None and answer.status == http.client.OK

    def knows(self, route: Route) -> bool:
        """Tell whether the endpoint of a route leads somewhere, whatever it is that answers there."""
        answer = self.ask(f"{route.probed_endpoint}/ping")
        return answer is not None and (answer.container is not None or answer.status != http.client.NOT_FOUND)

    def check_that_it_runs(self) -> None:
        """Check that the proxy's container runs.

        Raises:
            EnvironmentFailure: it does not.
        """
        found = self._engine.container(self._container.id)
        if found is None or not found["State"]["Running"]:
            raise EnvironmentFailure(f"the proxy {self._container.name} has ended; run plugin_start, then this again")

    def wait_until_it_leads(self, route: Route) -> None:
        """Wait until the endpoint of the route's deployment is answered by way of the route.

        Another public route to that deployment has to have a lower generation, or the two contend for the endpoint.

        Raises:
            EnvironmentFailure: it is not within `proxyLimit`.
        """
        self._wait_until(lambda answer: answer.came_by(route), f"{route.probed_endpoint}/ping", "taken the new route")

    def wait_until_it_is_taken(self, route: Route) -> None:
        """Wait until the probes' way of the route is answered by way of the route.

        Raises:
            EnvironmentFailure: it is not within `proxyLimit`.
        """
        self._wait_until(lambda answer: answer.came_by(route), f"/{route.token}/ping", "taken the new route")

    def wait_until_it_is_dropped(self, route: Route) -> None:
        """Wait until nothing is answered by way of the route, whose slot is blank.

        Raises:
            EnvironmentFailure: something is after `proxyLimit`.
        """
        self._wait_until(lambda answer: not answer.came_by(route), f"/{route.token}/ping", "dropped the old route")

    def _wait_until(self, settled: Callable[[Answer], bool], path: str, done: str) -> None:
        limit = self._env.settings.proxy_limit

        def is_settled() -> bool:
            answer = self.ask(path)
            if answer is None:
                self.check_that_it_runs()
            return answer is not None and settled(answer)

        if not until(is_settled, limit):
            raise EnvironmentFailure(
                f"the proxy {self._container.name} has not {done} within {limit:g} s (proxyLimit); "
                f"look at `docker logs {self._container.name}`, then run plugin_start"
            )

    @property
    def address(self) -> str:
        """Where the probes go, for messages."""
        return f"{self._address[0]}:{self._address[1]}"


def probing_route(
    env: Environment, key: str, deployment_id: str, container: str, port: int, generation: int, upstream_path: str = ""
) -> Route:
    """Return a route that only probes of this action know."""
    import secrets

    return Route(
        key=key,
        deployment_id=deployment_id,
        container=container[:12],
        port=port,
        generation=generation,
        token=secrets.token_hex(16),
        public=False,
        prefix_path=env.settings.prefix.path,
        tls=env.settings.traefik_certificate is not None,
        upstream_path=upstream_path,
    )


def until(holds: Callable[[], bool], limit: float) -> bool:
    """Ask until it holds; False where it did not within `limit` seconds. HTTP tells of no change by itself."""
    deadline = time.monotonic() + limit
    while not holds():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_ASK_AGAIN_SECONDS)
    return True


def probe_address(engine: Engine, env: Environment, container: Container) -> tuple[str, int]:
    """Return host and port of the proxy's port for probes, as this process reaches it.

    Raises:
        EnvironmentFailure: it is published nowhere.
    """
    if env.settings.proxy_probe_url is not None:
        given = urlsplit(env.settings.proxy_probe_url)
        return given.hostname or "", given.port or http.client.HTTP_PORT
    if container.address and _runs_on(engine, env.settings.docker_network):
        return container.address, PROBE_PORT
    if container.probe_port is None:
        raise EnvironmentFailure(
            f"the proxy {container.name} publishes no port for probes; run plugin_start, or set proxyProbeURL"
        )
    return engine.host.machine or "127.0.0.1", container.probe_port


def _runs_on(engine: Engine, network: str) -> bool:
    """Tell whether this process is in a container on the network."""
    if not os.path.exists("/.dockerenv"):  # noqa: PTH110  # no path is made of it
        return False
    own = engine.container(socket.gethostname())
    return own is not None and network in (own["NetworkSettings"]["Networks"] or {})
