"""What an action is given: `DeploymentInfo` and `PEInfo`, read-only views of the action file's mappings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from bosun_core.errors import InvalidRequest


class _View(Mapping[str, Any]):
    """A read-only mapping with the document's keys as items; subclasses add attributes."""

    _what = ""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw: Mapping[str, Any] = MappingProxyType(dict(raw))

    def __getitem__(self, key: str) -> Any:
        return self.raw[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.raw)

    def __len__(self) -> int:
        return len(self.raw)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={self.raw.get('id')!r})"

    def _text(self, key: str) -> str | None:
        value = self.raw.get(key)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return str(value).lower()  # as YAML writes it
        if isinstance(value, Mapping | list | tuple | set | bytes):
            raise InvalidRequest(f"{self._what}.{key} is {kind_of(value)}; write one text there")
        return str(value)

    @property
    def id(self) -> str | None:
        """The id, or None where the action file gives none."""
        return self._text("id")

    @property
    def name(self) -> str | None:
        """The name as shown to people: free text, never part of a name in an environment."""
        return self._text("name")

    @property
    def description(self) -> str | None:
        """Free text."""
        return self._text("description")

    @property
    def key_value_config(self) -> Mapping[str, Any]:
        """The additional settings (`keyValueConfig`), empty where none are given."""
        value = self.raw.get("keyValueConfig")
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return value
        raise InvalidRequest(f"{self._what}.keyValueConfig is {kind_of(value)}; write a mapping of keys to values")


class DeploymentInfo(_View):
    """The deployment that an action is about (section `deploymentInfo` of the action file)."""

    _what = "deploymentInfo"

    @property
    def model_id(self) -> str | None:
        """The id of the model (`modelId`); in a replacement the old one."""
        return self._text("modelId")

    @property
    def new_model_id(self) -> str | None:
        """The id of the model that a replacement brings (`newModelId`)."""
        return self._text("newModelId")

    @property
    def model_artifact(self) -> str | None:
        """The path of the model package (`modelArtifact`); in a replacement the new one's."""
        return self._text("modelArtifact")

    @property
    def model_format(self) -> str | None:
        """The format of the package (`modelFormat`), say `datarobot` or `datarobotScoringCode`."""
        return self._text("modelFormat")

    @property
    def model_execution_type(self) -> str | None:
        """How the model runs (`modelExecutionType`), say `dedicated` or `customInferenceModel`."""
        return self._text("modelExecutionType")


class PEInfo(_View):
    """The prediction environment that an action is about (section `peInfo` of the action file)."""

    _what = "peInfo"

    @property
    def deployments(self) -> list[str] | None:
        """The ids of the deployments that the agent knows here; None where it gives no list.

        Raises:
            InvalidRequest: it is no list, or an item is neither an id nor a mapping with one.
        """
        value = self.raw.get("deployments")
        if value is None:
            return None
        if not isinstance(value, list | tuple):
            raise InvalidRequest(f"peInfo.deployments is {kind_of(value)}; write a list of deployment ids")
        return [_listed_id(item, index) for index, item in enumerate(value)]

    @property
    def created_on(self) -> str | None:
        """When the environment was made, as the agent wrote it."""
        value = self.raw.get("createdOn")
        return None if value is None else str(value)

    @property
    def created_by(self) -> str | None:
        """Who made the environment."""
        return self._text("createdBy")


def _listed_id(item: object, index: int) -> str:
    value = item.get("id") if isinstance(item, Mapping) else item
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    found = f"{kind_of(item)} without an id" if isinstance(item, Mapping) and value is None else kind_of(value)
    raise InvalidRequest(
        f"peInfo.deployments[{index}] is {found}; write a deployment id, or a deploymentInfo mapping with one"
    )


def kind_of(value: object) -> str:
    """Return what a value of YAML is, in a person's words."""
    words = {
        dict: "a mapping",
        list: "a list",
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "a text",
        bytes: "binary data",
        set: "a set",
        type(None): "null",
    }
    return words.get(type(value), "a date" if hasattr(value, "isoformat") else f"a {type(value).__name__}")
