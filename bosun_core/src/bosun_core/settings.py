"""A plugin's private configuration: a closed model, read strictly, and what is generated from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec

from bosun_core.errors import ConfigurationError
from bosun_core.redaction import SECRETS
from bosun_core.yaml_reading import Place, read_mapping, read_text

WHAT = "private configuration"


def described(text: str, example: Any = None) -> msgspec.Meta:
    """Describe a setting; the result is for the second place of `Annotated`.

    `example` is what a generated configuration shows where the setting has no default.
    """
    return msgspec.Meta(description=text, examples=None if example is None else [example])


class Settings(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The base of a plugin's settings model: fields with `Annotated[type, described("...")]` and defaults.

    A rule over several fields goes into `__post_init__`, which raises ValueError with one sentence.
    """

    environment_id: Annotated[
        str | None,
        described(
            "The id of this prediction environment, the same in every action. "
            "Without it MLOPS_BOSUN_PRED_ENV_ID of pluginConfig counts, else the place itself.",
            "production",
        ),
    ] = msgspec.field(default=None, name="environmentId")


SettingsT = TypeVar("SettingsT", bound=Settings)


def load(model: type[SettingsT], path: str | None) -> SettingsT:
    """Return the private configuration at `path` as `model`; without a path, all its defaults.

    Raises:
        ConfigurationError: the file cannot be read, or does not fit the model; names file, line and key.
    """
    if path is None:
        return from_mapping(model, {}, Place("the private configuration (no --private-config given)", {}))
    document, place = read_mapping(read_text(path, WHAT), path, WHAT)
    SECRETS.learn(document)
    return from_mapping(model, document, place)


def from_mapping(model: type[SettingsT], document: Mapping[str, Any], place: Place) -> SettingsT:
    """Return `document` as `model`; null counts as not set.

    Raises:
        ConfigurationError: an unknown key, a missing one, or a value that does not fit.
    """
    fields = msgspec.structs.fields(model)
    known = [field.encode_name for field in fields]
    for key in document:
        if key not in known:
            from bosun_core.settings_problems import unknown_key

            raise ConfigurationError(f"{place.of(key)}: {unknown_key(key, known)}")
    given = {key: value for key, value in document.items() if value is not None}
    for field in fields:
        if field.required and field.encode_name not in given:
            raise ConfigurationError(f"{place.file}: {field.encode_name} is missing; --gen-config shows a whole file")
    try:
        return msgspec.convert(given, model, strict=True, str_keys=True)
    except msgspec.ValidationError as error:
        from bosun_core.settings_problems import invalid_value

        raise ConfigurationError(invalid_value(error, model, place)) from None


def schema(model: type[Settings]) -> dict[str, Any]:
    """Return the JSON Schema of the model's file, its keys in order, environmentId last."""
    _, definitions = msgspec.json.schema_components([model], ref_template="#/$defs/{name}")
    own = definitions.pop(model.__name__)
    properties = own["properties"]
    properties["environmentId"] = properties.pop("environmentId")
    required = own.get("required", ())
    own["properties"] = {key: one if key in required else _or_null(one) for key, one in properties.items()}
    result = {"$schema": "https://json-schema.org/draft/2020-12/schema", **own}
    return {**result, "$defs": definitions} if definitions else result


def _or_null(described: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a setting that may be null, which counts as not set."""
    if "anyOf" in described:
        return described
    about = {key: value for key, value in described.items() if key in ("description", "default", "examples")}
    kind = {key: value for key, value in described.items() if key not in about}
    return {"anyOf": [kind, {"type": "null"}], **about}
