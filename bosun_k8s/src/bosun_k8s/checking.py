"""Whether the way from outside leads to a deployment: its class, its gateway, and what they say of the route."""

from __future__ import annotations

import time

import msgspec
from bosun_core.errors import EnvironmentFailure
from bosun_core.reporting import progress

from bosun_k8s.cluster.errors import Forbidden, Missing
from bosun_k8s.cluster.resources import HTTP_ROUTE, INGRESS_CLASS, Objects
from bosun_k8s.cluster.watching import Topic, Watching
from bosun_k8s.environment import Environment
from bosun_k8s.looks.observed import Condition, Object


class RouteParent(msgspec.Struct, frozen=True):
    """What one gateway says of a route."""

    conditions: list[Condition] = []


class RouteStatus(msgspec.Struct, frozen=True):
    """What gateways say of a route."""

    parents: list[RouteParent] = []


class Route(Object, frozen=True):
    """An HTTPRoute."""

    status: RouteStatus = RouteStatus()


def check_way(objects: Objects, env: Environment) -> list[str]:
    """Check that the ingress class is there, and that the cluster knows HTTPRoutes; return what may not be looked up.

    Raises:
        EnvironmentFailure: it is not.
    """
    settings = env.settings
    if settings.gateway is not None:
        try:
            objects.cluster.request("list the kinds of the Gateway API", "GET", HTTP_ROUTE.root)
        except Missing:
            raise EnvironmentFailure(
                f"gateway is {settings.gateway} and the cluster has no Gateway API; install its CRDs, or use an Ingress"
            ) from None
    elif settings.ingress_class is not None:
        try:
            found = objects.get(INGRESS_CLASS, settings.ingress_class)
        except Forbidden:
            return ["whether ingressClass exists was not checked (the optional ClusterRole of deploy/ is not granted)"]
        if found is None:
            raise EnvironmentFailure(
                f"ingressClass {settings.ingress_class} is not in the cluster; `kubectl get ingressclass` shows what is"
            )
    return []


def route_remarks(objects: Objects, env: Environment, deployment_id: str) -> list[str]:
    """Wait until the gateway has accepted the route; return what is wrong with it.

    Raises:
        EnvironmentFailure: the watch failed.
    """
    if env.settings.gateway is None:
        return []
    limit = env.settings.route_limit
    deadline = time.monotonic() + limit
    progress("waiting for the gateway", 0)
    fields = f"metadata.name={env.name(deployment_id)}"
    with Watching(objects, Topic(HTTP_ROUTE, Route, fields=fields)) as watching:
        verdict: str | None = None
        while watching.wait(deadline):
            routes = watching.now(Route)
            verdict = of_route(routes[0]) if routes else None
            if verdict is not None:
                break
    if verdict is None:
        return [f"gateway {env.settings.gateway} has not taken the route within {limit:g} s (routeLimit); is it there?"]
    return [verdict] if verdict else []


def check_route(objects: Objects, env: Environment, deployment_id: str) -> None:
    """Check that the gateway takes the route.

    Raises:
        EnvironmentFailure: it does not.
    """
    for remark in route_remarks(objects, env, deployment_id):
        raise EnvironmentFailure(remark)


def of_route(route: Route) -> str | None:
    """Return what is wrong with a route, empty where nothing is, None where no gateway has spoken of it yet. Pure."""
    said = [
        condition
        for parent in route.status.parents
        for condition in parent.conditions
        if not 0 < condition.observed_generation < route.metadata.generation
    ]
    for condition in said:
        if condition.type not in ("Accepted", "ResolvedRefs") or condition.status != "False":
            continue
        if condition.reason == "BackendNotFound":
            return None  # it has not yet seen the Service, which is there
        return f"the gateway does not take the route: {condition.reason} ({condition.message})"
    return "" if said else None
