"""What an action brings for the image of a deployment, by the kind of the model and by what `modelArtifact` holds."""

from __future__ import annotations

from typing import Protocol

from bosun_core.artifact import is_url, local_artifact
from bosun_core.errors import InvalidRequest
from bosun_core.model import DeploymentInfo
from bosun_core.model_sources import kinds, zips
from bosun_core.model_sources.kinds import CUSTOM, NATIVE, PATHS, SCORING_CODE
from bosun_core.model_sources.sources import Given, Packaged, Referenced, Unfetched
from bosun_core.packages import measured


class Bases(Protocol):
    """The settings that are asked here, of whichever plugin."""

    @property
    def pps_base_image(self) -> str:
        """The image of the Portable Prediction Server."""

    @property
    def scoring_code_base_image(self) -> str | None:
        """The image that scoring code is put on."""

    @property
    def context_limit(self) -> int:
        """`maxContextSize` in bytes."""

    @property
    def build_limit(self) -> float:
        """How long reading an artifact may take, in seconds."""


def kind(info: DeploymentInfo, kept: str | None) -> str:
    """Return the kind of the model that an action asks for: of what is `kept`, where the action brings nothing itself.

    Raises:
        InvalidRequest: what the action says of it is not known.
    """
    said = kinds.kind(info.model_execution_type, info.model_format)
    brings = info.model_artifact is not None or info.key_value_config.get("image") is not None
    return said if brings or kept is None else kept


def given(settings: Bases, info: DeploymentInfo, its_kind: str, image: str | None) -> Given:
    """Return what an action brings; `image` is `keyValueConfig.image`.

    Raises:
        InvalidRequest: it brings nothing, or what cannot be used.
    """
    if image is not None:
        if its_kind != CUSTOM:
            raise InvalidRequest(
                "keyValueConfig.image is for custom models: set modelExecutionType: customInferenceModel, or leave "
                "the image out"
            )
        return Referenced(image)
    if its_kind == CUSTOM:
        return _custom(settings, info)
    base, key, path = base_of(settings, its_kind)
    if is_url(info.model_artifact):
        return Unfetched(str(info.model_artifact), f"package on {base}")
    package = measured(local_artifact(info))
    if its_kind == SCORING_CODE and not zips.is_zip(package.path):
        raise InvalidRequest(f"modelArtifact {package.path} is no .jar; fetch the scoring code again")
    return Packaged(base, key, path, package, package.sha256)


def base_of(settings: Bases, its_kind: str) -> tuple[str, str, str]:
    """Return the base image for a kind of package, the setting that names it, and where the package is put.

    Raises:
        InvalidRequest: no base image is configured.
    """
    if its_kind == NATIVE:
        return settings.pps_base_image, "ppsBaseImage", PATHS[NATIVE]
    if settings.scoring_code_base_image is None:
        raise InvalidRequest(
            "modelFormat datarobotScoringCode needs an image that serves a .jar: set scoringCodeBaseImage in the "
            "private configuration, or deploy the model as .mlpkg"
        )
    return settings.scoring_code_base_image, "scoringCodeBaseImage", PATHS[SCORING_CODE]


def _custom(settings: Bases, info: DeploymentInfo) -> Given:
    if not info.model_artifact:
        raise InvalidRequest(
            "a custom model needs an image: add keyValueConfig.image, or as modelArtifact an image archive or a build "
            "context"
        )
    if is_url(info.model_artifact):
        return Unfetched(info.model_artifact, "")
    from bosun_core.model_sources import artifacts  # what reads archives is loaded where there is one

    return artifacts.recognised(measured(local_artifact(info)), settings.context_limit, settings.build_limit)


def remarks(info: DeploymentInfo, source: object, unknown: tuple[str, ...]) -> list[str]:
    """Return what a person should know of what an action brings; `unknown` are its keys that are not known here."""
    found = []
    if unknown:
        found.append(f"keyValueConfig has keys that are not known here and were ignored: {', '.join(unknown)}")
    if isinstance(source, Referenced) and info.model_artifact is not None:
        found.append("modelArtifact was not used, since keyValueConfig.image names the image")
    return found
