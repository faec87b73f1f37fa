"""What the prediction server of several deployments is made of, and what stands for a model in it. Pure functions."""

from __future__ import annotations

import json
import re

from bosun_docker import containers, names
from bosun_docker.containers import Body
from bosun_docker.environment import Environment

MODELS = "/opt/ml/model"
PACKAGE = "model.mlpkg"
INFO_FILE = "config.yml"


def server(env: Environment, queue: str | None) -> Body:
    """Return the server's body; `queue` is the URL of the broker that predictions are reported to.

    Without PREDICTION_API_MODEL_REPOSITORY_PATH the Portable Prediction Server serves each folder below `MODELS`.
    """
    body: Body = {
        "Image": env.settings.pps_base_image,
        "Env": [f"{name}={value}" for name, value in sorted(containers.reporting(queue).items())],
        "HostConfig": {**containers.host(env.settings), **_mounts(env)},
    }
    labels = {
        **env.labels(names.SERVER),
        names.ENVIRONMENT: env.id,
        names.MONITORED: str(queue is not None).lower(),
        names.SETTINGS: names.digest(json.dumps(body, sort_keys=True)),
    }
    return containers.labelled(body, labels)


def marker(env: Environment) -> Body:
    """Return the body of what stands for a model in the server: never started, it reaches the server's models."""
    return {"Cmd": ["marker"], "HostConfig": {"NetworkMode": "none", **_mounts(env)}}


def _mounts(env: Environment) -> Body:
    return {"Mounts": [{"Type": "volume", "Source": env.server_name, "Target": MODELS}]}


MODEL_NAME = re.compile(r"bosun-[0-9a-f]{16}-[0-9]+")


def model_name(key: str, generation: int) -> str:
    """Return the name that a model has inside the server: each has one of its own, so that two can be there."""
    return f"bosun-{key}-{generation}"


def info_file(deployment_id: str, model_id: str) -> str:
    """Return what the server reads of a model: the ids that its predictions are reported with."""
    return f"deployment_id: '{deployment_id}'\nmodel_id: '{model_id}'\n"  # ids hold no quotes
