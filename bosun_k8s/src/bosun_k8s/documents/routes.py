"""The way from outside to a deployment's Service: an HTTPRoute, or Ingresses. Pure."""

from __future__ import annotations

import copy
import ipaddress
import re
from typing import Any

from bosun_core.errors import InvalidRequest

from bosun_k8s.environment import Environment
from bosun_k8s.key_values import KeyValues
from bosun_k8s.settings import INGRESS_NGINX

Document = dict[str, Any]

_SERVICE_PORT_NAME = "http"
_SERVICE_PORT = 80


ENDPOINTS = ("predict", "predictions", "ping")
"""Those that may lead to another path of the model than their own."""


def documents(env: Environment, deployment_id: str, metadata: Document, values: KeyValues) -> list[Document]:
    """Return the route's objects. `<path>/<id>/...` reaches `/...` of the model, but for what `aliases` says."""
    path = f"{env.settings.prefix.path}/{deployment_id}"
    if env.settings.gateway is not None:
        return [_http_route(env, path, metadata, aliases(values))]
    return _ingresses(env, path, metadata, aliases(values))


def aliases(values: KeyValues) -> dict[str, str]:
    """Return which endpoints lead to another path of the model than their own, and to which."""
    paths = dict(zip(ENDPOINTS, (values.predictions_path, values.predictions_path, values.health_path), strict=True))
    return {endpoint: path for endpoint, path in paths.items() if path != f"/{endpoint}"}


def check(env: Environment, values: KeyValues) -> None:
    """Check that the route can lead to where predictions are asked for.

    Raises:
        InvalidRequest: it cannot rewrite.
    """
    if "predictions" in aliases(values) and env.settings.gateway is None and not _rewrites(env):
        raise InvalidRequest(
            f"keyValueConfig.predictionsPath is {values.predictions_path}, and the Ingress does not rewrite: put "
            "{rewrite} into ingressAnnotations, or set gateway"
        )


def _host(env: Environment) -> str | None:
    """Return the prefix's host where a route can be bound to it: one that is no address."""
    host = env.settings.prefix.host
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host if "." in host else None
    return None


def _http_route(env: Environment, path: str, metadata: Document, elsewhere: dict[str, str]) -> Document:
    namespace, _, name = str(env.settings.gateway).rpartition("/")
    parent: Document = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name}
    if namespace:
        parent["namespace"] = namespace
    if env.settings.gateway_listener is not None:
        parent["sectionName"] = env.settings.gateway_listener
    host = _host(env)
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": metadata,
        "spec": {
            "parentRefs": [parent],
            **({} if host is None else {"hostnames": [host]}),
            "rules": [
                *(
                    _rule(
                        metadata["name"],
                        {"type": "Exact", "value": f"{path}/{endpoint}"},
                        {"type": "ReplaceFullPath", "replaceFullPath": target},
                    )
                    for endpoint, target in elsewhere.items()
                ),
                _rule(
                    metadata["name"],
                    {"type": "PathPrefix", "value": path},
                    {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"},
                ),
            ],
        },
    }


def _rule(service: str, match: Document, rewrite: Document) -> Document:
    return {
        "matches": [{"path": match}],
        "filters": [{"type": "URLRewrite", "urlRewrite": {"path": rewrite}}],
        "backendRefs": [{"group": "", "kind": "Service", "name": service, "port": _SERVICE_PORT, "weight": 1}],
    }


def _ingresses(env: Environment, path: str, metadata: Document, elsewhere: dict[str, str]) -> list[Document]:
    """Return one Ingress for each path that it rewrites to: their annotations speak of a whole Ingress."""
    service = metadata["name"]

    def alias(endpoint: str, path: str, path_type: str) -> Document:
        about = {**copy.deepcopy(metadata), "name": f"{service}-{endpoint}"}
        return _ingress(env, service, about, path, path_type, elsewhere[endpoint])

    if env.settings.ingress_paths == "prefix":
        # With a slash at its end: Traefik takes a prefix by its letters, and d1 would answer for d1-more.
        whole = _ingress(env, service, metadata, f"{path}/", "Prefix", "/")
        rewritten = elsewhere if _rewrites(env) else ()
        return [whole, *(alias(endpoint, f"{path}/{endpoint}", "Exact") for endpoint in rewritten)]
    plain, kind = re.escape(path).replace(r"\-", "-"), "ImplementationSpecific"
    return [
        _ingress(env, service, metadata, f"{plain}(/|$)(.*)", kind, "/$2"),
        # In brackets they are the longer ones, which ingress-nginx tries first.
        *(alias(endpoint, f"{plain}/(({endpoint}))$", kind) for endpoint in elsewhere),
    ]


def _rewrites(env: Environment) -> bool:
    """Tell whether the Ingress's annotations say to which path of the model it leads."""
    return any("{rewrite}" in value for value in _annotations(env).values())


def _annotations(env: Environment) -> dict[str, str]:
    given = env.settings.ingress_annotations
    return INGRESS_NGINX if given is None else given


def _ingress(
    env: Environment, service_name: str, metadata: Document, path: str, path_type: str, rewrite: str
) -> Document:
    annotations = {name: value.replace("{rewrite}", rewrite) for name, value in _annotations(env).items()}
    service = {"name": service_name, "port": {"name": _SERVICE_PORT_NAME}}
    rule: Document = {"http": {"paths": [{"path": path, "pathType": path_type, "backend": {"service": service}}]}}
    host = _host(env)
    if host is not None:
        rule["host"] = host
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {**metadata, "annotations": {**annotations, **metadata["annotations"]}},
        "spec": {
            **({} if env.settings.ingress_class is None else {"ingressClassName": env.settings.ingress_class}),
            "rules": [rule],
        },
    }
