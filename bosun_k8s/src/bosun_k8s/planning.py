"""What a dry run tells: the API server's own answer to each document, and how it differs from what is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bosun_core.model_sources.sources import Archived, Built, Kept, Packaged, Referenced, Unfetched

from bosun_k8s import names
from bosun_k8s.cluster.resources import BY_NAME, DEPLOYMENT, Objects
from bosun_k8s.documents import manifests
from bosun_k8s.environment import Environment
from bosun_k8s.goal import Goal
from bosun_k8s.looks.looking import Deployed

Document = dict[str, Any]

_MOST = 12  # differences that are told of one object
_SERVERS_OWN = ("status", "managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "data")


def removal(env: Environment, found: Deployed) -> list[str]:
    """Return what a stop would do. Pure."""
    if not found.is_there:
        return []
    workloads = [f"delete deployments.apps {one.name}" for one in found.workloads]
    return [f"delete the route of {env.prediction_url(found.id)}", *workloads, f"delete services {env.name(found.id)}"]


def bringing(objects: Objects, env: Environment, found: Deployed, goal: Goal, *, stays: bool) -> list[str]:
    """Return what bringing a deployment to a goal would do, each document checked by the API server.

    Where what serves `stays`, it is what stands around it that is brought to the goal.

    Raises:
        Refused: the API server would not take one of them.
    """
    generation = int(found.serving) if stays else found.newest + 1
    plan, image = ([], found.told.get(names.IMAGE_KEPT, "")) if stays else _making(env, goal)
    told = manifests.told_of(env, goal, generation, image)
    documents = [
        manifests.secret(env, goal.deployment_id),
        manifests.service(env, goal.deployment_id, str(generation), told),
        *manifests.surroundings(env, goal),
        manifests.autoscaler(env, goal, generation),
    ]
    if not stays:
        plan.append(_workload(objects, env, found, manifests.deployment(env, goal, generation, image)))
    plan += [_step(objects, document) for document in documents if document is not None]
    gone = [] if stays else [one.name for one in found.workloads]
    return plan + [f"delete deployments.apps {name} once its pods have drained" for name in gone]


def _making(env: Environment, goal: Goal) -> tuple[list[str], str]:
    """Return how the image comes to be, and its name. Pure."""
    tag, builder = f"{env.settings.generated_image_repo}:{names.image_tag(goal.model_id)}", env.settings.builder
    match goal.source:
        case Kept():
            return [], goal.source.image
        case Referenced():
            return [], goal.source.reference
        case Packaged():
            return [f"make image {tag} of {goal.source.base} and the package ({builder})"], tag
        case Archived():
            return [f"push image {tag} from {goal.source.package.path}"], tag
        case Built():
            return [f"build image {tag} from {goal.source.package.path} ({builder})"], tag
        case Unfetched():
            return ["fetch the package", f"make image {tag} of it"], tag


def _workload(objects: Objects, env: Environment, found: Deployed, document: Document) -> str:
    """Return what is done with a new generation, and how its pods differ from those that serve."""
    step = f"create {DEPLOYMENT.resource} {document['metadata']['name']}"
    then = objects.apply(document, dry_run=True)
    former = names.generation_name(env.id, found.id, int(found.serving))
    there = objects.get(DEPLOYMENT, former) if found.serves else None
    if there is None:
        return step
    pods = (one["spec"]["template"]["spec"] for one in (there, then))
    return f"{step}, its pods unlike those of {former}: {_told(list(differences(*pods))) or 'in nothing'}"


def _step(objects: Objects, document: Document) -> str:
    kind, name = BY_NAME[document["kind"]], document["metadata"]["name"]
    there = objects.get(kind, name)
    then = objects.apply(document, dry_run=True)
    if there is None:
        return f"create {kind.resource} {name}"
    found = list(differences(there, then))
    if not found:
        return f"leave {kind.resource} {name} as it is"
    return f"change {kind.resource} {name}: {_told(found)}"


def _told(found: list[str]) -> str:
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return f"{', '.join(found[:_MOST])}{more}"


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Yield how two documents differ, `path: old -> new`; what the API server keeps for itself is left out. Pure.

    What has a name in a list, as containers and variables have, is known by it.
    """
    if _has_names(before) and _has_names(after):
        before, after = ({one["name"]: one for one in part} for part in (before, after))
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            if key not in _SERVERS_OWN:
                yield from differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, f"{path}[{index}]")
    elif before != after:
        yield f"{path}: {before!r} -> {after!r}"


def _has_names(part: Any) -> bool:
    return isinstance(part, list) and all(isinstance(one, dict) and "name" in one for one in part)
