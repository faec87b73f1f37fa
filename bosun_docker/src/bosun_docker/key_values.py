"""The settings of one deployment (`keyValueConfig`): the keys that are known, and what they may hold. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from bosun_core.errors import InvalidRequest
from bosun_core.key_values import Reader, environment, port, read_known, refused, url_path, whole

from bosun_core import sizes
from bosun_docker.settings import check_image

MODEL_PORT = 8080
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
    return KeyValues(**read_known(given, _READERS))


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


def _size(key: str, value: object) -> int:
    size = None if isinstance(value, bool) else sizes.parse(str(value))
    if size is None:
        raise refused(key, value, "512m or 2g")
    if size < _SMALLEST_MEMORY:
        raise refused(key, value, "512m (6m at least)")
    return size


def _cpus(key: str, value: object) -> float:
    try:
        cpus = float(str(value))
    except ValueError:
        cpus = -1.0
    if isinstance(value, bool) or not 0.01 <= cpus <= 10_000:  # what the engine takes
        raise refused(key, value, "1.5")
    return cpus


def _gpus(key: str, value: object) -> int:
    if value == "all":
        return -1
    return whole(key, value, 1, 1024, "all, or 1")


def _image(key: str, value: object) -> str:
    try:
        check_image(f"keyValueConfig.{key}", str(value))
    except ValueError as error:
        raise InvalidRequest(str(error)) from None
    return str(value)


_READERS: dict[str, tuple[str, Reader]] = {
    "memory": ("memory", _size),
    "cpus": ("cpus", _cpus),
    "gpus": ("gpus", _gpus),
    "shmSize": ("shm_size", _size),
    "environment": ("environment", environment),
    "port": ("port", port),
    "healthPath": ("health_path", url_path),
    "predictionsPath": ("predictions_path", url_path),
    "image": ("image", _image),
}
