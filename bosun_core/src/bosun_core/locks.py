"""One action at a time on a deployment: a lock that the kernel releases when its holder dies."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bosun_core.errors import EnvironmentFailure


@contextmanager
def locked(path: Path, limit: float, what: str) -> Iterator[None]:
    """Hold the lock at `path`, made if missing and removed at the end; wait for it at most `limit` seconds.

    Raises:
        EnvironmentFailure: another process held it all the while.
    """
    descriptor = _acquired(path, limit)
    if descriptor is None:
        raise EnvironmentFailure(
            f"another action on {what} has not ended within {limit:g} s (lockLimit); run this one again when it has"
        )
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


@contextmanager
def locked_if_free(path: Path) -> Iterator[bool]:
    """Hold the lock at `path` if nobody else does; yields whether it is held."""
    descriptor = _acquired(path, limit=0)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            path.unlink(missing_ok=True)
            os.close(descriptor)


def _acquired(path: Path, limit: float) -> int | None:
    """Return the descriptor of the locked file, or None where it could not be had within `limit` seconds."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            if not _flock(descriptor, limit):
                os.close(descriptor)
                return None
            # The holder before us removed the file: then this lock is on a file that nobody else will find.
            if _same_file(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _same_file(path: Path, descriptor: int) -> bool:
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(found, os.fstat(descriptor))


def _flock(descriptor: int, limit: float) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return limit > 0 and _wait_for_flock(descriptor, limit)
    return True


def _wait_for_flock(descriptor: int, limit: float) -> bool:
    """Wait in a thread: flock knows no time limit, and an alarm belongs to the runner's own --timeout."""
    own = os.dup(descriptor)  # shares the lock; ours to close even when nobody waits any more
    got = threading.Event()

    def wait() -> None:
        try:
            fcntl.flock(own, fcntl.LOCK_EX)
            got.set()
        finally:
            os.close(own)

    threading.Thread(target=wait, daemon=True).start()
    return got.wait(limit)
