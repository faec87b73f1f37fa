"""Readers for the values of `keyValueConfig`, as a person or an agent (whose values are texts) writes them. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from bosun_core.errors import InvalidRequest

Reader = Callable[[str, Any], Any]
"""Takes the key and its value, returns what it means; raises InvalidRequest that names key, value and an example."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*/|(/[A-Za-z0-9._~-]+)+")


def read_known(given: Mapping[str, Any], readers: Mapping[str, tuple[str, Reader]]) -> dict[str, Any]:
    """Return the fields that the known keys of `keyValueConfig` fill, and the other keys as `unknown`; null is not set.

    `readers` maps each key to its field and its reader.

    Raises:
        InvalidRequest: a value is not what its key needs.
    """
    found: dict[str, Any] = {}
    for key, value in given.items():
        if value is None:
            continue
        if key in readers:
            field, reader = readers[key]
            found[field] = reader(key, value)
        else:
            found["unknown"] = (*found.get("unknown", ()), str(key))
    return found


def refused(key: str, value: object, example: str) -> InvalidRequest:
    """Return the error for a value that its key cannot have."""
    return InvalidRequest(f"keyValueConfig.{key} is {value!r}; write say {example}")


def whole(key: str, value: object, least: int, most: int, example: str) -> int:
    """Return a whole number."""
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise refused(key, value, example)
    return int(text)


def port(key: str, value: object) -> int:
    """Return a TCP port."""
    return whole(key, value, 1, 65535, "8080")


def url_path(key: str, value: object) -> str:
    """Return the path of a URL."""
    if not isinstance(value, str) or not _PATH.fullmatch(value):
        raise refused(key, value, "/ping")
    return value


def structure(key: str, value: object, example: str) -> Any:
    """Return a mapping or a list, given as one or as the text of its JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise refused(key, value, example) from None
    if not isinstance(value, Mapping | list):
        raise refused(key, value, example)
    return value


def environment(key: str, value: object) -> tuple[tuple[str, str], ...]:
    """Return environment variables, sorted."""
    example = '{"NAME": "value"}'
    mapping = structure(key, value, example)
    if not isinstance(mapping, Mapping) or any(isinstance(one, Mapping | list) for one in mapping.values()):
        raise refused(key, value, example)
    variables = {str(name): text_of(one) for name, one in mapping.items()}
    for name, text in variables.items():
        if not _VARIABLE.fullmatch(name) or "\0" in text:
            raise InvalidRequest(f"keyValueConfig.{key} has {name!r}, which is no name of a variable; write say NAME")
    return tuple(sorted(variables.items()))


def text_of(value: object) -> str:
    """Return a plain value of YAML as a text."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
