"""Names, labels and annotations of what stands in the cluster. Facts are read from annotations, never from names."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from bosun_core.names import slug_with_hash

SCHEMA_VERSION = "1"
FIELD_MANAGER = "bosun"
APP_NAME = "bosun-model"
WIDEST_NAME = 44  # leaves room for a generation and for a pod's own ends within the 63 characters of a host name
WIDEST_LABEL = 63
WIDEST_TAG = 128

ROOT = "bosun.datarobot.com"
MANAGED_BY, APP = "app.kubernetes.io/managed-by", "app.kubernetes.io/name"

SCHEMA = f"{ROOT}/schema"
ENVIRONMENT = f"{ROOT}/env"
DEPLOYMENT = f"{ROOT}/deployment"
MODEL = f"{ROOT}/model"
GENERATION = f"{ROOT}/generation"
PACKAGE = f"{ROOT}/package"
ORIGIN = f"{ROOT}/origin"
KIND = f"{ROOT}/kind"
MOUNTED = f"{ROOT}/mounted"
SETTINGS = f"{ROOT}/settings"
SURROUNDINGS = f"{ROOT}/surroundings"
IMAGE_KEPT = f"{ROOT}/image"
STOPPING = f"{ROOT}/stopping"
BUILD_OF = f"{ROOT}/build-of"
BASE_NAME, BASE_DIGEST = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"

NOTHING_SERVES = "0"
"""The generation of a Service that leads nowhere yet."""

_PLAIN_LABEL = re.compile(r"(?!.*-[0-9a-f]{12}$)[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


def object_name(environment: str, deployment_id: str) -> str:
    """Return the name of a deployment's objects: a DNS label that begins with a letter."""
    return f"bosun-{slug_with_hash(deployment_id, environment, width=WIDEST_NAME - len('bosun-'), shown=1)}"


def generation_name(environment: str, deployment_id: str, generation: int) -> str:
    """Return the name of the workload of one generation."""
    return f"{object_name(environment, deployment_id)}-{generation}"


def label_value(text: str) -> str:
    """Return a label's value that stands for `text`: itself where it can be one, else a slug with a hash."""
    return text if _PLAIN_LABEL.fullmatch(text) else slug_with_hash(text, width=WIDEST_LABEL)


def environment_labels(environment: str) -> dict[str, str]:
    """Return the labels by which everything of an environment is found, and nothing else."""
    return {SCHEMA: SCHEMA_VERSION, ENVIRONMENT: label_value(environment)}


def deployment_labels(environment: str, deployment_id: str) -> dict[str, str]:
    """Return the labels by which everything of a deployment is found, and nothing else."""
    return {**environment_labels(environment), DEPLOYMENT: label_value(deployment_id)}


def selector(labels: dict[str, str]) -> str:
    """Return labels as the API's labelSelector."""
    return ",".join(f"{name}={value}" for name, value in labels.items())


def image_tag(model_id: str) -> str:
    """Return the tag of a model's generated image."""
    tag = f"m-{model_id}"
    return tag if len(tag) <= WIDEST_TAG else f"m-{slug_with_hash(model_id, width=WIDEST_TAG - 2)}"


def digest(value: Any) -> str:
    """Return a short hash of plain data."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]
