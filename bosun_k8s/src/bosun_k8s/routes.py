"""The way from outside to a deployment's Service: an HTTPRoute, or Ingresses. Pure."""

from __future__ import annotations

import copy
import ipaddress
import re
from typing import Any

from bosun_k8s.environment import Environment
from bosun_k8s.settings import INGRESS_NGINX

Document = dict[str, Any]

_PREDICTIONS = "/predictions"
_SERVICE_PORT_NAME = "http"
_SERVICE_PORT = 80


def documents(env: Environment, deployment_id: str, metadata: Document) -> list[Document]:
    """Return the route's objects. `<path>/<id>/...` reaches `/...` of the model, `/predict` its `/predictions`."""
    path = f"{env.settings.prefix.path}/{deployment_id}"
    if env.settings.gateway is not None:
        return [_http_route(env, path, metadata)]
    return _ingresses(env, path, metadata)


def _host(env: Environment) -> str | None:
    """Return the prefix's host where a route can be bound to it: one that is no address."""
    host = env.settings.prefix.host
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host if "." in host else None
    return None


def _http_route(env: Environment, path: str, metadata: Document) -> Document:
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
                _rule(
                    metadata["name"],
                    {"type": "Exact", "value": f"{path}/predict"},
                    {"type": "ReplaceFullPath", "replaceFullPath": _PREDICTIONS},
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


def _ingresses(env: Environment, path: str, metadata: Document) -> list[Document]:
    """Return one Ingress for each path that it rewrites to: their annotations speak of a whole Ingress."""
    alias = copy.deepcopy(metadata)
    alias["name"] = f"{metadata['name']}-predict"
    if env.settings.ingress_paths == "prefix":
        # With a slash at its end: Traefik takes a prefix by its letters, and d1 would answer for d1-more.
        whole = _ingress(env, metadata, f"{path}/", "Prefix", "/")
        rewrites = any("{rewrite}" in value for value in _annotations(env).values())
        return [whole, *([_ingress(env, alias, f"{path}/predict", "Exact", _PREDICTIONS)] if rewrites else [])]
    plain = re.escape(path).replace(r"\-", "-")
    return [
        _ingress(env, metadata, f"{plain}(/|$)(.*)", "ImplementationSpecific", "/$2"),
        # In brackets it is the longer one, which ingress-nginx tries first.
        _ingress(env, alias, f"{plain}/(predict)$", "ImplementationSpecific", _PREDICTIONS),
    ]


def _annotations(env: Environment) -> dict[str, str]:
    given = env.settings.ingress_annotations
    return INGRESS_NGINX if given is None else given


def _ingress(env: Environment, metadata: Document, path: str, path_type: str, rewrite: str) -> Document:
    annotations = {name: value.replace("{rewrite}", rewrite) for name, value in _annotations(env).items()}
    service = {"name": metadata["name"].removesuffix("-predict"), "port": {"name": _SERVICE_PORT_NAME}}
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
