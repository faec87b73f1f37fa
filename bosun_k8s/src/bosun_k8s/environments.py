"""The actions on the environment as a whole: what it needs, and a look at all of it."""

from __future__ import annotations

from bosun_core.errors import EnvironmentFailure
from bosun_core.model import PEInfo
from bosun_core.status import ActionStatus, ActionStatusInfo

from bosun_core import answers
from bosun_k8s import checking, names, namespaces, rights
from bosun_k8s.cluster.resources import QUOTA, SERVICE, Objects
from bosun_k8s.environment import Environment
from bosun_k8s.images import credentials, volume
from bosun_k8s.looks.looking import entry, look_at_all, strays
from bosun_k8s.site import Site, connected

_UNMANAGED = f"{names.DEPLOYMENT},!{names.SCHEMA}"


def plugin_start(site: Site) -> ActionStatusInfo:
    """Check that the cluster answers and allows what the actions need. Nothing is shared, so nothing is made."""
    with connected(site) as (objects, env):
        return env.monitoring.warned(_checked(objects, env))


def _checked(objects: Objects, env: Environment) -> ActionStatusInfo:
    lacking = rights.missing(objects, env)
    if lacking:
        raise EnvironmentFailure(_lacking(env, lacking))
    namespaces.check(objects)
    checking.check_way(objects, env)
    credentials.check(objects, env)
    if env.settings.builder == "volume":
        volume.check_offered(objects, env)
    facts = f"the API server {objects.cluster.host} answers, and namespace {env.namespace} can be worked in"
    remarks = checking.left_out(objects, env)
    return ActionStatusInfo(ActionStatus.OK, "; ".join([*remarks, facts]))


def plugin_stop(site: Site) -> ActionStatusInfo:
    """Tell what goes on serving: the deployments share no parts, so there is nothing to take down."""
    with connected(site) as (objects, env):
        number = len(look_at_all(objects, env))
    return ActionStatusInfo(ActionStatus.OK, f"nothing to stop; deployments that go on serving: {number}")


def list_all(site: Site) -> ActionStatusInfo:
    """Look at every deployment."""
    with connected(site) as (objects, env):
        found = look_at_all(objects, env)
        if not found:
            namespaces.check_is_there(objects)
        return answers.list_of(entry(env, one) for one in found)


def status(site: Site, pe_info: PEInfo | None) -> ActionStatusInfo:
    """Look at every deployment, and at what the namespace allows."""
    with connected(site) as (objects, env):
        return _status(objects, env, pe_info)


def _status(objects: Objects, env: Environment, pe_info: PEInfo | None) -> ActionStatusInfo:
    listed = None if pe_info is None else pe_info.deployments
    lacking = rights.missing(objects, env)
    problems = [_lacking(env, lacking)] if lacking else []
    try:
        found = look_at_all(objects, env)
        if not found and not lacking:
            namespaces.check(objects)
        warnings = [*env.monitoring.remarks, *_full_quotas(objects), *_unmanaged(objects), *strays(found)]
    except EnvironmentFailure as error:
        raise EnvironmentFailure("; ".join(problems) or str(error)) from error
    facts = f"the API server {objects.cluster.host} answers"
    return answers.environment_status([entry(env, one) for one in found], listed, facts, problems, warnings)


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
