"""The pods that serve a model: a template as a pure function of settings and goal. They pass `restricted`."""

from __future__ import annotations

import math
from typing import Any

from bosun_core.model_sources import given
from bosun_core.model_sources.kinds import CUSTOM, NATIVE, PATHS

from bosun_k8s import names
from bosun_k8s.environment import Environment
from bosun_k8s.goal import Goal
from bosun_k8s.key_values import KeyValues

Document = dict[str, Any]

MODEL_CONTAINER, AGENT_CONTAINER = "model", "monitoring-agent"
PORT_NAME = "http"
SPOOL = "/var/spool/bosun"
TOKEN_KEY = "MLOPS_API_TOKEN"  # noqa: S105  # the name of a variable
PACKAGE_VOLUME = "package"
_SPOOLER = {"MLOPS_SPOOLER_TYPE": "FILESYSTEM", "MLOPS_FILESYSTEM_DIRECTORY": SPOOL}
_PACKAGE_FOLDER = PATHS[NATIVE].rpartition("/")[0]
_PROBE_TIMEOUT = 5
_FAILURES_UNTIL_UNREADY = 3
_CONFINED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def template(env: Environment, goal: Goal, image: str) -> Document:
    """Return the pod template.

    Args:
        env: the environment.
        goal: what is to be served.
        image: the model's image by digest; where the goal is mounted the package's, a volume beside the base image.
    """
    settings, values = env.settings, goal.values
    grace = settings.pre_stop_seconds + settings.drain_limit
    volumes: list[Document] = []
    if env.monitoring.is_on:
        volumes.append({"name": "spool", "emptyDir": {}})
    if goal.mounted:
        volumes.append({"name": PACKAGE_VOLUME, "image": {"reference": image, "pullPolicy": "IfNotPresent"}})
    spec: Document = {
        "enableServiceLinks": False,  # else every pod gets variables for each Service of the namespace
        "securityContext": {
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
            **({} if settings.run_as_user is None else {"runAsUser": settings.run_as_user}),
            **({} if settings.fs_group is None else {"fsGroup": settings.fs_group}),
        },
        "terminationGracePeriodSeconds": max(grace, 1),
        "containers": [_model(env, goal, given.base_of(settings, goal.kind)[0] if goal.mounted else image)],
    }
    if env.monitoring.is_on:
        spec["initContainers"] = [_agent(env, goal.deployment_id)]
    if volumes:
        spec["volumes"] = volumes
    if settings.pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in settings.pull_secrets]
    if values.service_account is None:
        spec["automountServiceAccountToken"] = False
    else:
        spec["serviceAccountName"] = values.service_account
    if values.node_selector:
        spec["nodeSelector"] = dict(values.node_selector)
    if values.tolerations:
        spec["tolerations"] = [dict(one) for one in values.tolerations]
    return {
        "metadata": {
            "labels": {
                **env.labels(goal.deployment_id),
                names.MODEL: names.label_value(goal.model_id),
                names.MANAGED_BY: names.FIELD_MANAGER,
                names.APP: names.APP_NAME,
            },
            "annotations": facts(env, goal),
        },
        "spec": spec,
    }


def facts(env: Environment, goal: Goal) -> dict[str, str]:
    """Return the annotations that tell what is served, for whoever looks."""
    return {
        names.ENVIRONMENT: env.id,
        names.DEPLOYMENT: goal.deployment_id,
        names.MODEL: goal.model_id,
        names.PACKAGE: goal.package_digest,
    }


def _model(env: Environment, goal: Goal, image: str) -> Document:
    settings, values = env.settings, goal.values
    ask = {"httpGet": {"path": values.health_path, "port": PORT_NAME}, "timeoutSeconds": _PROBE_TIMEOUT}
    mounts = [{"name": "spool", "mountPath": SPOOL}] if env.monitoring.is_on else []
    if goal.mounted:
        mounts.append({"name": PACKAGE_VOLUME, "mountPath": _PACKAGE_FOLDER})
    container: Document = {
        "name": MODEL_CONTAINER,
        "image": image,
        "env": _variables(env, goal),
        "ports": [{"name": PORT_NAME, "containerPort": values.port, "protocol": "TCP"}],
        "startupProbe": {**ask, "periodSeconds": 1, "failureThreshold": max(1, math.ceil(settings.readiness_limit))},
        "readinessProbe": {**ask, "periodSeconds": 2, "failureThreshold": _FAILURES_UNTIL_UNREADY},
        "securityContext": _CONFINED,
    }
    if settings.pre_stop_seconds:
        container["lifecycle"] = {"preStop": {"sleep": {"seconds": settings.pre_stop_seconds}}}
    if resources := _resources(values):
        container["resources"] = resources
    if mounts:
        container["volumeMounts"] = mounts
    return container


def _variables(env: Environment, goal: Goal) -> list[Document]:
    variables = {
        **(_custom_reporting(env) if goal.kind == CUSTOM else _reporting(env)),
        **({} if goal.kind == CUSTOM else {"PREDICTION_API_MODEL_REPOSITORY_PATH": PATHS[goal.kind]}),
        "MLOPS_DEPLOYMENT_ID": goal.deployment_id,
        "MLOPS_MODEL_ID": goal.model_id,
        **dict(goal.values.environment),
    }
    return [{"name": name, "value": value} for name, value in sorted(variables.items())]


def _reporting(env: Environment) -> dict[str, str]:
    """Return how the Portable Prediction Server is told where it reports predictions to."""
    report = f"spooler_type=filesystem;directory={SPOOL}"
    settings = {"PREDICTION_API_MONITORING_SETTINGS": report, **_SPOOLER} if env.monitoring.is_on else {}
    return {"PREDICTION_API_MONITORING_ENABLED": str(env.monitoring.is_on), "MONITORING_AGENT": "False", **settings}


def _custom_reporting(env: Environment) -> dict[str, str]:
    """Return how the MLOps library in an image of a user's own is told the same."""
    return _SPOOLER if env.monitoring.is_on else {}


def _resources(values: KeyValues) -> Document:
    limits = {"memory": values.memory, "cpu": values.cpus, "nvidia.com/gpu": values.gpus and str(values.gpus)}
    requests = {"memory": values.memory_request, "cpu": values.cpu_request}
    found = {
        "limits": {name: value for name, value in limits.items() if value},
        "requests": {name: value for name, value in requests.items() if value},
    }
    return {name: value for name, value in found.items() if value}


def _agent(env: Environment, deployment_id: str) -> Document:
    """Return the monitoring agent as a sidecar: it ends after the model, and so reads what was spooled last."""
    token = {"secretKeyRef": {"name": env.name(deployment_id), "key": TOKEN_KEY}}
    return {
        "name": AGENT_CONTAINER,
        "image": env.settings.agent_image,
        "env": [
            {"name": "MLOPS_SERVICE_URL", "value": env.monitoring.service_url},
            {"name": TOKEN_KEY, "valueFrom": token},
            *({"name": name, "value": value} for name, value in _SPOOLER.items()),
        ],
        "restartPolicy": "Always",
        "securityContext": _CONFINED,
        "volumeMounts": [{"name": "spool", "mountPath": SPOOL}],
    }
