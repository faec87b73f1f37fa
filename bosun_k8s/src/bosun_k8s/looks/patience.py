"""How long is waited for what may pass by itself: a node that is added, a registry that did not answer at once."""

from __future__ import annotations

import time
from collections.abc import Iterable

from bosun_k8s.looks import health
from bosun_k8s.looks.observed import Pod


class Patience:
    """What some pods have suffered from, and since when; one that may recover has `limit` seconds for it."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._since: dict[str, float] = {}
        self._ends: list[float] = []

    def lasting(self, pods: Iterable[Pod]) -> tuple[Pod, health.Fault] | None:
        """Return a pod that has failed, and why; None where all are well, or may still recover."""
        now = time.monotonic()
        found = [(pod, fault) for pod in pods if (fault := health.of_pod(pod)) is not None]
        self._since = {pod.name: self._since.get(pod.name, now) for pod, _ in found}
        self._ends = [self._since[pod.name] + self._given(fault) for pod, fault in found]
        for (pod, fault), end in zip(found, self._ends, strict=True):
            if not fault.passing or now >= end:
                return pod, fault
        return None

    def _given(self, fault: health.Fault) -> float:
        return self._limit if fault.within is None else fault.within

    @property
    def until(self) -> float:
        """When the first of them has had its time (monotonic)."""
        return min(self._ends, default=float("inf"))
