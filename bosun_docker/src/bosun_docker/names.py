"""Names and labels of what stands on the engine. Facts are read from labels, never from names."""

from __future__ import annotations

import hashlib

from bosun_core.names import slug_with_hash

SCHEMA_VERSION = "1"
WIDEST_NAME = 63  # longer container names are not resolved on a network
WIDEST_TAG = 128

_ROOT = "com.datarobot.bosun"
SCHEMA = f"{_ROOT}.schema"
PLACE = f"{_ROOT}.place"
PART = f"{_ROOT}.part"
ENVIRONMENT = f"{_ROOT}.environment"
DEPLOYMENT = f"{_ROOT}.deployment"
MODEL = f"{_ROOT}.model"
GENERATION = f"{_ROOT}.generation"
SETTINGS = f"{_ROOT}.settings"
PACKAGE = f"{_ROOT}.package"
BASE = f"{_ROOT}.base"
BASE_NAME = f"{_ROOT}.base-name"
IMAGE = f"{_ROOT}.image"
KIND = f"{_ROOT}.kind"
ORIGIN = f"{_ROOT}.origin"
PORT = f"{_ROOT}.port"
MONITORED = f"{_ROOT}.monitored"
HOLDER = f"{_ROOT}.holder"
ACTION = f"{_ROOT}.action"
SERVING = f"{_ROOT}.serving"

PROXY, BROKER, AGENT, SERVER = "proxy", "broker", "agent", "server"
BRINGING, STOPPING = "bringing", "stopping"
MODEL_PART, PACKAGE_PART, LOCK = "model", "package", "lock"
DEDICATED, SHARED = "dedicated", "shared"
"""Of the label SERVING. Shared: the model is in a server of several deployments, and its container is a marker."""


def key(environment: str, deployment_id: str) -> str:
    """Return 16 hex digits that stand for a deployment of an environment, in names of route files and locks."""
    text = f"{len(environment)}:{environment}{deployment_id}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def container_name(prefix: str, deployment_id: str, model_id: str) -> str:
    """Return the name of a deployment's container."""
    name = f"{prefix}deployment_{deployment_id}_{model_id}"
    if len(name) <= WIDEST_NAME and "_" not in f"{deployment_id}{model_id}":
        return name
    begin = f"{prefix}deployment_"
    return begin + slug_with_hash(deployment_id, model_id, width=WIDEST_NAME - len(begin))


def passing_name(prefix: str, environment: str, deployment_id: str, what: str) -> str:
    """Return the name of a container that is there while an action runs: a lock, a package on its way to an image."""
    return f"{prefix}{what}_{key(environment, deployment_id)}"


def newcomer_name(prefix: str, environment: str, deployment_id: str, generation: int) -> str:
    """Return the name of a deployment's container while it is not yet the only one."""
    return f"{prefix}deployment_{key(environment, deployment_id)}_{generation}"


def image_repository(prefix: str, deployment_id: str) -> str:
    """Return the repository of a deployment's generated images."""
    return prefix.lower() + slug_with_hash(deployment_id, width=64)


def image_tag(model_id: str) -> str:
    """Return the tag of a model's generated image."""
    tag = f"m-{model_id}"
    return tag if len(tag) <= WIDEST_TAG else f"m-{slug_with_hash(model_id, width=WIDEST_TAG - 2)}"


def digest(text: str) -> str:
    """Return a short hash of a canonical text, for labels."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
