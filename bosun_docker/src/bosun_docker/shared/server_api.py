"""The HTTP API of the shared server, reached through the proxy's port for probes by a route of this action alone."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from bosun_docker.environment import Environment
from bosun_docker.key_values import MODEL_PORT
from bosun_docker.proxy.proxy import Answer, Proxy, probing_route
from bosun_docker.shared.containers import MODEL_NAME

_LEAST_DELETE_SECONDS = 5.0  # where what it is to end is killed at once, it still has to be asked
_LARGEST_LIST = 4 * 1024 * 1024


class ServerApi(NamedTuple):
    """The server behind the route with this token."""

    proxy: Proxy
    token: str
    delete_limit: float
    """How long, in seconds, it may take to delete a model."""

    def is_ready(self) -> bool:
        """Tell whether the server answers."""
        answer = self.proxy.ask(f"/{self.token}/ping")
        return answer is not None and answer.status == http.client.OK

    def info(self, model: str) -> Answer | None:
        """Return what the server says of a model, by which it loads; None where it does not answer."""
        return self.proxy.ask(f"/{self.token}/deployments/{model}/info")

    def models(self) -> list[str]:
        """Return the models of ours that the server lists, in whatever form it does."""
        answer = self.proxy.ask(f"/{self.token}/deployments", largest=_LARGEST_LIST)
        return [] if answer is None or answer.status != http.client.OK else sorted(set(MODEL_NAME.findall(answer.text)))

    def delete(self, model: str) -> bool:
        """Have the server unload a model and delete its folder; False where it did not."""
        limit = max(_LEAST_DELETE_SECONDS, self.delete_limit)
        answer = self.proxy.ask(f"/{self.token}/deployments/{model}", "DELETE", limit)
        return answer is not None and answer.status in range(200, 300)


@contextmanager
def reached(
    proxy: Proxy, env: Environment, key: str, slot: str, deployment_id: str, server: str
) -> Iterator[ServerApi]:
    """Yield the API of the server, by way of a slot that leads nowhere; the caller holds the lock of its key.

    Raises:
        EnvironmentFailure: the proxy does not take the route.
    """
    route = probing_route(env, key, deployment_id, server, MODEL_PORT, 0)
    try:
        proxy.write(route, slot)
        proxy.wait_until_it_is_taken(route)
        yield ServerApi(proxy, route.token, env.settings.drain_limit)
    finally:
        proxy.blank(key, slot)
