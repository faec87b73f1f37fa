"""A lock beyond one machine: a lease that its owner renews, over four verbs that many stores have.

Object stores have them as conditional writes, etcd and databases as transactions. A lease that is not renewed any more
expires: by the clock of who waits for it, since clocks of two machines differ.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple, Protocol

from bosun_core.endings import to_its_end
from bosun_core.errors import BosunError, EnvironmentFailure
from bosun_core.holders import is_surely_dead, this_process
from bosun_core.reporting import progress
from bosun_core.signals import uninterrupted

_SOONEST, _LATEST = 0.05, 1.0  # seconds between two looks at a lease that somebody else has: the longer it lasts


class LeaseStore(Protocol):
    """Where one lease is kept, as four verbs; each either happens as a whole or not at all.

    A version is whatever tells one content from the next, an ETag say. Each raises EnvironmentFailure where the store
    cannot be asked. Where it repeats by itself what it had no answer to, the last answer counts.
    """

    def create(self, content: bytes) -> str | None:
        """Write the content if there is none, and return its version; None where there is one already."""

    def read(self) -> tuple[bytes, str] | None:
        """Return content and version; None where there is none."""

    def replace(self, content: bytes, version: str) -> str | None:
        """Write the content in the place of that version, and return the new one; None where it is another by now."""

    def delete(self, version: str) -> bool:
        """Delete the content of that version; False where it is another by now, or gone."""


class LeaseTimes(NamedTuple):
    """How long to wait for a lease, how often it is renewed, and when it expires without that; in seconds."""

    limit: float
    renewal: float = 5.0
    expiry: float = 15.0


class Lease:
    """A lease, held from `take` on."""

    def __init__(self, store: LeaseStore, what: str) -> None:
        self._store = store
        self._what = what
        self._id = str(uuid.uuid4())
        self._version: str | None = None
        self._may_be_there = self._is_lost = False
        self._requests = threading.Lock()  # the heartbeat's and the action's

    def take(self, expired: str | None = None) -> bool:
        """Take the lease if it is free, or replace the version that expired; False where it is not to be had."""
        with uninterrupted():
            self._may_be_there = True
            self._version = self._write(expired)
            self._may_be_there = self._version is not None
        return self._version is not None

    def verify(self) -> None:
        """Renew the lease, and so see that it is still held.

        Raises:
            EnvironmentFailure: it expired, and another action has taken over.
        """
        with self._requests:
            if self._version is not None:
                version = self._write(self._version)
                self._is_lost = version is None
                self._may_be_there, self._version = not self._is_lost, version
        if self._is_lost:
            raise EnvironmentFailure(
                f"lost the lock on {self._what}: it expired and another action took over; check deployment_status"
            )

    def _write(self, old: str | None) -> str | None:
        """Write a new content, the first one or in the place of the old; return its version, None where that failed."""
        content = _content(self._id)
        version = self._store.create(content) if old is None else self._store.replace(content, old)
        return self._own_version() if version is None else version

    def _own_version(self) -> str | None:
        """Return the version that is there if it is this lease's: an answer was lost, or a signal came before it."""
        found = self._store.read()
        return found[1] if found is not None and _said(found[0], "lease") == self._id else None

    def keep(self, every: float, end: threading.Event) -> None:
        """Renew the lease until the end; a renewal that fails may be the only one."""
        while not end.wait(every):
            with suppress(BosunError):
                self.verify()

    def release(self) -> None:
        """Give the lease back; one that is not held, or was lost, stays with whoever has it. May be repeated.

        Where the store cannot be asked it is left to expire: what the action has done counts all the same.
        """
        with self._requests, suppress(BosunError):
            if self._may_be_there and (self._version is None or not self._store.delete(self._version)):
                own = self._own_version()
                if own is not None:
                    self._store.delete(own)
            self._may_be_there, self._version = False, None


@contextmanager
def leased(store: LeaseStore, times: LeaseTimes, what: str) -> Iterator[Lease]:
    """Hold the lease for the block; `what` says in messages of what it is the lock.

    Raises:
        EnvironmentFailure: another action held it for all of the limit, or the store cannot be asked.
    """
    lease, end = Lease(store, what), threading.Event()
    try:
        if not lease.take():
            _wait_for(lease, store, times, what)
        threading.Thread(target=lease.keep, args=(times.renewal, end), daemon=True).start()
        yield lease
    finally:
        end.set()
        to_its_end(lease.release)


def _wait_for(lease: Lease, store: LeaseStore, times: LeaseTimes, what: str) -> None:
    """Take the lease once it is free, has expired, or its owner is known to be dead."""
    progress(f"waiting for another action on {what}", 0)
    began = seen_since = time.monotonic()
    seen, pause = "", _SOONEST
    while True:
        found = store.read()
        now = time.monotonic()
        if found is None:
            if lease.take():
                return
        elif found[1] != seen:
            seen, seen_since = found[1], now
        is_over = now - seen_since >= times.expiry
        if found is not None and (is_over or _is_abandoned(found[0])) and lease.take(found[1]):
            return
        left = began + times.limit - now
        if left <= 0:
            raise EnvironmentFailure(
                f"another action on {what} has not ended within {times.limit:g} s; run this one again when it has"
            )
        time.sleep(min(pause, left))
        pause = min(_LATEST, pause * 1.5)


def _content(lease_id: str) -> bytes:
    """Return what a lease says: who owns it, and a text that is another at each renewal."""
    return json.dumps({"owner": this_process(), "lease": lease_id, "renewal": str(uuid.uuid4())}).encode()


def _said(content: bytes, key: str) -> str:
    """Return what a lease says, empty where it says nothing that can be read."""
    try:
        said = json.loads(content)[key]
    except (ValueError, TypeError, KeyError):
        return ""
    return said if isinstance(said, str) else ""


def _is_abandoned(content: bytes) -> bool:
    """Tell whether a lease belongs to a process of this machine that is no more; nobody's that we know expires."""
    return is_surely_dead(_said(content, "owner"))
