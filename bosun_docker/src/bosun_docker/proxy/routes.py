"""Route files of the proxy: pure functions from a route to a file's text and back.

Each deployment has two slots, files of which one is blank but while traffic moves: a file that is overwritten is absent
for a moment, so the one that serves is never written. Of two that serve the later generation has the higher priority.
Traefik runs these files as Go templates and loads all of them or none, so they hold only text that was made here:
hashes, container ids, a deployment's id (its rule is checked again) and the prefix's path. The format is valid for
Traefik 2.3 and for 3.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from bosun_core.names import check_id

FOLDER = "/etc/bosun/routes"
WEB, WEB_TLS, PROBE = "web", "websecure", "probe"
CONTAINER_HEADER = "X-Bosun-Container"
GENERATION_HEADER = "X-Bosun-Generation"
SLOTS = ("a", "b")
BLANK = "{}\n"
ENDPOINTS = ("predictions", "ping", "info")
_OF_A_MODEL = ("predictions", "info")
"""The endpoints of which a server of several models has one for each model; its `/ping` tells of the server."""
_PRIORITY = 1000
_HEX = re.compile(r"[0-9a-f]{8,64}")
_PATH = re.compile(r"(/[A-Za-z0-9%._~!$&()*+,;=:@-]+)*")
_INSIDE = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")
_UPSTREAM = re.compile(r"http://([0-9a-f]{12}):([0-9]{1,5})")


class Route(NamedTuple):
    """The way to one container of a deployment.

    Without `public` it is reached only by probes that know the `token`; with it the deployment's endpoint leads there.
    On the port for probes every path begins with the token: it may be open to more than Bosun's machine.
    """

    key: str
    deployment_id: str
    container: str
    port: int
    generation: int
    token: str
    public: bool
    prefix_path: str = ""
    tls: bool = False
    upstream_path: str = ""
    """What stands before /predictions and /info inside the container; probes reach all that is there."""
    predictions_path: str = "/predictions"
    """What the endpoint's /predictions is inside a container of its own."""
    health_path: str = "/ping"

    @property
    def endpoint(self) -> str:
        """The path of the deployment's endpoint."""
        return f"{self.prefix_path}/deployments/{self.deployment_id}"

    @property
    def probed_endpoint(self) -> str:
        """The path on the port for probes that leads where the endpoint does, once the route is public."""
        return f"{self.probed_prefix}{self.endpoint}"

    @property
    def probed_prefix(self) -> str:
        """What stands before the paths of public endpoints on the port for probes."""
        return f"/{self.token}-public"


def other(slot: str) -> str:
    """Return the other of a deployment's two slots."""
    return SLOTS[1] if slot == SLOTS[0] else SLOTS[0]


def file_name(key: str, slot: str) -> str:
    """Return the name of a slot's file."""
    return f"{key}-{slot}.yml"


def slot_of(name: str) -> tuple[str, str] | None:
    """Return key and slot of a file's name, or None where it is no slot's."""
    found = re.fullmatch(r"([0-9a-f]{16})-([ab])\.yml", name)
    return (found[1], found[2]) if found else None


def render(route: Route, slot: str) -> str:
    """Return the text of the slot's file.

    Raises:
        InvalidRequest: the deployment's id breaks the rule of ids.
        ValueError: another part is not what it may be; nothing a user wrote alone leads there.
    """
    check_id(route.deployment_id, "deploymentInfo.id")
    checks = ((_HEX, route.key), (_HEX, route.container), (_HEX, route.token))
    paths = ((_PATH, route.prefix_path), (_PATH, route.upstream_path))
    inside = ((_INSIDE, route.predictions_path), (_INSIDE, route.health_path))
    if not all(rule.fullmatch(value) for rule, value in (*checks, *paths, *inside)) or slot not in SLOTS:
        raise ValueError(f"a route cannot hold {route!r}")
    text = json.dumps(_document(route, slot), separators=(",", ":")) + "\n"  # a list reads all of them: no spaces
    written = route._replace(tls=route.tls and route.public)  # probes come by HTTP
    if "{{" in text or parse(text) != written:
        raise ValueError(f"a route file does not read back as {route!r}")
    return text


