"""Waiting for the proxy: until it answers, and until it has read its routes."""

from __future__ import annotations

from bosun_core.errors import EnvironmentFailure

from bosun_docker.engine.client import Engine
from bosun_docker.environment import Environment
from bosun_docker.looks import failing
from bosun_docker.looks.looking import listed, route_slots
from bosun_docker.looks.observed import Container
from bosun_docker.proxy import routes
from bosun_docker.proxy.proxy import Proxy, until


def until_it_answers(engine: Engine, env: Environment, container: Container) -> Proxy:
    """Wait until the proxy answers its ping, and return it.

    Raises:
        EnvironmentFailure: it ends first, or does not answer within `proxyLimit`.
    """
    proxy, limit = Proxy(engine, env, container), env.settings.proxy_limit
    ended: list[str] = []

    def settled() -> bool:
        if proxy.is_ready():
            return True
        fault = failing.why_not_running(engine, container.id)
        if fault is not None:
            ended.append(fault)
        return bool(ended)

    if until(settled, limit) and not ended:
        return proxy
    what = ended[0] if ended else f"does not answer at {proxy.address} within {limit:g} s (proxyLimit, proxyProbeURL)"
    why = failing.told(engine, container.id, what)
    raise EnvironmentFailure(f"the proxy {env.proxy_name} (traefikImage {env.settings.traefik_image}) {why}")


def running_proxy(engine: Engine, env: Environment) -> Proxy:
    """Return the proxy that is there, once it answers.

    Raises:
        EnvironmentFailure: it was removed, ends first, or does not answer within `proxyLimit`.
    """
    seen = listed(engine, env)
    if seen.proxy is None:
        raise EnvironmentFailure(f"the proxy {env.proxy_name} was removed meanwhile; run the action again")
    return until_it_answers(engine, env, seen.proxy)


def until_it_serves(engine: Engine, env: Environment) -> None:
    """Wait until a proxy that was started just now answers, and leads to what is deployed.

    Raises:
        EnvironmentFailure: it does not within `proxyLimit`, or was removed.
    """
    proxy = running_proxy(engine, env)
    slots = route_slots(engine, env.proxy_name)
    served = next(filter(None, map(routes.serving, slots.values())), None)
    # One route tells of all: the proxy takes all files at once, or none.
    if served is not None and not until(lambda: proxy.knows(served[1]), env.settings.proxy_limit):
        raise EnvironmentFailure(
            f"the proxy {env.proxy_name} has not read its routes within {env.settings.proxy_limit:g} s (proxyLimit); "
            f"look at `docker logs {env.proxy_name}`"
        )
