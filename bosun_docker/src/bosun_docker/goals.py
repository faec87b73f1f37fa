"""What an action asks for: which model, from which source, with which settings."""

from __future__ import annotations

from typing import NamedTuple

from bosun_core.model import DeploymentInfo
from bosun_core.model_sources import given, kinds, sources
from bosun_core.model_sources.sources import Kept, Packaged, Unfetched

from bosun_docker import containers, key_values, names
from bosun_docker.containers import Body
from bosun_docker.engine.client import Engine
from bosun_docker.environment import Environment
from bosun_docker.images import images
from bosun_docker.images.packages import Source
from bosun_docker.key_values import KeyValues
from bosun_docker.looks.health import of_listed
from bosun_docker.looks.observed import Container, Deployed
from bosun_docker.rollout import Goal
from bosun_docker.shared import containers as shared_containers
from bosun_docker.shared.models import kept_package


class Wanted(NamedTuple):
    """A goal, and where its image comes from."""

    goal: Goal
    source: Source
    remark: str = ""
    """What a person should know of the settings."""


def wanted(
    env: Environment, info: DeploymentInfo, model_id: str, queue: str | None, kept: Container | None = None
) -> Wanted:
    """Return what an action asks for; `kept` is the container whose image is used where the action gives none.

    `queue` is the URL of the broker that its predictions are reported to.

    Raises:
        InvalidRequest: the package or a setting cannot be used.
    """
    values = key_values.read(info.key_value_config)
    its_kind = kind(info, kept)
    source = _source(env, info, its_kind, values, kept)
    deployment_id = str(info.id)
    if is_shared(env, its_kind):
        key_values.check_for_shared(info.key_value_config)
        body, own = _shared(env)
    else:
        body, own = _dedicated(containers.model(env, deployment_id, model_id, values, queue, its_kind), values, queue)
        own[names.ORIGIN] = sources.origin(source)
    labels = {
        **env.deployment_labels(names.MODEL_PART, deployment_id),
        names.MODEL: model_id,
        names.KIND: its_kind,
        names.PACKAGE: sources.package(source),
        **own,
    }
    goal = Goal(deployment_id, model_id, body, labels, values.port, values.health_path, values.predictions_path)
    return Wanted(goal, source, "; ".join(given.remarks(info, source, values.unknown)))


def latest(found: Deployed) -> Container | None:
    """Return the container whose model a relaunch brings back: the one that serves, else the latest."""
    return found.current or next(reversed(found.containers), None)


def kind(info: DeploymentInfo, kept: Container | None) -> str:
    """Return the kind of the model that an action asks for.

    Raises:
        InvalidRequest: what the action says of it is not known.
    """
    return given.kind(info, None if kept is None else kept.labels.get(names.KIND))


def is_shared(env: Environment, its_kind: str) -> bool:
    """Tell whether the shared server is to serve a model: it can serve native ones alone."""
    return env.settings.model_serving == names.SHARED and its_kind == kinds.NATIVE


def _dedicated(body: Body, values: KeyValues, queue: str | None) -> tuple[Body, dict[str, str]]:
    """Return body and labels of a model in a container of its own."""
    return body, {
        names.SERVING: names.DEDICATED,  # an image's own labels would count where none is given
        names.PORT: str(values.port),
        names.MONITORED: str(queue is not None).lower(),
        names.SETTINGS: containers.settings_digest(body, values.health_path, values.predictions_path),
    }


def _shared(env: Environment) -> tuple[Body, dict[str, str]]:
    """Return body and labels of what stands for a model in the shared server, whose settings are its own."""
    body = shared_containers.marker(env)
    return body, {names.SERVING: names.SHARED, names.SETTINGS: containers.settings_digest(body)}


def _source(env: Environment, info: DeploymentInfo, its_kind: str, values: KeyValues, kept: Container | None) -> Source:
    if values.image is None and info.model_artifact is None and kept is not None:
        return _kept(env, info, its_kind, kept)
    return given.given(env.settings, info, its_kind, values.image)


def _kept(env: Environment, info: DeploymentInfo, its_kind: str, kept: Container) -> Source:
    """Return what a container keeps: its image, or where it is to go elsewhere, the package in it."""
    sha256 = kept.labels.get(names.PACKAGE, "")
    if not kept.is_marker and not is_shared(env, its_kind):
        return Kept(kept.image_id, kept.labels.get(names.ORIGIN, ""), sha256)
    base, key, path = given.base_of(env.settings, kinds.NATIVE)
    return Packaged(base, key, path, kept_package(kept, names.key(env.id, str(info.id)), path), sha256)


def serves(engine: Engine, env: Environment, found: Deployed, want: Wanted) -> bool:
    """Tell whether a deployment serves what is wanted already, in good health, under the address that is configured."""
    current, route, worker = found.current, found.route, found.worker
    if current is None or route is None or worker is None or of_listed(worker.state, worker.status).fault is not None:
        return False
    address = route[1].prefix_path, route[1].tls
    here = env.settings.prefix.path, env.settings.traefik_certificate is not None
    if address != here or any(current.labels.get(name) != value for name, value in want.goal.labels.items()):
        return False
    if current.is_marker:  # it has no image of its own
        return not isinstance(want.source, Unfetched)
    return not isinstance(want.source, Unfetched) and images.is_of(engine, want.source, current)
