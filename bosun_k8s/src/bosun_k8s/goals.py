"""What an action asks for: which model, from which source, with which settings."""

from __future__ import annotations

from bosun_core.errors import InvalidRequest
from bosun_core.model import DeploymentInfo
from bosun_core.model_sources import given
from bosun_core.model_sources.sources import Built, Given, Kept, Packaged
from bosun_core.redaction import SECRETS

from bosun_k8s import key_values, names
from bosun_k8s.documents import manifests, routes
from bosun_k8s.environment import Environment
from bosun_k8s.goal import Goal
from bosun_k8s.looks.looking import Deployed


def wanted(env: Environment, info: DeploymentInfo, model_id: str, kept: Deployed | None) -> Goal:
    """Return what an action asks for; `kept` is what serves, whose image is used where the action brings none.

    Raises:
        InvalidRequest: the package or a setting cannot be used.
    """
    values = key_values.read(info.key_value_config)
    SECRETS.learn(dict(values.environment))
    routes.check(env, values)
    told = {} if kept is None else kept.told
    kind = given.kind(info, told.get(names.KIND))
    source: Given | Kept
    if kept is not None and values.image is None and info.model_artifact is None:
        source = Kept(told[names.IMAGE_KEPT], told.get(names.ORIGIN, ""), told.get(names.PACKAGE, ""))
        mounted = told.get(names.MOUNTED) == "true"
    else:
        source = given.given(env.settings, info, kind, values.image)
        mounted = env.settings.builder == "volume" and isinstance(source, Packaged)
    if isinstance(source, Built) and env.settings.builder != "kaniko":
        raise InvalidRequest(
            f"modelArtifact {source.package.path} is a build context, which needs kaniko: set imageBuilder: kaniko, or "
            "build the image yourself and name it in keyValueConfig.image"
        )
    remark = "; ".join(given.remarks(info, source, values.unknown))
    return Goal(str(info.id), model_id, values, source, kind, mounted, remark)


def serves(env: Environment, found: Deployed, goal: Goal) -> bool:
    """Tell whether the generation that serves is the goal already, with a ready pod and the workload that keeps it."""
    told = found.told
    return (
        found.serves
        and any(one.generation == found.serving and not one.is_ending for one in found.workloads)
        and any(pod.is_ready for pod in found.current)
        and told.get(names.MODEL) == goal.model_id
        and told.get(names.PACKAGE, "") == goal.package_digest
        and told.get(names.SETTINGS) == manifests.settings_digest(env, goal)
    )


def stands_right(env: Environment, found: Deployed, goal: Goal) -> bool:
    """Tell whether what stands around the workload is as the goal's settings say."""
    return found.told.get(names.SURROUNDINGS) == names.digest(manifests.surroundings(env, goal))
