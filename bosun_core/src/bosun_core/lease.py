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

_SOONEST, _LATEST = 0.05, 1.0  # seconds between two looks at a lease that somebody else holds: the longer it lasts


class LeaseStore(Protocol):
    """Where one lease is kept, as four verbs; each either happens as a whole or not at all.

    A version is whatever tells one content from the next, an ETag say. Each raises EnvironmentFailure where the store
    cannot be asked.
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
    """A lease that is held."""

    def __init__(self, store: LeaseStore, version: str, what: str) -> None:
        self._store = store
        self._version = version
        self._what = what
        self._renewals = threading.Lock()
        self._is_lost = False

    def verify(self) -> None:
        """Renew the lease, and so see that it is still held.

        Raises:
            EnvironmentFailure: it expired, and another action has taken over.
        """
        with self._renewals:
            if not self._is_lost:
                version = self._store.replace(_content(), self._version)
                self._is_lost = version is None
                self._version = version or self._version
        if self._is_lost:
            raise EnvironmentFailure(
                f"lost the lock on {self._what}: it expired and another action took over; check deployment_status"
            )

    def keep(self, every: float, end: threading.Event) -> None:
        """Renew the lease until the end; a renewal that fails may be the only one."""
        while not end.wait(every):
            with suppress(BosunError):
                self.verify()

    def release(self) -> None:
        """Give the lease back; one that was lost stays with whoever has it. May be repeated."""
        with self._renewals:
            if not self._is_lost:
                self._store.delete(self._version)


@contextmanager
def leased(store: LeaseStore, times: LeaseTimes, what: str) -> Iterator[Lease]:
    """Hold the lease for the block; `what` says in messages of what it is the lock.

    Raises:
        EnvironmentFailure: another action held it for all of the limit, or the store cannot be asked.
    """
    lease, end = None, threading.Event()
    try:
        with uninterrupted():
            lease = _taken(store, what)
        if lease is None:
            lease = _waited_for(store, times, what)
        threading.Thread(target=lease.keep, args=(times.renewal, end), daemon=True).start()
        yield lease
    finally:
        end.set()
        if lease is not None:
            to_its_end(lease.release)


def _content() -> bytes:
    """Return what a lease says: who owns it, and a text that is another at each renewal."""
    return json.dumps({"owner": this_process(), "renewal": str(uuid.uuid4())}).encode()


def _taken(store: LeaseStore, what: str) -> Lease | None:
    version = store.create(_content())
    return None if version is None else Lease(store, version, what)


def _waited_for(store: LeaseStore, times: LeaseTimes, what: str) -> Lease:
    """Wait until the lease is free, has expired, or its owner is known to be dead, and take it."""
    progress(f"waiting for another action on {what}", 0)
    began = seen_since = time.monotonic()
    seen, pause = "", _SOONEST
    while time.monotonic() < began + times.limit:
        found = store.read()
        if found is None:
            with uninterrupted():
                lease = _taken(store, what)
            if lease is not None:
                return lease
            continue
        content, version = found
        now = time.monotonic()
        if version != seen:
            seen, seen_since = version, now
        if now - seen_since >= times.expiry or _is_abandoned(content):
            with uninterrupted():
                taken = store.replace(_content(), version)
                if taken is not None:
                    return Lease(store, taken, what)
        time.sleep(min(pause, max(0.0, began + times.limit - now)))
        pause = min(_LATEST, pause * 1.5)
    raise EnvironmentFailure(
        f"another action on {what} has not ended within {times.limit:g} s; run this one again when it has"
    )


def _is_abandoned(content: bytes) -> bool:
    """Tell whether a lease belongs to a process of this machine that is no more, or says nothing."""
    try:
        owner = json.loads(content)["owner"]
    except (ValueError, TypeError, KeyError):
        return False  # nobody's that we know: it expires
    return isinstance(owner, str) and is_surely_dead(owner)
