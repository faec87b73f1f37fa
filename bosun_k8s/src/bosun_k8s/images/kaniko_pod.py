"""Kaniko's pod and its build context, as pure functions of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bosun_core.errors import InvalidRequest, one_line

from bosun_k8s import names
from bosun_k8s.environment import Environment
from bosun_k8s.images.reference import Reference, parse

Document = dict[str, Any]

CONTAINER = "kaniko"
_DEFAULT_IMAGE = "gcr.io/kaniko-project/executor:v1.5.2"
_UNPACKING = ("CHOWN", "DAC_OVERRIDE", "FOWNER")  # `baseline` allows these and those below
_RUNNING = ("FSETID", "KILL", "SETFCAP", "SETGID", "SETUID")  # what a Dockerfile's steps take: package managers, USER
_DOCKER_CONFIG = "/kaniko/.docker"
_AUTHORITY = f"{names.ROOT}/registry-authority"
_AUTHORITY_FOLDER, _AUTHORITY_FILE = "/kaniko/registries", "ca.pem"
_DIGEST_FILE = "/dev/termination-log"  # what stands there is told with the pod's end


def pod_name(env: Environment, deployment_id: str) -> str:
    """Return the name of a deployment's build pod."""
    return f"{env.name(deployment_id)}-build"


def namespace(env: Environment) -> str:
    """Return where kaniko runs."""
    return env.settings.kaniko_namespace or env.namespace


class Order(NamedTuple):
    """What is to be built: where it goes, and what labels it gets."""

    target: Reference
    labels: Mapping[str, str]
    runs: bool = False
    """Whether there may be steps that run programs."""
    authority: str | None = None
    """The certificate (PEM) that registries are checked by."""


def pod(env: Environment, deployment_id: str, order: Order) -> Document:
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
    annotations, certificates = {}, []
    if order.authority is not None:
        annotations[_AUTHORITY] = order.authority
        field = {"fieldPath": f"metadata.annotations['{_AUTHORITY}']"}
        volumes.append({"name": "authority", "downwardAPI": {"items": [{"path": _AUTHORITY_FILE, "fieldRef": field}]}})
        mounts.append({"name": "authority", "mountPath": _AUTHORITY_FOLDER})
        file = f"{_AUTHORITY_FOLDER}/{_AUTHORITY_FILE}"
        certificates = [f"--registry-certificate={registry}={file}" for registry in _registries(env, order.target)]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": pod_name(env, deployment_id),
            "namespace": namespace(env),
            "labels": {
                names.MANAGED_BY: names.FIELD_MANAGER,
                names.BUILD_OF: names.label_value(deployment_id),
                names.ENVIRONMENT: names.label_value(env.id),
                names.SCHEMA: names.SCHEMA_VERSION,
            },
            **({"annotations": annotations} if annotations else {}),
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
                        f"--destination={order.target.name}:{order.target.tag}",
                        f"--digest-file={_DIGEST_FILE}",
                        "--snapshotMode=redo",  # as kaniko up to 1.8 calls it, and later ones still know it
                        "--log-format=text",  # without colours
                        *(f"--label={name}={value}" for name, value in order.labels.items()),
                        *plain,
                        *certificates,
                    ],
                    "stdin": True,
                    "stdinOnce": True,
                    "securityContext": {
                        "runAsUser": 0,
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"], "add": [*_UNPACKING, *(_RUNNING if order.runs else ())]},
                    },
                    "volumeMounts": mounts,
                }
            ],
            "volumes": volumes,
        },
    }


def authority(env: Environment) -> str | None:
    """Return the certificate that registries are checked by, which goes along with the pod: it is nobody's secret.

    Raises:
        InvalidRequest: it cannot be read.
    """
    path = env.settings.registry_certificate_authority
    try:
        return None if path is None else Path(path).read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise InvalidRequest(
            f"registryCertificateAuthority {path} cannot be used: {one_line(error)}; write the path of a PEM file"
        ) from None


def _registries(env: Environment, target: Reference) -> list[str]:
    images = [parse(image) for image in (env.settings.pps_base_image, env.settings.scoring_code_base_image) if image]
    return sorted({target.registry, *(image.registry for image in images)})


def _credentials(env: Environment) -> tuple[list[Document], list[Document]]:
    """Return volume and mount of kaniko's Docker configuration: what the ConfigMap holds, the Secret's over it."""
    settings = env.settings
    sources: list[Document] = []
    if settings.kaniko_configmap_name is not None:
        sources.append({"configMap": {"name": settings.kaniko_configmap_name}})
    if settings.kaniko_secret_name is not None:
        items = [{"key": ".dockerconfigjson", "path": "config.json"}]
        sources.append({"secret": {"name": settings.kaniko_secret_name, "items": items}})
    if not sources:
        return [], []
    volume = {"name": "docker-config", "projected": {"sources": sources}}
    return [volume], [{"name": "docker-config", "mountPath": _DOCKER_CONFIG}]
