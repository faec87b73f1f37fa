"""What killed actions left of a deployment, and a Service that somebody removed or that leads nowhere any more."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from bosun_core.errors import EnvironmentFailure
from bosun_core.model_sources import kinds

from bosun_k8s import names, removing
from bosun_k8s.cluster.resources import DEPLOYMENT, Objects
from bosun_k8s.documents import manifests, pod
from bosun_k8s.environment import Environment
from bosun_k8s.looks.looking import Deployed, look
from bosun_k8s.looks.observed import Service, read

_PACKAGE_VARIABLE = "PREDICTION_API_MODEL_REPOSITORY_PATH"


def collected(objects: Objects, env: Environment, deployment_id: str) -> Deployed | None:
    """Clear what killed actions left of a deployment, which the caller holds; return what is there then."""
    found = look(objects, env, deployment_id, whole=True, is_held=True)
    if found.is_astray:
        objects.apply(_service(objects, env, found))
        found = look(objects, env, deployment_id, whole=True, is_held=True)._replace(recovered=True)
    if not found.serves and found.is_there:
        try:
            removing.remove_all(objects, env, deployment_id)
        except removing.StillEnding:  # of a node that is away: the next generation has another number than these
            return look(objects, env, deployment_id, whole=True, is_held=True)
    if not found.serves:
        return None
    idle = [one.name for one in found.workloads if one.generation != found.serving]
    ending = [pod.name for pod in found.others]
    if idle or ending:
        gone = idle or sorted({name.rsplit("-", 2)[0] for name in ending})
        with suppress(removing.StillEnding):
            removing.remove_generations(objects, env, deployment_id, gone)
        was_recovered = found.recovered
        found = look(objects, env, deployment_id, whole=True, is_held=True)._replace(recovered=was_recovered)
    return found


def without_garbage(objects: Objects, env: Environment, found: Deployed) -> Deployed | None:
    """Return what `collected` would leave of a deployment. Nothing is changed."""
    if found.is_astray:
        found = found._replace(service=read(_service(objects, env, found), Service), recovered=True)
    if not found.serves:
        return None
    current = (one for one in found.workloads if one.generation == found.serving)
    return found._replace(pods=tuple(found.current), workloads=tuple(current))


def _service(objects: Objects, env: Environment, found: Deployed) -> dict[str, Any]:
    if names.IMAGE_KEPT in found.told:
        told = {key: value for key, value in found.told.items() if key.startswith(names.ROOT)}
        return manifests.service(env, found.id, told[names.GENERATION], told)
    workload = _latest(found)
    document = objects.get(DEPLOYMENT, workload)
    if document is None:
        raise EnvironmentFailure(f"Deployment {workload} was removed meanwhile; run the action again")
    return manifests.service(env, found.id, *told_by(document))


def _latest(found: Deployed) -> str:
    """Return the workload that served: the newest one with a ready pod, else the newest."""
    ready = {one.generation for one in found.pods if one.is_ready}
    return max(found.workloads, key=lambda one: (one.generation in ready, int(one.generation or 0))).name


def told_by(document: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the generation of a workload, and what its Service told of it, as far as the workload tells it. Pure.

    What it does not tell is which settings it was made of: a start brings it to its own.
    """
    about = document["metadata"]
    generation = about["labels"][names.GENERATION]
    spec = document["spec"]["template"]["spec"]
    model = next((one for one in spec["containers"] if one["name"] == pod.MODEL_CONTAINER), spec["containers"][0])
    volumes = {one["name"]: one for one in spec.get("volumes") or ()}
    package = (volumes.get(pod.PACKAGE_VOLUME) or {}).get("image")
    image = model["image"] if package is None else package["reference"]
    path = next((one.get("value") for one in model.get("env") or () if one["name"] == _PACKAGE_VARIABLE), None)
    kept = {key: value for key, value in (about.get("annotations") or {}).items() if key.startswith(names.ROOT)}
    return generation, {
        **kept,
        names.GENERATION: generation,
        names.IMAGE_KEPT: image,
        names.ORIGIN: image,
        names.KIND: next((kind for kind, usual in kinds.PATHS.items() if usual == path), kinds.CUSTOM),
        names.MOUNTED: str(package is not None).lower(),
    }
