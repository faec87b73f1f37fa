"""What a deployment is to be: which model, from which source, with which settings; and how what is there differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bosun_core.lifecycle.backend import Difference, NothingKept, Request
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
from bosun_docker.shared import containers as shared_containers
from bosun_docker.shared.models import kept_package

_NOT_FETCHED = "of the URL, which a dry run does not fetch"


class Desired(NamedTuple):
    """What a deployment's next container is made of."""

    deployment_id: str
    model_id: str
    source: Source
    """Where its image comes from."""
    body: Body
    """Its body without image and labels."""
    labels: dict[str, str]
    """Its labels, but for the generation."""
    port: int
    health_path: str
    predictions_path: str
    remarks: tuple[str, ...] = ()
    """What a person should know of the settings."""

    @property
    def is_shared(self) -> bool:
        """Whether it is served by the server that deployments share."""
        return self.labels[names.SERVING] == names.SHARED

    def name(self, env: Environment) -> str:
        """Return the name of its container."""
        return names.container_name(env.settings.container_name_prefix, self.deployment_id, self.model_id)


def desired(env: Environment, request: Request, queue: str | None, found: Deployed | None) -> Desired:
    """Return what an action asks for; what it does not bring is what the deployment keeps.

    `queue` is the URL of the broker that its predictions are reported to.

    Raises:
        InvalidRequest: the package or a setting cannot be used.
        EnvironmentFailure: the package is to be the one that is kept, and none is.
    """
    info, deployment_id, model_id = request.info, request.deployment_id, request.model_id
    values = key_values.read(request.settings)
    kept = None if found is None or request.brings_package else found.latest
    if found is not None and kept is None and not request.brings_package and values.image is None:
        raise NothingKept(deployment_id, "its container is gone")
    its_kind = given.kind(info, _kind_of(kept))
    source = _source(env, request, its_kind, values, kept)
    if _is_shared(env, its_kind):
        key_values.check_for_shared(request.settings)
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
    remarks = tuple(given.remarks(info, source, values.unknown))
    paths = values.health_path, values.predictions_path
    return Desired(deployment_id, model_id, source, body, labels, values.port, *paths, remarks)


def needs_server(env: Environment, info: DeploymentInfo, found: Deployed) -> bool:
    """Tell whether the shared server is to serve what an action asks for: it can serve native models alone.

    Raises:
        InvalidRequest: what the action says of the model's kind is not known.
    """
    return _is_shared(env, given.kind(info, _kind_of(found.latest)))


def _kind_of(kept: Container | None) -> str | None:
    return None if kept is None else kept.labels.get(names.KIND)


def _is_shared(env: Environment, its_kind: str) -> bool:
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


def _source(env: Environment, request: Request, its_kind: str, values: KeyValues, kept: Container | None) -> Source:
    if values.image is None and kept is not None:
        return _kept(env, request.deployment_id, its_kind, kept)
    return given.given(env.settings, request.info, its_kind, values.image)


def _kept(env: Environment, deployment_id: str, its_kind: str, kept: Container) -> Source:
    """Return what a container keeps: its image, or where it is to go elsewhere, the package in it."""
    sha256 = kept.labels.get(names.PACKAGE, "")
    if not kept.is_marker and not _is_shared(env, its_kind):
        return Kept(kept.image_id, kept.labels.get(names.ORIGIN, ""), sha256)
    base, key, path = given.base_of(env.settings, kinds.NATIVE)
    return Packaged(base, key, path, kept_package(kept, names.key(env.id, deployment_id), path), sha256)


_COMPARED = {
    names.MODEL: "modelId",
    names.KIND: "kind",
    names.ORIGIN: "image",
    names.SERVING: "modelServing",
    names.MONITORED: "monitored",
    names.PORT: "settings.port",
    names.SETTINGS: "settings",
}


def differences(engine: Engine, env: Environment, want: Desired, found: Deployed | None) -> Iterator[Difference]:
    """Yield how a deployment differs from what is wanted; of most settings a container keeps a digest alone."""
    current = None if found is None else found.current
    if found is None or found.route is None or current is None:
        if found is not None:
            yield Difference("state", "errored", "ready")
        yield Difference("modelId", None, want.model_id)
        return
    if found.worker is None or of_listed(found.worker.state, found.worker.status).fault is not None:
        yield Difference("state", "errored", "ready")
    address = found.route[1].prefix_path, found.route[1].tls
    here = env.settings.prefix.path, env.settings.traefik_certificate is not None
    if address != here:
        yield Difference("predictionUrl", f"{address[0]}{_with_tls(address[1])}", f"{here[0]}{_with_tls(here[1])}")
    yield from _of_package(engine, want, current)
    for label, value in want.labels.items():
        if label != names.PACKAGE and current.labels.get(label) != value:
            yield Difference(_COMPARED.get(label, label), current.labels.get(label), value)


def _with_tls(tls: bool) -> str:  # noqa: FBT001  # one value of two
    return " by HTTPS" if tls else ""


def _of_package(engine: Engine, want: Desired, current: Container) -> Iterator[Difference]:
    old = current.labels.get(names.PACKAGE)
    if isinstance(want.source, Unfetched):
        yield Difference("package", old, _NOT_FETCHED)
        return
    if old != want.labels[names.PACKAGE]:
        yield Difference("package", old, want.labels[names.PACKAGE])
    if not current.is_marker:  # it has no image of its own
        own, new = images.of_source(engine, want.source, current)
        if new not in (None, own):
            yield Difference("image", own, new)
