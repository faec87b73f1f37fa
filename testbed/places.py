"""Where the testbed keeps what it makes: one cache folder outside the checkout."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.errors import TestbedError

CACHE_VARIABLE = "BOSUN_CACHE"
# What a Unix socket's address may hold (108 bytes with the closing zero), less what containerd puts below the folder.
_LONGEST_FOLDER = 60


def cache() -> Path:
    """Return the cache folder, made if it was not there: `BOSUN_CACHE`, else `~/.cache/bosun`.

    Raises:
        TestbedError: the path is too long for the sockets below it.
    """
    folder = Path(os.environ.get(CACHE_VARIABLE) or Path.home() / ".cache" / "bosun").absolute()
    if len(os.fsencode(folder)) > _LONGEST_FOLDER:
        raise TestbedError(
            f"{folder} is too long for the sockets below it: set {CACHE_VARIABLE} to a folder of "
            f"{_LONGEST_FOLDER} characters or fewer"
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def logs() -> Path:
    """Return the folder of the logs, made if it was not there."""
    folder = cache() / "logs"
    folder.mkdir(exist_ok=True)
    return folder


@contextmanager
def locked(half: str) -> Iterator[None]:
    """Keep other runs of this half of the testbed out of the cache folder, and wait for one that is at work."""
    with (cache() / f"{half}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another run of the testbed is at work: waiting for it", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
