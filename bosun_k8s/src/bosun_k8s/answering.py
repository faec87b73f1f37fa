"""Whether pods answer, asked through the API server.

The kubelet looks at its containers once a second, and tells of an end later still where its node is busy.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

import msgspec

from bosun_k8s.cluster.resources import Objects
from bosun_k8s.key_values import KeyValues
from bosun_k8s.looks.observed import Pod

_SECONDS = 3.0
_FIRST_SECONDS = 0.5
_OFTEN, _SELDOM = 0.1, 1.0  # seconds between two questions: from as often to as seldom as the kubelet asks
_PATIENCE = 20  # the longer a model loads, the less often it is asked: after a twentieth of the time that it has taken
_CLIENT_ERROR = 400
_NOBODY_THERE = ("connection refused", "connection reset", "EOF")


class _Status(msgspec.Struct):
    """What the API server answers where it does not get through to the pod."""

    kind: str
    message: str = ""


class Beginning:
    """Since when new pods answer, which the kubelet sees up to a second later."""

    def __init__(self, objects: Objects, values: KeyValues) -> None:
        self._objects = objects
        self._values = values
        self._since: dict[str, float] = {}
        self._began: float | None = None
        self._again = 0.0

    def ask(self, pods: Iterable[Pod]) -> float:
        """Ask those that run and have not answered yet; return at which moment (monotonic) to do so again."""
        now = time.monotonic()
        asked = [pod for pod in pods if pod.runs and pod.name not in self._since]
        if not asked:
            return math.inf
        self._began = now if self._began is None else self._began
        pause = max(_OFTEN, (now - self._began) / _PATIENCE)
        if pause > _SELDOM:
            return math.inf
        if now < self._again:
            return self._again
        for pod in asked:
            if _silence(self._objects, pod, self._values, _FIRST_SECONDS) is False:
                self._since[pod.name] = time.monotonic()
        self._again = time.monotonic() + pause
        return self._again

    def since(self, ready: Iterable[Pod]) -> float:
        """Return the moment (monotonic) since which all of these have answered; one that never did does since now."""
        now = time.monotonic()
        return max(self._since.get(pod.name, now) for pod in ready)

    def forget(self) -> None:
        """Take it that none has answered: one that was ready is so no more."""
        self._since.clear()


def is_one_silent(objects: Objects, pods: Iterable[Pod], values: KeyValues) -> bool:
    """Tell whether one of the pods answers no more; False too where the API server may not, or cannot, ask them."""
    for pod in pods:
        silent = _silence(objects, pod, values, _SECONDS)
        if silent is None:
            return False
        if silent:
            return True
    return False


def _silence(objects: Objects, pod: Pod, values: KeyValues, seconds: float) -> bool | None:
    """Ask a pod and tell whether it is silent; None where what comes in so many seconds says nothing about that."""
    answer = objects.answer_of(pod.name, values.port, values.health_path, seconds)
    return None if answer is None else says_silent(*answer)


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
