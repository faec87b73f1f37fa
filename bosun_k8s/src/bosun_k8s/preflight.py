"""What the actions need of the cluster, and a look at all of an environment."""

from __future__ import annotations

from bosun_core.errors import EnvironmentFailure
from bosun_core.lifecycle.backend import Preflight, Survey

from bosun_k8s import checking, names, namespaces, rights
from bosun_k8s.cluster.resources import QUOTA, SERVICE, Objects
from bosun_k8s.environment import Environment
from bosun_k8s.images import credentials, volume
from bosun_k8s.looks.looking import Deployed, look_at_all, strays

_UNMANAGED = f"{names.DEPLOYMENT},!{names.SCHEMA}"


def checked(objects: Objects, env: Environment) -> Preflight:
    """Check that the cluster answers and allows what the actions need.

    Raises:
        EnvironmentFailure: it does not.
    """
    lacking = rights.missing(objects, env)
    if lacking:
        raise EnvironmentFailure(_lacking(env, lacking))
    namespaces.check(objects)
    left_out = checking.check_way(objects, env)
    credentials.check(objects, env)
    if env.settings.builder == "volume":
        volume.check_offered(objects, env)
    facts = f"the API server {objects.cluster.host} answers, and namespace {env.namespace} can be worked in"
    return Preflight("; ".join([*left_out, facts]), env.monitoring.remarks)


def survey(objects: Objects, env: Environment) -> Survey[Deployed]:
    """Look at every deployment, and at what the namespace allows.

    Raises:
        EnvironmentFailure: the deployments cannot be seen.
    """
    lacking = rights.missing(objects, env)
    problems = [_lacking(env, lacking)] if lacking else []
    try:
        found = look_at_all(objects, env)
        if not found and not lacking:
            namespaces.check(objects)
        warnings = [*env.monitoring.remarks, *_full_quotas(objects), *_unmanaged(objects), *strays(found)]
    except EnvironmentFailure as error:
        raise EnvironmentFailure("; ".join(problems) or str(error)) from error
    return Survey(found, problems, warnings)


def _lacking(env: Environment, lacking: list[str]) -> str:
    return (
        f"this user may not {', '.join(lacking)} in namespace {env.namespace}; grant it with deploy/role.yaml, or "
        "correct kubeNamespace"
    )


def _full_quotas(objects: Objects) -> list[str]:
    """Return the quotas of the namespace that have no room left for one thing."""
    full = []
    for quota in objects.listed(QUOTA):
        hard, used = (quota.get("status", {}).get(part) or {} for part in ("hard", "used"))
        full += [
            f"ResourceQuota {quota['metadata']['name']} is used up: {used[what]} of {most} {what}"
            for what, most in hard.items()
            if used.get(what) == most and most != "0"
        ]
    return full


def _unmanaged(objects: Objects) -> list[str]:
    found = sorted(one["metadata"]["name"] for one in objects.listed(SERVICE, _UNMANAGED))
    if not found:
        return []
    return [f"unmanaged (not made by this Bosun, never touched; docs/migrate.md): {', '.join(found)}"]
