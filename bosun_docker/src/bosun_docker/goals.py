"""What an action asks for: which model, of which package, with which settings."""

from __future__ import annotations

from typing import NamedTuple

from bosun_core.artifact import is_url, local_artifact
from bosun_core.errors import InvalidRequest
from bosun_core.model import DeploymentInfo

from bosun_docker import containers, key_values, names, shared_containers
from bosun_docker.containers import Body
from bosun_docker.environment import Environment
from bosun_docker.health import of_listed
from bosun_docker.key_values import KeyValues
from bosun_docker.looking import Container, Deployed
from bosun_docker.packages import Package, measured
from bosun_docker.rollout import Goal

_NATIVE_TYPES = (None, "", "dedicated")
_NATIVE_FORMATS = (None, "", "datarobot")


class Wanted(NamedTuple):
    """A goal, and what its image is made of: a package, or the image of a container that is there."""

    goal: Goal
    package: Package | None
    kept: Container | None = None
    to_fetch: bool = False
    """The package is behind a URL, which a dry run does not fetch."""
    remark: str = ""
    """What a person should know of the settings."""


def wanted(
    env: Environment, info: DeploymentInfo, model_id: str, queue: str | None, kept: Container | None, kept_base: str
) -> Wanted:
    """Return what an action asks for; `kept` is the container whose package is used where the action gives none.

    `queue` is the URL of the broker that its predictions are reported to.

    Raises:
        InvalidRequest: the package or a setting cannot be used.
    """
    _check_kind(info)
    values = key_values.read(info.key_value_config)
    to_fetch = is_url(info.model_artifact)
    package = None
    if not to_fetch and (info.model_artifact is not None or kept is None):
        package = measured(local_artifact(info))
    sha256 = package.sha256 if package is not None else "" if kept is None else kept.labels.get(names.PACKAGE, "")
    deployment_id = str(info.id)
    body, own = _dedicated(env, deployment_id, model_id, values, queue, None if package else kept_base)
    if is_shared(env, info):
        key_values.check_for_shared(info.key_value_config)
        body, own = _shared(env)
    labels = {
        **env.deployment_labels(names.MODEL_PART, deployment_id),
        names.MODEL: model_id,
        names.PACKAGE: sha256,
        **own,
    }
    goal = Goal(deployment_id, model_id, body, labels, values.port, values.health_path)
    unknown = ", ".join(values.unknown)
    remarks = [f"keyValueConfig has keys that are not known here and were ignored: {unknown}"] if unknown else []
    return Wanted(goal, package, None if package is not None else kept, to_fetch, "; ".join(remarks + env.remarks))


def is_shared(env: Environment, info: DeploymentInfo) -> bool:
    """Tell whether the shared server is to serve the deployment: it can serve native models alone."""
    return env.settings.model_serving == names.SHARED and info.model_execution_type in _NATIVE_TYPES


def _dedicated(
    env: Environment, deployment_id: str, model_id: str, values: KeyValues, queue: str | None, kept_base: str | None
) -> tuple[Body, dict[str, str]]:
    """Return body and labels of a model in a container of its own; `kept_base` is what its kept image is made from."""
    body = containers.model(env, deployment_id, model_id, values, queue)
    return body, {
        names.PORT: str(values.port),
        names.MONITORED: str(queue is not None).lower(),
        names.SETTINGS: containers.settings_digest(body, kept_base or env.settings.pps_base_image),
    }


def _shared(env: Environment) -> tuple[Body, dict[str, str]]:
    """Return body and labels of what stands for a model in the shared server, whose settings are its own."""
    body = shared_containers.marker(env)
    return body, {names.SERVING: names.SHARED, names.SETTINGS: containers.settings_digest(body, "")}


def _check_kind(info: DeploymentInfo) -> None:
    kind, form = info.model_execution_type, info.model_format
    if kind not in _NATIVE_TYPES:
        raise InvalidRequest(f"modelExecutionType {kind} is not known here; it may be dedicated")
    if form not in _NATIVE_FORMATS:
        raise InvalidRequest(f"modelFormat {form} is not known here; it may be datarobot")


def serves(env: Environment, found: Deployed, goal: Goal) -> bool:
    """Tell whether a deployment serves the goal already, in good health, under the address that is configured."""
    current, route, worker = found.current, found.route, found.worker
    if current is None or route is None or worker is None or of_listed(worker.state, worker.status).fault is not None:
        return False
    address = route[1].prefix_path, route[1].tls
    here = env.settings.prefix.path, env.settings.traefik_certificate is not None
    return address == here and all(current.labels.get(name) == value for name, value in goal.labels.items())
