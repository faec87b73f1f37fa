"""The settings of one deployment (`keyValueConfig`): the keys that are known, and what they may hold. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from bosun_core.errors import InvalidRequest

from bosun_docker import sizes
from bosun_docker.settings import check_image

MODEL_PORT = 8080
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")
_SMALLEST_MEMORY = 6 * 1024**2  # what the engine takes at least


class KeyValues(NamedTuple):
    """What a deployment's settings ask for; None where nothing is asked."""

    memory: int | None = None
    cpus: float | None = None
    gpus: int | None = None
    """-1 for all of them."""
    shm_size: int | None = None
    environment: tuple[tuple[str, str], ...] = ()
    port: int = MODEL_PORT
    health_path: str = "/ping"
    predictions_path: str = "/predictions"
    image: str | None = None
    unknown: tuple[str, ...] = ()


def read(given: Mapping[str, Any]) -> KeyValues:
    """Return the settings that `keyValueConfig` holds; null counts as not set.

    Raises:
        InvalidRequest: a value is not what its key needs.
    """
    found: dict[str, Any] = {}
    for key, value in given.items():
        if value is None:
            continue
        if key in _READERS:
            field, reader = _READERS[key]
            found[field] = reader(key, value)
        else:
            found["unknown"] = (*found.get("unknown", ()), str(key))
    return KeyValues(**found)


def check_for_shared(given: Mapping[str, Any]) -> None:
    """Check that nothing is asked for that only a container of the deployment's own could have.

    Raises:
        InvalidRequest: something is.
    """
    asked = [key for key in _READERS if given.get(key) is not None]
    if asked:
        raise InvalidRequest(
            f"keyValueConfig.{asked[0]} is for a container of the deployment's own, and modelServing: shared gives it "
            "none; remove it, or set modelServing: dedicated"
        )


def _refused(key: str, value: object, example: str) -> InvalidRequest:
    return InvalidRequest(f"keyValueConfig.{key} is {value!r}; write say {example}")


def _size(key: str, value: object) -> int:
    size = None if isinstance(value, bool) else sizes.parse(str(value))
    if size is None:
        raise _refused(key, value, "512m or 2g")
    if size < _SMALLEST_MEMORY:
        raise _refused(key, value, "512m (6m at least)")
    return size


def _cpus(key: str, value: object) -> float:
    try:
        cpus = float(str(value))
    except ValueError:
        cpus = -1.0
    if isinstance(value, bool) or not 0.01 <= cpus <= 10_000:  # what the engine takes
        raise _refused(key, value, "1.5")
    return cpus


def _gpus(key: str, value: object) -> int:
    if value == "all":
        return -1
    return _whole(key, value, 1, 1024, "all, or 1")


def _port(key: str, value: object) -> int:
    return _whole(key, value, 1, 65535, "8080")


def _whole(key: str, value: object, least: int, most: int, example: str) -> int:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise _refused(key, value, example)
    return int(text)


def _path(key: str, value: object) -> str:
    if not isinstance(value, str) or not value or not _PATH.fullmatch(value):
        raise _refused(key, value, "/ping" if key == "healthPath" else "/predict")
    return value


def _image(key: str, value: object) -> str:
    try:
        check_image(f"keyValueConfig.{key}", str(value))
    except ValueError as error:
        raise InvalidRequest(str(error)) from None
    return str(value)


def _environment(key: str, value: object) -> tuple[tuple[str, str], ...]:
    """Return variables, given as a mapping or as the text of a JSON object (an agent's values are texts)."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise _refused(key, value, '{"NAME": "value"}') from None
    if not isinstance(value, Mapping) or any(isinstance(one, Mapping | list) for one in value.values()):
        raise _refused(key, value, '{"NAME": "value"}')
    variables = {str(name): _text(one) for name, one in value.items()}
    for name, text in variables.items():
        if not _VARIABLE.fullmatch(name) or "\0" in text:
            raise InvalidRequest(f"keyValueConfig.{key} has {name!r}, which is no name of a variable; write say NAME")
    return tuple(sorted(variables.items()))


def _text(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


_READERS: dict[str, tuple[str, Callable[[str, Any], Any]]] = {
    "memory": ("memory", _size),
    "cpus": ("cpus", _cpus),
    "gpus": ("gpus", _gpus),
    "shmSize": ("shm_size", _size),
    "environment": ("environment", _environment),
    "port": ("port", _port),
    "healthPath": ("health_path", _path),
    "predictionsPath": ("predictions_path", _path),
    "image": ("image", _image),
}
