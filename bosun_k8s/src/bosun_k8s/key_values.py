"""The settings of one deployment (`keyValueConfig`): the keys that are known, and what they may hold. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from bosun_core.errors import InvalidRequest
from bosun_core.key_values import Reader, environment, port, read_known, refused, structure, text_of, url_path, whole

from bosun_k8s.images.reference import parse as parse_reference

MODEL_PORT = 8080
_MOST_REPLICAS = 1000
_MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?)b?)?", re.IGNORECASE)
_CPUS = re.compile(r"\d+(?:\.\d+)?|[1-9]\d*m")
_BUDGET = re.compile(r"[0-9]+|100%|[0-9]{1,2}%")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_TOLERATION = {"key", "operator", "value", "effect", "tolerationSeconds"}
_EFFECTS = (None, "NoSchedule", "PreferNoSchedule", "NoExecute")


class KeyValues(NamedTuple):
    """What a deployment's settings ask for; None where nothing is asked. Quantities are as Kubernetes writes them."""

    replicas: int | None = None
    min_replicas: int | None = None
    max_replicas: int | None = None
    target_cpu: int | None = None
    """Percent of the requested CPU."""
    min_available: str | None = None
    memory: str | None = None
    memory_request: str | None = None
    cpus: str | None = None
    cpu_request: str | None = None
    gpus: int | None = None
    node_selector: tuple[tuple[str, str], ...] = ()
    tolerations: tuple[tuple[tuple[str, Any], ...], ...] = ()
    service_account: str | None = None
    environment: tuple[tuple[str, str], ...] = ()
    port: int = MODEL_PORT
    health_path: str = "/ping"
    predictions_path: str = "/predictions"
    image: str | None = None
    unknown: tuple[str, ...] = ()

    @property
    def scales(self) -> bool:
        """Whether the number of replicas follows the load."""
        return self.max_replicas is not None

    @property
    def first_replicas(self) -> int:
        """How many replicas there are before anything scales them."""
        return self.replicas or self.min_replicas or 1


def read(given: Mapping[str, Any]) -> KeyValues:
    """Return the settings that `keyValueConfig` holds; null counts as not set.

    Raises:
        InvalidRequest: a value is not what its key needs, or two do not go together.
    """
    found = KeyValues(**read_known(given, _READERS))
    if (found.min_replicas or found.target_cpu) and not found.scales:
        raise InvalidRequest("keyValueConfig.minReplicas and targetCPU need maxReplicas; add it, say 4")
    if found.max_replicas is not None and found.max_replicas < (found.min_replicas or found.replicas or 1):
        raise InvalidRequest(
            f"keyValueConfig.maxReplicas is {found.max_replicas}, less than the least number of replicas; raise it"
        )
    if found.scales and not (found.cpus or found.cpu_request):
        raise InvalidRequest(
            "keyValueConfig.maxReplicas needs cpus or cpuRequest, which the load is measured by; add say cpuRequest: 1"
        )
    return found


def _replicas(key: str, value: object) -> int:
    return whole(key, value, 1, _MOST_REPLICAS, "2")


def _percent(key: str, value: object) -> int:
    return whole(key, str(value).removesuffix("%"), 1, 1000, "80")


def _gpus(key: str, value: object) -> int:
    return whole(key, value, 1, 1024, "1")


def _memory(key: str, value: object) -> str:
    """Return a quantity; a unit without `i` counts by 1024 too, as it does for containers elsewhere."""
    match = _MEMORY.fullmatch(str(value).strip())
    if isinstance(value, bool) or match is None or float(match[1]) == 0:
        raise refused(key, value, "512m or 2g")
    unit = (match[2] or "").lower()
    exponent = " kmgt".index(unit) if unit else 0
    size = int(float(match[1]) * 1024**exponent)
    for step, suffix in ((4, "Ti"), (3, "Gi"), (2, "Mi"), (1, "Ki")):
        if size and size % 1024**step == 0:
            return f"{size // 1024**step}{suffix}"
    return str(size)


def _cpus(key: str, value: object) -> str:
    text = str(value)
    if isinstance(value, bool) or not _CPUS.fullmatch(text) or (not text.endswith("m") and float(text) < 0.001):
        raise refused(key, value, "1.5 or 500m")
    milli = int(text[:-1]) if text.endswith("m") else round(float(text) * 1000)
    return str(milli // 1000) if milli % 1000 == 0 else f"{milli}m"


def _budget(key: str, value: object) -> str:
    text = str(value)
    if isinstance(value, bool) or not _BUDGET.fullmatch(text):
        raise refused(key, value, "1 or 50%")
    return text


def _service_account(key: str, value: object) -> str:
    if not isinstance(value, str) or not _SUBDOMAIN.fullmatch(value):
        raise refused(key, value, "model-reader")
    return value


def _image(key: str, value: object) -> str:
    try:
        parse_reference(str(value))
    except ValueError:
        raise refused(key, value, "registry.example.com/my-model:1.0") from None
    return str(value)


def _node_selector(key: str, value: object) -> tuple[tuple[str, str], ...]:
    example = '{"disktype": "ssd"}'
    found = structure(key, value, example)
    if not isinstance(found, Mapping) or any(isinstance(one, Mapping | list) for one in found.values()):
        raise refused(key, value, example)
    return tuple(sorted((str(name), text_of(one)) for name, one in found.items()))


def _tolerations(key: str, value: object) -> tuple[tuple[tuple[str, Any], ...], ...]:
    example = '[{"key": "gpu", "operator": "Exists"}]'
    found = structure(key, value, example)
    if not isinstance(found, list):
        raise refused(key, value, example)
    for one in found:
        if not isinstance(one, Mapping) or set(one) - _TOLERATION or one.get("effect") not in _EFFECTS:
            raise refused(key, value, example)
        if one.get("operator") not in (None, "Exists", "Equal"):
            raise refused(key, value, example)
    return tuple(tuple(sorted(one.items())) for one in found)


_READERS: dict[str, tuple[str, Reader]] = {
    "replicas": ("replicas", _replicas),
    "minReplicas": ("min_replicas", _replicas),
    "maxReplicas": ("max_replicas", _replicas),
    "targetCPU": ("target_cpu", _percent),
    "minAvailable": ("min_available", _budget),
    "memory": ("memory", _memory),
    "memoryRequest": ("memory_request", _memory),
    "cpus": ("cpus", _cpus),
    "cpuRequest": ("cpu_request", _cpus),
    "gpus": ("gpus", _gpus),
    "nodeSelector": ("node_selector", _node_selector),
    "tolerations": ("tolerations", _tolerations),
    "serviceAccount": ("service_account", _service_account),
    "environment": ("environment", environment),
    "port": ("port", port),
    "healthPath": ("health_path", url_path),
    "predictionsPath": ("predictions_path", url_path),
    "image": ("image", _image),
}
