"""What an action asks for: which model, from which source, with which settings."""

from __future__ import annotations

from typing import NamedTuple

from bosun_core.artifact import is_url, local_artifact
from bosun_core.errors import InvalidRequest
from bosun_core.model import DeploymentInfo

from bosun_docker import artifacts, containers, images, key_values, kinds, names, shared_containers, sources, zips
from bosun_docker.containers import JAR_PATH, MODEL_PATH, Body
from bosun_docker.engine import Engine
from bosun_docker.environment import Environment
from bosun_docker.health import of_listed
from bosun_docker.key_values import KeyValues
from bosun_docker.looking import Container, Deployed
from bosun_docker.packages import measured
from bosun_docker.rollout import Goal
from bosun_docker.shared_models import kept_package
from bosun_docker.sources import Kept, Packaged, Referenced, Source, Unfetched


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
    return Wanted(goal, source, "; ".join([*_remarks(info, source, values), *env.remarks]))


def latest(found: Deployed) -> Container | None:
    """Return the container whose model a relaunch brings back: the one that serves, else the latest."""
    return found.current or next(reversed(found.containers), None)


def kind(info: DeploymentInfo, kept: Container | None) -> str:
    """Return the kind of the model that an action asks for: of what is kept, where the action brings nothing itself.

    Raises:
        InvalidRequest: what the action says of it is not known.
    """
    said = kinds.kind(info.model_execution_type, info.model_format)
    if info.model_artifact is not None or info.key_value_config.get("image") is not None or kept is None:
        return said
    return kept.labels.get(names.KIND, said)


def is_shared(env: Environment, its_kind: str) -> bool:
    """Tell whether the shared server is to serve a model: it can serve native ones alone."""
    return env.settings.model_serving == names.SHARED and its_kind == kinds.NATIVE


def _dedicated(body: Body, values: KeyValues, queue: str | None) -> tuple[Body, dict[str, str]]:
    """Return body and labels of a model in a container of its own."""
    return body, {
        names.PORT: str(values.port),
        names.MONITORED: str(queue is not None).lower(),
        names.SETTINGS: containers.settings_digest(body, values.health_path, values.predictions_path),
    }


def _shared(env: Environment) -> tuple[Body, dict[str, str]]:
    """Return body and labels of what stands for a model in the shared server, whose settings are its own."""
    body = shared_containers.marker(env)
    return body, {names.SERVING: names.SHARED, names.SETTINGS: containers.settings_digest(body)}


def _remarks(info: DeploymentInfo, source: Source, values: KeyValues) -> list[str]:
    remarks = []
    if values.unknown:
        remarks.append(f"keyValueConfig has keys that are not known here and were ignored: {', '.join(values.unknown)}")
    if isinstance(source, Referenced) and info.model_artifact is not None:
        remarks.append("modelArtifact was not used, since keyValueConfig.image names the image")
    return remarks


def _source(env: Environment, info: DeploymentInfo, its_kind: str, values: KeyValues, kept: Container | None) -> Source:
    if values.image is not None:
        if its_kind != kinds.CUSTOM:
            raise InvalidRequest(
                "keyValueConfig.image is for custom models: set modelExecutionType: customInferenceModel, or leave "
                "the image out"
            )
        return Referenced(values.image)
    if info.model_artifact is None and kept is not None:
        return _kept(env, info, its_kind, kept)
    if its_kind == kinds.CUSTOM:
        return _custom(env, info)
    base, key, path = _base(env, its_kind)
    if is_url(info.model_artifact):
        return Unfetched(str(info.model_artifact), f"package on {base}")
    package = measured(local_artifact(info))
    if its_kind == kinds.SCORING_CODE and not zips.is_zip(package.path):
        raise InvalidRequest(f"modelArtifact {package.path} is no .jar; fetch the scoring code again")
    return Packaged(base, key, path, package)


def _kept(env: Environment, info: DeploymentInfo, its_kind: str, kept: Container) -> Source:
    """Return what a container keeps: its image, or where it is to go elsewhere, the package in it."""
    sha256 = kept.labels.get(names.PACKAGE, "")
    if not kept.is_marker and not is_shared(env, its_kind):
        return Kept(kept.image_id, kept.labels.get(names.ORIGIN, ""), sha256)
    base, key, path = _base(env, kinds.NATIVE)
    return Packaged(base, key, path, kept_package(kept, names.key(env.id, str(info.id)), sha256, path))


def _base(env: Environment, its_kind: str) -> tuple[str, str, str]:
    """Return the base image for a kind of package, the setting that names it, and where the package is put."""
    if its_kind == kinds.NATIVE:
        return env.settings.pps_base_image, "ppsBaseImage", MODEL_PATH
    if env.settings.scoring_code_base_image is None:
        raise InvalidRequest(
            "modelFormat datarobotScoringCode needs an image that serves a .jar: set scoringCodeBaseImage in the "
            "private configuration (docs/docker.md), or deploy the model as .mlpkg"
        )
    return env.settings.scoring_code_base_image, "scoringCodeBaseImage", JAR_PATH


def _custom(env: Environment, info: DeploymentInfo) -> Source:
    if not info.model_artifact:
        raise InvalidRequest(
            "a custom model needs an image: add keyValueConfig.image, or as modelArtifact an image archive or a build "
            "context (docs/docker.md)"
        )
    if is_url(info.model_artifact):
        return Unfetched(info.model_artifact, "")
    settings = env.settings
    return artifacts.recognised(measured(local_artifact(info)), settings.context_limit, settings.build_limit)


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
