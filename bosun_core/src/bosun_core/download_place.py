"""Where the package behind a URL is fetched to: one runner at a time, and so that the next can go on with it.

Each URL has a folder of its own, named by its hash, in the folder where packages are staged. It holds the file and, in
`version`, the ETag or Last-Modified that the file belongs to.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bosun_core.errors import EnvironmentFailure
from bosun_core.locks import locked_if_free

_PREFIX = "download-"
_AT_ONCE = 100  # runners that fetch one URL into one folder
_ABANDONED = 24 * 3600.0  # seconds after which nobody is expected to go on with what a fetch has left


class Place(NamedTuple):
    """Where one package is fetched to, by this process alone."""

    folder: Path

    def version(self) -> str | None:
        """Return the version (ETag or Last-Modified) of what is kept here; None where nothing can be gone on with."""
        try:
            return (self.folder / "version").read_text("utf-8") or None
        except (FileNotFoundError, UnicodeDecodeError):
            return None

    def begin(self, version: str | None) -> None:
        """Remember the version of what is going to be kept here."""
        (self.folder / "version").write_text(version or "", "utf-8")

    def clear(self) -> None:
        """Remove the place and what is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def staging(folder: os.PathLike[str] | str | None) -> Path:
    """Return the folder for fetched packages, made if need be; None is one for temporary files, this user's alone.

    Raises:
        EnvironmentFailure: it cannot be made, or is somebody else's.
    """
    path = Path(tempfile.gettempdir(), f"bosun-{os.getuid()}") if folder is None else Path(folder)
    try:
        if folder is not None:
            path.mkdir(parents=True, exist_ok=True)
            return path
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise EnvironmentFailure(f"cannot make the folder {path} for packages: {error.strerror}; check it") from None
    # Whoever made a link there beforehand, or may write to it, would choose what is deployed.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise EnvironmentFailure(f"{path} is not a folder of this user alone; remove it, or set TMPDIR")
    return path


@contextlib.contextmanager
def own_place(staged: Path, url: str) -> Iterator[Place]:
    """Hold the place of a URL; while another runner holds it, the next one of the same URL.

    Raises:
        EnvironmentFailure: the folder cannot be written to.
    """
    name = _PREFIX + hashlib.sha256(url.encode()).hexdigest()[:32]
    with contextlib.ExitStack() as stack:
        try:
            _clear_abandoned(staged, name)
            place = next(filter(None, (_held(staged / f"{name}-{number}", stack) for number in range(_AT_ONCE))), None)
        except OSError as error:
            raise EnvironmentFailure(f"cannot write to the folder {staged}: {error.strerror}; check its mode") from None
        if place is None:
            raise EnvironmentFailure(f"{_AT_ONCE} runners fetch this package into {staged}; try again later")
        yield place


def _held(folder: Path, stack: contextlib.ExitStack) -> Place | None:
    if not stack.enter_context(locked_if_free(folder.with_suffix(".lock"))):
        return None
    folder.mkdir(mode=0o700, exist_ok=True)
    return Place(folder)


def _clear_abandoned(staged: Path, name: str) -> None:
    """Remove what fetches of other URLs left long ago: a signed URL is another one each time."""
    for folder in staged.glob(f"{_PREFIX}*/"):
        if folder.name.startswith(name):
            continue
        with contextlib.suppress(FileNotFoundError):  # another runner was quicker
            if time.time() - folder.stat().st_mtime > _ABANDONED:
                with locked_if_free(folder.with_suffix(".lock")) as free:
                    if free:
                        Place(folder).clear()