def _document(route: Route, slot: str) -> dict[str, Any]:
    name = f"{route.key}-{slot}"
    common = {"service": name, "priority": _PRIORITY + route.generation}
    routers: dict[str, Any] = {
        f"{name}-probe": {
            **common,
            "entryPoints": [PROBE],
            "rule": f"PathPrefix(`/{route.token}/`)",
            "middlewares": [f"{name}-token", f"{name}-header"],
        }
    }
    if route.public:
        routers |= _public_routers(route, name, common)
    told = {CONTAINER_HEADER: route.container, GENERATION_HEADER: str(route.generation)}
    middlewares: dict[str, Any] = {
        f"{name}-token": {"stripPrefix": {"prefixes": [f"/{route.token}"]}},
        f"{name}-public": {"stripPrefix": {"prefixes": [route.probed_prefix]}},
        f"{name}-endpoint": {"stripPrefix": {"prefixes": [route.endpoint]}},
        f"{name}-header": {"headers": {"customResponseHeaders": told}},
        **{f"{name}-{one}": {"replacePath": {"path": path}} for one, path in _moved(route).items()},
    }
    if route.upstream_path:
        middlewares[f"{name}-add"] = {"addPrefix": {"prefix": route.upstream_path}}
    server = {"url": f"http://{route.container}:{route.port}"}
    services = {name: {"loadBalancer": {"servers": [server]}}}
    return {"http": {"routers": routers, "middlewares": middlewares, "services": services}}


def _public_routers(route: Route, name: str, common: dict[str, Any]) -> dict[str, Any]:
    """Return the routers of the deployment's endpoint."""
    moved = _moved(route)
    stay = tuple(one for one in ENDPOINTS if one not in moved)
    ways: dict[str, tuple[list[str], tuple[str, ...]]] = {
        name: ([f"{name}-endpoint", f"{name}-header"], stay),
        **{f"{name}-{one}": ([f"{name}-{one}", f"{name}-header"], (one,)) for one in moved},
    }
    if route.upstream_path:
        ways = {
            name: ([f"{name}-endpoint", f"{name}-add", f"{name}-header"], _OF_A_MODEL),
            f"{name}-ping": ([f"{name}-endpoint", f"{name}-header"], ("ping",)),
        }
    routers: dict[str, Any] = {}
    for router, (middlewares, endpoints) in ways.items():
        plain = {**common, "middlewares": middlewares, "rule": _any_of(route.endpoint, endpoints)}
        routers[router] = {**plain, "entryPoints": [WEB]}
        routers[f"{router}-probed"] = {
            **common,
            "entryPoints": [PROBE],
            "rule": _any_of(route.probed_endpoint, endpoints),
            "middlewares": [f"{name}-public", *middlewares],
        }
        if route.tls:
            routers[f"{router}-tls"] = {**plain, "entryPoints": [WEB_TLS], "tls": {}}
    return routers


def _any_of(before: str, endpoints: tuple[str, ...]) -> str:
    return " || ".join(f"Path(`{before}/{one}`)" for one in endpoints)


def _moved(route: Route) -> dict[str, str]:
    """Return those of the endpoint's paths that are other ones inside the container."""
    inside = {"predictions": route.predictions_path, "ping": route.health_path}
    return {one: path for one, path in inside.items() if path != f"/{one}"}


def parse(text: str) -> Route | None:
    """Return the route that a slot's file holds, or None where it is blank or not ours."""
    try:
        http = json.loads(text)["http"]
        ((name, service),) = http["services"].items()
        container, port = _UPSTREAM.fullmatch(service["loadBalancer"]["servers"][0]["url"]).groups()  # type: ignore[union-attr]  # a miss is an AttributeError
        (endpoint,) = http["middlewares"][f"{name}-endpoint"]["stripPrefix"]["prefixes"]
        (token,) = http["middlewares"][f"{name}-token"]["stripPrefix"]["prefixes"]
        added = http["middlewares"].get(f"{name}-add", {"addPrefix": {"prefix": ""}})
        predictions, ping = (
            http["middlewares"].get(f"{name}-{one}", {"replacePath": {"path": f"/{one}"}})["replacePath"]["path"]
            for one in ("predictions", "ping")
        )
        prefix_path, _, deployment_id = endpoint.rpartition("/deployments/")
        return Route(
            key=name[:16],
            deployment_id=deployment_id,
            container=container,
            port=int(port),
            generation=http["routers"][f"{name}-probe"]["priority"] - _PRIORITY,
            token=token[1:],
            public=name in http["routers"],
            prefix_path=prefix_path,
            tls=f"{name}-tls" in http["routers"],
            upstream_path=added["addPrefix"]["prefix"],
            predictions_path=predictions,
            health_path=ping,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


Slots = dict[str, Route | None]


def serving(slots: Slots) -> tuple[str, Route] | None:
    """Return slot and route of what the endpoint leads to, or None where it leads nowhere."""
    public = [(route.generation, slot) for slot, route in slots.items() if route is not None and route.public]
    if not public:
        return None
    slot = max(public)[1]
    route = slots[slot]
    return None if route is None else (slot, route)
