"""Paths that other local users may have prepared: resolved link by link, so that none of theirs leads us astray.

The kernel's fs.protected_symlinks does part of this where it is set; nothing here relies on it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_LINK = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_LINKS = 40  # as in the kernel
_OF_THE_KERNEL = ""  # in the place of a text that does not lead anywhere; no other link has an empty one
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


class Location(NamedTuple):
    """Where a path leads: an open folder, and a name in it.

    The name is not that of a link, but for one that the kernel keeps in /proc for an open file.
    """

    folder: int
    name: str
    is_of_the_kernel: bool = False

    def stat(self) -> os.stat_result | None:
        """Return what is there; None where nothing is."""
        try:
            return os.stat(self.name, dir_fd=self.folder, follow_symlinks=self.is_of_the_kernel)
        except FileNotFoundError:
            return None

    def open(self, flags: int) -> int:
        """Open what is there, or make it with the umask's mode, and return the descriptor; a late link is refused."""
        follow = 0 if self.is_of_the_kernel else os.O_NOFOLLOW
        return os.open(self.name, flags | follow | os.O_CLOEXEC, 0o666, dir_fd=self.folder)


@contextmanager
def located(path: Path | str) -> Iterator[Location]:
    """Yield where `path` leads; the folder is closed at the end.

    A link as the last part is followed if it belongs to this user or to root, one before it also if it stands in a
    folder that nobody but its owner may write to.

    Raises:
        OSError: a part is missing or is not a folder; or PermissionError: a link of another user is in the way.
    """
    parts = os.fspath(path).split("/")
    folder = os.open("/" if parts[0] == "" else ".", _FOLDER)
    links = 0
    try:
        while True:
            parts = [part for part in parts if part not in ("", ".")] or ["."]
            name = parts.pop(0)
            target = _link_target(folder, name, is_last=not parts)
            if target == _OF_THE_KERNEL:
                yield Location(folder, name, is_of_the_kernel=True)
                return
            if target is not None:
                links += 1
                if links > _MOST_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), os.fspath(path))
                if target.startswith("/"):
                    folder = _entered(folder, "/")
                parts = [*target.split("/"), *parts]
            elif parts:
                folder = _entered(folder, name)
            else:
                yield Location(folder, name)
                return
    finally:
        os.close(folder)


def _link_target(folder: int, name: str, *, is_last: bool) -> str | None:
    """Return what the link of this name says, `_OF_THE_KERNEL`, or None where it is not there or is not a link.

    Raises:
        PermissionError: it belongs to a user who is not to choose where we write.
    """
    try:
        found = os.open(name, _LINK, dir_fd=folder)
    except FileNotFoundError:
        return None
    try:
        about = os.fstat(found)
        if not stat.S_ISLNK(about.st_mode):
            return None
        if is_last and _is_of_the_kernel(about, folder, name):
            return _OF_THE_KERNEL
        if not _is_trusted(about, None if is_last else os.fstat(folder)):
            raise PermissionError(errno.EPERM, f"{name} is a link that belongs to another user, so it is not followed")
        return os.readlink("", dir_fd=found)
    finally:
        os.close(found)


def _is_of_the_kernel(about: os.stat_result, folder: int, name: str) -> bool:
    """Tell whether a link is one of /proc to a pipe, a device or the like, whose text is not a path."""
    try:
        is_in_proc = about.st_dev == os.lstat("/proc/self").st_dev
        return is_in_proc and not stat.S_ISREG(os.stat(name, dir_fd=folder).st_mode)
    except FileNotFoundError:
        return False


def _is_trusted(link: os.stat_result, folder: os.stat_result | None) -> bool:
    # A second name is how somebody brings a link of root to a place of their own choice.
    if link.st_uid in (0, os.geteuid()) and link.st_nlink == 1:
        return True
    return folder is not None and folder.st_uid == link.st_uid and not folder.st_mode & _OTHERS_MAY_WRITE


def _entered(folder: int, name: str) -> int:
    """Return the folder of this name, opened, in the place of the one that it is in."""
    entered = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
    os.close(folder)
    return entered


def opened_to_append(path: Path | str) -> int:
    """Return a descriptor that appends to `path`, made if missing; repeated calls add to what is there.

    Raises:
        OSError: as the system says it, or a link of another user is in the way.
    """
    with located(path) as target:
        return target.open(os.O_WRONLY | os.O_CREAT | os.O_APPEND)
