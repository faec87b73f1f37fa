"""One action at a time: a lock on a file, which the kernel releases when its holder dies."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bosun_core.errors import EnvironmentFailure
from bosun_core.signals import uninterrupted

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class FileLock:
    """A lock on a file, held: the kernel keeps it for as long as this process lives."""

    def verify(self) -> None:
        """Do nothing: it cannot be lost."""


FILE_LOCK = FileLock()


@contextmanager
def locked(path: Path, limit: float, what: str) -> Iterator[None]:
    """Hold the lock at `path`, made if missing and removed at the end; wait for it at most `limit` seconds.

    Raises:
        EnvironmentFailure: another process held it all the while.
    """
    lock = _Lock(path)
    try:
        if not lock.acquire(limit):
            raise EnvironmentFailure(
                f"another action on {what} has not ended within {limit:g} s; run this one again when it has"
            )
        yield
    finally:
        lock.release()


@contextmanager
def locked_if_free(path: Path) -> Iterator[bool]:
    """Hold the lock at `path` if nobody else does; yields whether it is held."""
    lock = _Lock(path)
    try:
        yield lock.acquire(limit=0)
    finally:
        lock.release()


class _Lock:
    """A lock file. Whatever interrupts it, `release` leaves no lock, and no file that nobody else has."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def acquire(self, limit: float) -> bool:
        """Wait for the lock at most `limit` seconds; False where it was not to be had."""
        while True:
            with uninterrupted():
                self._descriptor = os.open(self._path, _FLAGS, 0o666)
            if not _flock(self._descriptor, limit):
                return False
            # The holder before us removed the file: then this lock is on a file that nobody else will find.
            if self._in_place():
                return True
            self._close()

    def release(self) -> None:
        """Remove the file if it is ours or nobody's, and close it. May be repeated."""
        with uninterrupted():
            if self._descriptor >= 0 and _flock(self._descriptor, limit=0) and self._in_place():
                self._path.unlink()
            self._close()

    def _in_place(self) -> bool:
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._descriptor))
        except FileNotFoundError:
            return False

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _flock(descriptor: int, limit: float) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return limit > 0 and _wait_for_flock(descriptor, limit)
    return True


def _wait_for_flock(descriptor: int, limit: float) -> bool:
    """Wait in a thread: flock knows no time limit, and an alarm belongs to the runner's own --timeout."""
    own = os.dup(descriptor)  # shares the lock; the thread's to close even when nobody waits any more
    got = threading.Event()

    def wait() -> None:
        try:
            fcntl.flock(own, fcntl.LOCK_EX)
            got.set()
        finally:
            os.close(own)

    threading.Thread(target=wait, daemon=True).start()
    return got.wait(limit)
