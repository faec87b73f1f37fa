"""A folder put in place, exchanged or taken away in one step, whenever the process or the machine dies.

What is under way for the deployment in folder NAME stands in `<base>/.bosun/staging/NAME/`: `new` is being built (or,
once exchanged, is the old one on its way out), `old` was set aside where the kernel knows no exchange, `gone` is being
removed. The lock of NAME is `<base>/.bosun/locks/NAME`.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bosun_core.atomic_file import sync_folder
from bosun_core.locks import locked, locked_if_free
from bosun_core.signals import uninterrupted

OWN_FOLDER = ".bosun"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h
_NO_EXCHANGE = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP}


class Place:
    """The place of one deployment's folder, and of what is under way for it."""

    def __init__(self, base: Path, name: str) -> None:
        self.base = base
        self.name = name
        self.folder = base / name
        self._staging = _staging(base) / name

    def is_in_use(self) -> bool:
        """Tell whether anything stands here, or is under way."""
        return any(map(os.path.lexists, (self.folder, self._staging, _locks(self.base) / self.name)))

    @contextmanager
    def locked(self, limit: float, what: str) -> Iterator[None]:
        """Hold the place for one action; what a killed one left here, and elsewhere in the base, is cleared first."""
        for folder in (_staging(self.base), _locks(self.base)):
            sys.audit("bosun.step", "make own folder")
            folder.mkdir(parents=True, exist_ok=True)
        with locked(_locks(self.base) / self.name, limit, what):
            self.recover()
            try:
                yield
            finally:
                self.recover()
        clear_leftovers(self.base)

    @property
    def new(self) -> Path:
        """The folder aside that is to be put in place; once it is exchanged, the old one."""
        return self._staging / "new"

    def begin(self) -> Path:
        """Make the new folder, empty, and return it."""
        self.recover()
        sys.audit("bosun.step", "make folder")
        self.new.mkdir(parents=True)
        return self.new

    def put_in_place(self) -> None:
        """Make the new folder the deployment's; one that is there leaves in the same step."""
        new = self.new
        sync_folder(new)
        if self.folder.exists():
            self._exchange(new)
        else:
            sys.audit("bosun.step", "rename into place")
            new.rename(self.folder)
        sync_folder(self.base)

    def take_away(self) -> None:
        """Remove the deployment's folder; a reader sees all of it or none."""
        try:
            self._staging.mkdir(parents=True)
            sys.audit("bosun.step", "rename out of place")
            self.folder.rename(self._staging / "gone")
            sync_folder(self.base)
        finally:
            self.recover()

    def recover(self) -> None:
        """Clear what an action left here that ended or was killed; a folder set aside and not replaced comes back."""
        if not self._staging.exists():
            return
        with uninterrupted():
            old = self._staging / "old"
            if old.exists() and not self.folder.exists():
                old.rename(self.folder)
                sync_folder(self.base)
            sys.audit("bosun.step", "clear staging")
            _remove(self._staging)

    def _exchange(self, new: Path) -> None:
        sys.audit("bosun.step", "exchange")
        if _renameat2(new, self.folder):
            return
        # Readers miss the folder between these two renames, on filesystems that cannot exchange (NFS, say).
        sys.audit("bosun.step", "set aside")
        self.folder.rename(self._staging / "old")
        sys.audit("bosun.step", "rename into place")
        new.rename(self.folder)


def _remove(folder: Path) -> None:
    """Remove a folder with all that it holds."""
    try:
        folder.rmdir()  # empty after a first start, which does not owe the 4 ms of importing shutil
    except OSError:
        from shutil import rmtree

        rmtree(folder)


def _renameat2(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where kernel or filesystem cannot.

    Raises:
        OSError: the kernel refused for another reason.
    """
    import ctypes  # 5 ms to import, which a first start does not owe

    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        return False
    if libc.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NO_EXCHANGE:
        return False
    raise OSError(code, os.strerror(code), str(other))


def clear_leftovers(base: Path) -> None:
    """Clear what killed actions left for deployments that nobody is acting on now."""
    names = {entry.name for folder in (_staging(base), _locks(base)) for entry in folder.iterdir()}
    for name in sorted(names):
        with locked_if_free(_locks(base) / name) as free:
            if free:
                Place(base, name).recover()


def _staging(base: Path) -> Path:
    return base / OWN_FOLDER / "staging"


def _locks(base: Path) -> Path:
    return base / OWN_FOLDER / "locks"
