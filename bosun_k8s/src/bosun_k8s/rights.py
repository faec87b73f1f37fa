"""The rights that the actions need in the namespace, and which of them are missing."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from bosun_k8s.cluster.resources import (
    AUTOSCALER,
    BUDGET,
    DEPLOYMENT,
    ENDPOINTS,
    HTTP_ROUTE,
    INGRESS,
    LEASE,
    POD,
    QUOTA,
    SECRET,
    SERVICE,
    Objects,
)
from bosun_k8s.environment import Environment

_MADE = ("create", "delete", "get", "patch")
_ASKED_AT_ONCE = 4


class Right(NamedTuple):
    """One verb on one resource of the namespace."""

    group: str
    resource: str
    verb: str

    def __str__(self) -> str:
        """Return it as a person would say it."""
        return f"{self.verb} {self.resource}{f'.{self.group}' if self.group else ''}"


def _on(group: str, resource: str, *verbs: str) -> list[Right]:
    return [Right(group, resource, verb) for verb in verbs]


# What deploy/ grants is this and nothing else: a test compares them.
ALWAYS = (
    *_on(DEPLOYMENT.group, DEPLOYMENT.plural, *_MADE, "list", "watch"),
    *_on(SERVICE.group, SERVICE.plural, *_MADE, "list"),
    *_on(SECRET.group, SECRET.plural, *_MADE),
    *_on(POD.group, POD.plural, "list", "watch"),
    *_on(POD.group, "pods/log", "get"),
    *_on(POD.group, "pods/proxy", "get"),
    *_on(QUOTA.group, QUOTA.plural, "list"),
    *_on(ENDPOINTS.group, ENDPOINTS.plural, "list", "watch"),
    *_on(AUTOSCALER.group, AUTOSCALER.plural, *_MADE),
    *_on(BUDGET.group, BUDGET.plural, *_MADE),
    *_on(LEASE.group, LEASE.plural, *_MADE, "list", "watch"),
    *_on(INGRESS.group, INGRESS.plural, *_MADE),
    *_on(HTTP_ROUTE.group, HTTP_ROUTE.plural, *_MADE, "list", "watch"),
)
KANIKO = (
    *_on(POD.group, POD.plural, "create", "delete", "list", "watch"),
    *_on(POD.group, "pods/attach", "create", "get"),
    *_on(POD.group, "pods/log", "get"),
)


def missing(objects: Objects, env: Environment) -> list[str]:
    """Return what this user may not and the actions need, as the API server says."""
    lacking = [str(right) for right in _missing_in(objects, ALWAYS)]
    if len(lacking) == len(ALWAYS):
        lacking = ["do anything that is needed"]
    if env.settings.builder == "kaniko":
        namespace = env.settings.kaniko_namespace or env.namespace
        there = Objects(objects.cluster, namespace)
        lacking += [f"{right} in namespace {namespace}" for right in _missing_in(there, KANIKO)]
    return lacking


def _missing_in(objects: Objects, needed: tuple[Right, ...]) -> list[Right]:
    """Ask for all rules at once, and for each right alone that they do not show: a rule may come from elsewhere."""
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": objects.namespace},
    }
    path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    answer = objects.cluster.ask("create selfsubjectrulesreviews", "POST", path, body=body)
    doubtful = [right for right in needed if not granted(right, answer["status"]["resourceRules"])]
    with ThreadPoolExecutor(_ASKED_AT_ONCE) as asking:
        allowed = list(asking.map(functools.partial(_is_allowed, objects), doubtful))
    return [right for right, is_allowed in zip(doubtful, allowed, strict=True) if not is_allowed]


def _is_allowed(objects: Objects, right: Right) -> bool:
    resource, _, subresource = right.resource.partition("/")
    about = {
        "namespace": objects.namespace,
        "verb": right.verb,
        "group": right.group,
        "resource": resource,
        "subresource": subresource,
    }
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": about},
    }
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answer = objects.cluster.ask("create selfsubjectaccessreviews", "POST", path, body=body)
    return bool(answer["status"].get("allowed"))


def granted(right: Right, rules: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether one of the rules grants a right on all objects. Pure."""
    for rule in rules:
        names = (
            (right.group, rule.get("apiGroups")),
            (right.resource, rule.get("resources")),
            (right.verb, rule.get("verbs")),
        )
        if not rule.get("resourceNames") and all({one, "*"} & set(found or ()) for one, found in names):
            return True
    return False
