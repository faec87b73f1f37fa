"""The action file: what an agent hands over with `--config`, read and checked before any plugin is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from bosun_core.errors import ConfigurationError, InvalidRequest
from bosun_core.model import DeploymentInfo, PEInfo, kind_of
from bosun_core.names import check_id

if TYPE_CHECKING:
    from bosun_core.yaml_reading import Place

WHAT = "action file"


class ActionFile(NamedTuple):
    """The three sections of an action file; each but the first may be missing."""

    plugin_config: dict[str, Any]
    pe_info: PEInfo | None = None
    deployment_info: DeploymentInfo | None = None
    unknown_keys: tuple[str, ...] = ()
    source: str = f"an {WHAT} and name it with --config"


def read(path: str) -> ActionFile:
    """Read the action file at `path` (`-` is standard input).

    Raises:
        ConfigurationError: it cannot be read, or a section is no mapping.
    """
    # PyYAML takes 15 ms to import, which `--list-actions` does not owe.
    from bosun_core.yaml_reading import read_mapping, read_text

    document, place = read_mapping(read_text(path, WHAT), path, WHAT)
    return from_mapping(document, place)


def from_mapping(document: Mapping[str, Any], place: Place) -> ActionFile:
    """Return the sections of an action file's document.

    Raises:
        ConfigurationError: a section is no mapping.
    """
    plugin_config = _section(document, "pluginConfig", place)
    pe_info = _section(document, "peInfo", place)
    deployment_info = _section(document, "deploymentInfo", place)
    return ActionFile(
        plugin_config=plugin_config or {},
        pe_info=None if pe_info is None else PEInfo(pe_info),
        deployment_info=None if deployment_info is None else DeploymentInfo(deployment_info),
        unknown_keys=tuple(key for key in document if key not in ("pluginConfig", "peInfo", "deploymentInfo")),
        source=f"the {WHAT} {place.file}",
    )


def _section(document: Mapping[str, Any], key: str, place: Place) -> dict[str, Any] | None:
    value = document.get(key)
    if value is None or isinstance(value, dict):
        return value
    raise ConfigurationError(
        f"the {WHAT} {place.of(key)}: {key} is {kind_of(value)}, not a mapping; write `key: value` lines below it"
    )


def check_needs(action: str, given: ActionFile) -> None:
    """Check that the action file holds what `action` needs, and only ids that every environment can hold.

    Raises:
        InvalidRequest: something is missing or malformed.
    """
    # Agents send peInfo with every action: a bad id in it must not keep another deployment from being acted on.
    if action == "pe_status" and given.pe_info is not None:
        for index, listed in enumerate(given.pe_info.deployments or []):
            check_id(listed, f"peInfo.deployments[{index}]")
    if not action.startswith("deployment_") or action == "deployment_list":
        return
    info = given.deployment_info
    if info is None:
        raise InvalidRequest(f"{action} needs the section deploymentInfo; add it to {given.source}")
    if info.id is None:
        raise InvalidRequest(f"{action} needs deploymentInfo.id; add it to {given.source}")
    check_id(info.id, "deploymentInfo.id")
    for key, value in (("modelId", info.model_id), ("newModelId", info.new_model_id)):
        if value is not None:
            check_id(value, f"deploymentInfo.{key}")
    needed = {
        "deployment_start": (("modelId", info.model_id),),
        "deployment_replace_model": (
            ("newModelId", info.new_model_id),
            # A custom model may be an image that the environment has.
            ("modelArtifact", info.model_artifact or info.key_value_config.get("image")),
        ),
    }
    for key, value in needed.get(action, ()):
        if not value:
            raise InvalidRequest(f"{action} needs deploymentInfo.{key}; add it to {given.source}")
    _ = (
        info.model_artifact,
        info.model_format,
        info.model_execution_type,
        info.key_value_config,
    )  # each checks its type
