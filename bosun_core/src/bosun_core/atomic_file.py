"""Files written whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path`: a reader, or a machine that comes back after a crash, sees the old or the new content.

    An existing file keeps its mode, a new one gets the umask's; a link is followed; a device or pipe is written
    through. May be repeated.

    Raises:
        OSError: as the system says it; then an existing file is as it was and nothing is left beside it.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        with path.open("wb", buffering=0) as stream:
            stream.write(content)
        return
    target = Path(os.path.realpath(path))
    aside = target.with_name(f".{target.name[:200]}.{os.getpid()}.tmp")
    try:
        aside.unlink(missing_ok=True)  # of a killed process that had our number
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            if mode is not None:
                os.fchmod(descriptor, stat.S_IMODE(mode))
            write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sys.audit("bosun.step", "rename file")
        aside.replace(target)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of `content`, however many calls it takes."""
    view = memoryview(content)
    while view:
        sys.audit("bosun.step", "write")
        view = view[os.write(descriptor, view) :]


def sync_folder(path: Path) -> None:
    """Make the names in a folder survive a crash of the machine."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sys.audit("bosun.step", "sync folder")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
