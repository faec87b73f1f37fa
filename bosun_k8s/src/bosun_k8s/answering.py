"""Whether pods that were ready answer now, asked through the API server.

The kubelet looks at its containers once a second, and tells of an end later still where its node is busy.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bosun_k8s.cluster.resources import Objects
from bosun_k8s.key_values import KeyValues
from bosun_k8s.looks.observed import Pod

_SECONDS = 3.0
_CLIENT_ERROR = 400
_NOBODY_THERE = ("connection refused", "connection reset", "EOF")


class _Status(msgspec.Struct):
    """What the API server answers where it does not get through to the pod."""

    kind: str
    message: str = ""


def is_one_silent(objects: Objects, pods: Iterable[Pod], values: KeyValues) -> bool:
    """Tell whether one of the pods answers no more; False too where the API server may not, or cannot, ask them."""
    for pod in pods:
        answer = objects.answer_of(pod.name, values.port, values.health_path, _SECONDS)
        silent = None if answer is None else says_silent(*answer)
        if silent is None:
            return False
        if silent:
            return True
    return False


def says_silent(status: int, beginning: bytes) -> bool | None:
    """Tell whether an answer says that the pod answers no more; None where it says nothing about that. Pure."""
    if status < _CLIENT_ERROR:  # as the kubelet takes it
        return False
    try:
        told = msgspec.json.decode(beginning, type=_Status)
    except msgspec.DecodeError:
        return True  # the model's own
    if told.kind != "Status":
        return True
    return True if any(word in told.message for word in _NOBODY_THERE) else None
