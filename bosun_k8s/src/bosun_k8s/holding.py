"""One action at a time on a deployment: a Lease of its name, held with a heartbeat.

Creating it is atomic. Another action waits for its end by a watch; where its holder has died, or has been silent for
the Lease's duration, it takes over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
from bosun_core.endings import to_its_end
from bosun_core.errors import BosunError, EnvironmentFailure
from bosun_core.holders import is_surely_dead, this_process
from bosun_core.reporting import progress
from bosun_core.signals import uninterrupted

from bosun_k8s.cluster.errors import Taken
from bosun_k8s.cluster.resources import LEASE, Objects
from bosun_k8s.cluster.watching import Topic, Watching
from bosun_k8s.documents import manifests
from bosun_k8s.environment import Environment
from bosun_k8s.looks.observed import Object

_BEAT_SECONDS = 5.0
_SILENCE_SECONDS = 15  # the Lease's duration
_LOOK_AGAIN_SECONDS = 0.25  # whether a holder on this machine lives: nothing tells of its death


class LeaseSpec(msgspec.Struct, rename="camel", frozen=True):
    """Who holds a Lease, and since when."""

    holder_identity: str = ""
    renew_time: str = ""


class Lease(Object, frozen=True):
    """A Lease."""

    spec: LeaseSpec = LeaseSpec()


class Held:
    """The lock of a deployment, while it is held."""

    def __init__(self, objects: Objects, env: Environment, deployment_id: str) -> None:
        self._objects = objects
        self._env = env
        self._id = deployment_id
        self._name = env.name(deployment_id)
        self._holder = this_process()
        self.uid = ""

    def verify(self) -> None:
        """Check that nobody has taken over meanwhile, say while this machine slept.

        Raises:
            EnvironmentFailure: somebody has.
        """
        found = self._objects.get(LEASE, self._name)
        if found is None or found["metadata"]["uid"] != self.uid or _holder_of(found) != self._holder:
            raise EnvironmentFailure(
                f"another action has taken over deployment {self._id}, as this one was silent; see what it serves now"
            )

    def acquire(self) -> None:
        """Take the lock, waiting for whoever has it.

        Raises:
            EnvironmentFailure: another action held it all the while.
        """
        limit = self._env.settings.lock_limit
        deadline = time.monotonic() + limit
        while not self.uid:
            with uninterrupted(), suppress(Taken):
                self.uid = str(self._objects.create(self._document())["metadata"]["uid"])
                return
            self._wait(deadline, limit)

    def _wait(self, deadline: float, limit: float) -> None:
        """Wait until the lock is free, or take it over from a dead holder."""
        found = self._objects.get(LEASE, self._name)
        if found is None:
            return
        if _holder_of(found) == self._holder:  # our own request, whose answer was lost
            self.uid = str(found["metadata"]["uid"])
            return
        if not is_surely_dead(_holder_of(found)):
            progress(f"waiting for another action on deployment {self._id}", 0)
            if self._released(found, deadline):
                return
            if time.monotonic() >= deadline:
                raise EnvironmentFailure(
                    f"another action on deployment {self._id} has not ended within {limit:g} s; run this again then"
                )
            found = self._objects.get(LEASE, self._name)
        if found is not None:
            self._take_over(found)

    def _take_over(self, found: dict[str, Any]) -> None:
        """Remove the Lease, if it is still as it was found.

        The next one has a uid of its own: its former holder, should it live, cannot give that one back.
        """
        with suppress(Taken):
            only = {key: found["metadata"][key] for key in ("uid", "resourceVersion")}
            self._objects.delete(LEASE, self._name, **only)

    def _released(self, lease: dict[str, Any], deadline: float) -> bool:
        """Wait until the Lease is gone; False where its holder died or fell silent first, or the time is up."""
        name, uid = self._name, lease["metadata"]["uid"]
        heard, last = time.monotonic(), lease["spec"].get("renewTime", "")
        with Watching(self._objects, Topic(LEASE, Lease, fields=f"metadata.name={name}")) as watching:
            while time.monotonic() < min(deadline, heard + _SILENCE_SECONDS):
                if not watching.wait(time.monotonic() + _LOOK_AGAIN_SECONDS):
                    if is_surely_dead(_holder_of(lease)):
                        return False
                    continue
                now = watching.now(Lease)
                if not now or now[0].metadata.uid != uid:
                    return True
                if now[0].spec.renew_time != last:
                    heard, last = time.monotonic(), now[0].spec.renew_time
        return False

    def _document(self) -> dict[str, Any]:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": manifests.metadata(self._env, self._id),
            "spec": {
                "holderIdentity": self._holder,
                "leaseDurationSeconds": _SILENCE_SECONDS,
                "acquireTime": now,
                "renewTime": now,
            },
        }

    def beat(self, end: threading.Event) -> None:
        """Show that the holder lives, until `end`; what goes wrong here shows in the action itself."""
        while not end.wait(_BEAT_SECONDS):
            spec = {"renewTime": self._document()["spec"]["renewTime"]}
            with suppress(BosunError):
                self._objects.merge(LEASE, self._name, {"metadata": {"uid": self.uid}, "spec": spec})

    def release(self) -> None:
        """Give the lock back, if it is still ours. May be repeated."""
        with suppress(Taken):
            if self.uid:
                self._objects.delete(LEASE, self._name, uid=self.uid)


def _holder_of(lease: dict[str, Any]) -> str:
    return str(lease["spec"].get("holderIdentity") or "")


@contextmanager
def held(objects: Objects, env: Environment, deployment_id: str) -> Iterator[Held]:
    """Hold the lock of a deployment for the block.

    Raises:
        EnvironmentFailure: another action held it all the while.
    """
    lock = Held(objects, env, deployment_id)
    end = threading.Event()
    try:
        lock.acquire()
        threading.Thread(target=lock.beat, args=(end,), daemon=True).start()
        yield lock
    finally:
        end.set()
        to_its_end(lock.release)
