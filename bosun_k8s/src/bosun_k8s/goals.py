"""What an action asks for, and how what is there differs from it."""

from __future__ import annotations

from collections.abc import Iterator

from bosun_core.errors import InvalidRequest
from bosun_core.lifecycle.backend import Difference
from bosun_core.model import DeploymentInfo
from bosun_core.model_sources import given
from bosun_core.model_sources.sources import Built, Given, Kept, Packaged, Unfetched
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
    notes = tuple(given.remarks(info, source, values.unknown))
    return Goal(str(info.id), model_id, values, source, kind, mounted, notes)


def differences(env: Environment, goal: Goal, found: Deployed | None) -> Iterator[Difference]:
    """Yield how what was found differs from a goal, as far as the Service and the pods tell. Pure."""
    if found is None:
        yield Difference("modelId", None, goal.model_id)
        return
    is_same = True
    for difference in differences_of_workload(env, goal, found):
        is_same = False
        yield difference
    wanted = names.digest(manifests.surroundings(env, goal))
    if is_same and found.told.get(names.SURROUNDINGS) != wanted:
        yield Difference("dependent resources", found.told.get(names.SURROUNDINGS), wanted)


def differences_of_workload(env: Environment, goal: Goal, found: Deployed) -> Iterator[Difference]:
    """Yield what takes a new generation. Pure."""
    told = found.told
    if not is_whole(found):
        yield Difference("state", "errored", "ready")
    old, package = told.get(names.PACKAGE, ""), goal.package_digest
    settings = told.get(names.SETTINGS), manifests.settings_digest(env, goal)
    if told.get(names.MODEL) != goal.model_id:
        yield Difference("modelId", told.get(names.MODEL), goal.model_id)
    if isinstance(goal.source, Unfetched):
        yield Difference("package", old or None, "of the URL, which a dry run does not fetch")
    elif old != package:
        yield Difference("package", old or None, package or None)
    elif settings[0] != settings[1] and told.get(names.MODEL) == goal.model_id:
        yield Difference("settings", *settings)


def is_whole(found: Deployed) -> bool:
    """Tell whether the generation that serves has a ready pod, and the workload that keeps it. Pure."""
    return (
        found.serves
        and any(one.generation == found.serving and not one.is_ending for one in found.workloads)
        and any(pod.is_ready for pod in found.current)
    )
