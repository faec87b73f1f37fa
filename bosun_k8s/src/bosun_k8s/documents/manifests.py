"""The objects of a deployment, as plain documents: pure functions of settings and goal.

The Service comes first and goes last: what serves is the generation that it selects, and its annotations tell of it.
"""

from __future__ import annotations

import math
from typing import Any

from bosun_core.errors import ConfigurationError

from bosun_k8s import names
from bosun_k8s.documents import patches, pod, routes, scaling
from bosun_k8s.environment import Environment
from bosun_k8s.goal import Goal

Document = dict[str, Any]

SERVICE_PORT = 80


def metadata(env: Environment, deployment_id: str) -> Document:
    """Return the metadata that all objects of a deployment have in common."""
    return {
        "name": env.name(deployment_id),
        "namespace": env.namespace,
        "labels": {
            **env.labels(deployment_id),
            names.MANAGED_BY: names.FIELD_MANAGER,
            names.APP: names.APP_NAME,
        },
        "annotations": {names.ENVIRONMENT: env.id, names.DEPLOYMENT: deployment_id},
    }


def service(env: Environment, deployment_id: str, generation: str, told: dict[str, str]) -> Document:
    """Return the Service that leads to a generation, `told` being what its annotations say of it."""
    about = metadata(env, deployment_id)
    about["annotations"] |= told
    document = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": about,
        "spec": {
            "type": "ClusterIP",
            "selector": {**env.labels(deployment_id), names.GENERATION: generation},
            "ports": [{"name": pod.PORT_NAME, "port": SERVICE_PORT, "targetPort": pod.PORT_NAME, "protocol": "TCP"}],
        },
    }
    return patched(env, document)


def told_of(env: Environment, goal: Goal, generation: int, image: str, *, finished: bool = True) -> dict[str, str]:
    """Return what the Service's annotations say of the generation that it leads to.

    What stands around it is told when it is `finished`, so that an action that was killed before is seen.
    """
    around = {names.SURROUNDINGS: names.digest(surroundings(env, goal))} if finished else {}
    return {
        **pod.facts(env, goal),
        names.GENERATION: str(generation),
        names.IMAGE_KEPT: image,
        names.ORIGIN: goal.origin,
        names.KIND: goal.kind,
        names.MOUNTED: str(goal.mounted).lower(),
        names.SETTINGS: settings_digest(env, goal),
        **around,
    }


def deployment(env: Environment, goal: Goal, generation: int, image: str, *, replicas: int | None = None) -> Document:
    """Return the Deployment of one generation; `replicas` is how many the one before it has, where a load scales it."""
    number = {names.GENERATION: str(generation)}
    template = pod.template(env, goal, image)
    template["metadata"]["labels"] |= number
    about = metadata(env, goal.deployment_id)
    about["name"] = names.generation_name(env.id, goal.deployment_id, generation)
    about["labels"] |= number
    about["annotations"] |= pod.facts(env, goal)
    document = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": about,
        "spec": {
            "replicas": replicas or goal.values.first_replicas,
            "revisionHistoryLimit": 1,
            "progressDeadlineSeconds": max(60, math.ceil(env.settings.readiness_limit) + 60),
            "selector": {"matchLabels": {**env.labels(goal.deployment_id), **number}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": template,
        },
    }
    return patched(env, document)


def secret(env: Environment, deployment_id: str) -> Document | None:
    """Return the Secret of the monitoring agent; None where nothing is secret."""
    if not env.monitoring.is_on:
        return None
    document = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata(env, deployment_id),
        "type": "Opaque",
        "stringData": {pod.TOKEN_KEY: env.monitoring.token},
    }
    return patched(env, document)


def surroundings(env: Environment, goal: Goal) -> list[Document]:
    """Return what stands around the workload and does not depend on its generation, secrets left out."""
    about = metadata(env, goal.deployment_id)
    found = [*routes.documents(env, goal.deployment_id, about, goal.values), *scaling.budget(env, goal, about)]
    return [patched(env, document) for document in found]


def autoscaler(env: Environment, goal: Goal, generation: int) -> Document | None:
    """Return what scales a generation; None where nothing does."""
    found = scaling.autoscaler(env, goal, generation, metadata(env, goal.deployment_id))
    return None if found is None else patched(env, found)


def settings_digest(env: Environment, goal: Goal) -> str:
    """Return the hash of all that a generation is made of, but for its image's digest and number."""
    document = deployment(env, goal, 0, goal.origin)
    return names.digest([document, autoscaler(env, goal, 0)])


def patched(env: Environment, document: Document) -> Document:
    """Return the document as the setting `patches` changes it.

    Raises:
        ConfigurationError: an operation does not fit it.
    """
    kind = document["kind"]
    try:
        return patches.applied(document, env.settings.patches.get(kind, []))
    except patches.Mismatch as error:
        raise ConfigurationError(
            f"patches.{kind} does not fit the {kind} that it is for: {error}; correct it"
        ) from None
