"""Kaniko's pod and its build context, as pure functions of the settings."""

from __future__ import annotations

from typing import Any

from bosun_k8s import names
from bosun_k8s.environment import Environment
from bosun_k8s.goal import MODEL_PATH, Goal
from bosun_k8s.images.reference import Reference

Document = dict[str, Any]

CONTAINER = "kaniko"
PACKAGE_NAME = "model.mlpkg"
_DEFAULT_IMAGE = "gcr.io/kaniko-project/executor:v1.5.2"
_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER")  # `baseline` allows them
_DOCKER_CONFIG = "/kaniko/.docker"
_DIGEST_FILE = "/dev/termination-log"  # what stands there is told with the pod's end


def pod_name(env: Environment, deployment_id: str) -> str:
    """Return the name of a deployment's build pod."""
    return f"{env.name(deployment_id)}-build"


def namespace(env: Environment) -> str:
    """Return where kaniko runs."""
    return env.settings.kaniko_namespace or env.namespace


def dockerfile(goal: Goal) -> str:
    """Return the Dockerfile of base and package."""
    labels = {names.PACKAGE: goal.package_digest, "org.opencontainers.image.base.name": goal.base}
    told = " ".join(f'"{key}"="{value}"' for key, value in labels.items())
    return f"FROM {goal.base}\nCOPY {PACKAGE_NAME} {MODEL_PATH}\nLABEL {told}\n"


def pod(env: Environment, goal: Goal, target: Reference) -> Document:
    """Return kaniko's pod; it reads its context, a gzipped tar, from standard input.

    It runs as root, with the capabilities alone that putting files of other users in place takes.
    """
    settings = env.settings
    plain = [
        flag
        for registry in settings.plain_http_registries
        for flag in (f"--insecure-registry={registry}", f"--skip-tls-verify-registry={registry}")
    ]
    volumes, mounts = _credentials(env)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": pod_name(env, goal.deployment_id),
            "namespace": namespace(env),
            "labels": {
                names.MANAGED_BY: names.FIELD_MANAGER,
                names.BUILD_OF: names.label_value(goal.deployment_id),
                names.ENVIRONMENT: names.label_value(env.id),
                names.SCHEMA: names.SCHEMA_VERSION,
            },
        },
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": settings.kaniko_service_account is not None,
            "serviceAccountName": settings.kaniko_service_account or "default",
            "enableServiceLinks": False,
            "activeDeadlineSeconds": max(1, int(settings.build_limit)),
            "imagePullSecrets": [{"name": name} for name in settings.pull_secrets],
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": CONTAINER,
                    "image": settings.kaniko_image or _DEFAULT_IMAGE,
                    "args": [
                        "--context=tar://stdin",
                        f"--destination={target.name}:{target.tag}",
                        f"--digest-file={_DIGEST_FILE}",
                        "--snapshot-mode=redo",
                        *plain,
                    ],
                    "stdin": True,
                    "stdinOnce": True,
                    "securityContext": {
                        "runAsUser": 0,
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"], "add": list(_CAPABILITIES)},
                    },
                    "volumeMounts": mounts,
                }
            ],
            "volumes": volumes,
        },
    }


def _credentials(env: Environment) -> tuple[list[Document], list[Document]]:
    """Return volumes and mounts of kaniko's Docker configuration: the ConfigMap's, and the Secret's over it."""
    settings = env.settings
    volumes: list[Document] = []
    mounts: list[Document] = []
    if settings.kaniko_configmap_name is not None:
        volumes.append({"name": "docker-config", "configMap": {"name": settings.kaniko_configmap_name}})
        mounts.append({"name": "docker-config", "mountPath": _DOCKER_CONFIG})
    if settings.kaniko_secret_name is not None:
        items = [{"key": ".dockerconfigjson", "path": "config.json"}]
        volumes.append({"name": "docker-secret", "secret": {"secretName": settings.kaniko_secret_name, "items": items}})
        mounts.append(
            {"name": "docker-secret", "mountPath": f"{_DOCKER_CONFIG}/config.json", "subPath": "config.json"}
            if mounts
            else {"name": "docker-secret", "mountPath": _DOCKER_CONFIG}
        )
    return volumes, mounts
