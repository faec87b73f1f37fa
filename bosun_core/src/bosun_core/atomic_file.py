"""Files written whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from bosun_core.safe_paths import Location, located

_READ_AND_WRITE = 0o666  # what of a mode is kept: nobody is to execute a file of ours, or to become us by it


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path`: a reader, or a machine that comes back after a crash, sees the old or the new content.

    A file of this user keeps its permissions to read and write, any other gets the umask's; a link is followed if it
    belongs to this user or root; a device or pipe is written through. May be repeated.

    Raises:
        OSError: as the system says it, or a link of another user is in the way; then an existing file is as it was and
            nothing is left beside it.
    """
    with located(path) as target:
        there = target.stat()
        if there is not None and not stat.S_ISREG(there.st_mode):
            descriptor = target.open(os.O_WRONLY)
            try:
                write_all(descriptor, content)
            finally:
                os.close(descriptor)
            return
        _replace(target, content, None if there is None else _kept_mode(there))


def _kept_mode(there: os.stat_result) -> int | None:
    """Return the permissions that a file hands on to its successor; None where they are not this user's choice."""
    if there.st_uid != os.geteuid() or there.st_nlink != 1:  # a second name brings a file of ours to others' folders
        return None
    return stat.S_IMODE(there.st_mode) & _READ_AND_WRITE


def _replace(target: Location, content: bytes, mode: int | None) -> None:
    aside = target._replace(name=f".{target.name[:200]}.{os.getpid()}.tmp")
    try:
        _remove(aside)  # of a killed process that had our number
        descriptor = aside.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            if mode is not None:
                os.fchmod(descriptor, mode)
            write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sys.audit("bosun.step", "rename file")
        os.replace(aside.name, target.name, src_dir_fd=target.folder, dst_dir_fd=target.folder)
    except BaseException:
        _remove(aside)
        raise
    _sync(target._replace(name=".").open(os.O_RDONLY | os.O_DIRECTORY))


def _remove(aside: Location) -> None:
    with suppress(FileNotFoundError):
        os.unlink(aside.name, dir_fd=aside.folder)


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of `content`, however many calls it takes."""
    view = memoryview(content)
    while view:
        sys.audit("bosun.step", "write")
        view = view[os.write(descriptor, view) :]


def sync_folder(path: Path) -> None:
    """Make the names in a folder survive a crash of the machine."""
    _sync(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))


def _sync(folder: int) -> None:
    try:
        sys.audit("bosun.step", "sync folder")
        os.fsync(folder)
    finally:
        os.close(folder)
