"""Where the package behind a URL is fetched to: one runner at a time, and so that the next can go on with it.

Each URL has a place of its own, named by its hash, in the folder where packages are staged: a lock file, which also
remembers the version of the package (ETag or Last-Modified), and a folder with the file.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bosun_core.errors import EnvironmentFailure

_PREFIX = "download-"
_AT_ONCE = 100  # runners that fetch one URL into one folder
_ABANDONED = 24 * 3600.0  # seconds after which nobody is expected to go on with what a fetch has left


def staging(folder: os.PathLike[str] | str | None) -> Path:
    """Return the folder for fetched packages, made if need be."""
    shared = folder is None
    path = Path(tempfile.gettempdir(), f"bosun-{os.getuid()}") if folder is None else Path(folder)
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise EnvironmentFailure(f"cannot make the folder {path} for packages: {error.strerror}; check it") from None
    # Whoever could make a link there beforehand, or write to it, would choose what is deployed.
    if shared and not (stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077):
        raise EnvironmentFailure(f"{path} is not a folder of this user alone; remove it, or set TMPDIR")
    return path


@dataclass(frozen=True)
class Place:
    """Where one package is fetched to, held by this process; `lock` is a file descriptor."""

    lock: int
    lock_file: Path
    folder: Path

    def version(self) -> str | None:
        """Return the version (ETag or Last-Modified) of what is kept here."""
        return os.pread(self.lock, 4096, 0).decode("latin-1") or None

    def begin(self, version: str | None) -> None:
        """Remember the version of what is going to be kept here."""
        os.ftruncate(self.lock, 0)
        os.pwrite(self.lock, (version or "").encode("latin-1", "replace"), 0)

    def clear(self) -> None:
        """Remove the place; nobody else can hold it before this is done."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.lock_file.unlink(missing_ok=True)


@contextlib.contextmanager
def own_place(folder: Path, url: str) -> Iterator[Place]:
    """Hold a place for the URL that no other runner uses, one with the beginning of the package if there is one."""
    name = _PREFIX + hashlib.sha256(url.encode()).hexdigest()[:32]
    try:
        _clear_abandoned(folder, name)
        for number in range(_AT_ONCE):
            place = _held(folder, f"{name}-{number}")
            if place is not None:
                break
        else:
            raise EnvironmentFailure(
                f"{_AT_ONCE} runners fetch this package into {folder}; try again when they are done"
            )
    except OSError as error:
        raise EnvironmentFailure(f"cannot write to the folder {folder}: {error.strerror}; check its mode") from None
    try:
        yield place
    finally:
        os.close(place.lock)


def _held(folder: Path, name: str) -> Place | None:
    """Return the place of that name, or None where another runner holds it or is just removing it."""
    lock_file = folder / f"{name}.lock"
    lock = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(lock), lock_file.stat()):
            place = Place(lock, lock_file, folder / name)
            place.folder.mkdir(mode=0o700, exist_ok=True)
            os.utime(lock)
            return place
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(lock)
        raise
    os.close(lock)
    return None


def _clear_abandoned(folder: Path, name: str) -> None:
    """Remove what fetches of other URLs left long ago: a signed URL is another one each time."""
    for lock_file in folder.glob(f"{_PREFIX}*.lock"):
        with contextlib.suppress(OSError):  # another runner's, or already gone
            if time.time() - lock_file.stat().st_mtime > _ABANDONED and not lock_file.name.startswith(name):
                place = _held(folder, lock_file.stem)
                if place is not None:
                    place.clear()
                    os.close(place.lock)
