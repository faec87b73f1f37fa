"""The paths in a build context, and which of them are refused. Pure."""

from __future__ import annotations

import re

from bosun_core.model_sources.tars import FILE, FOLDER, Unusable

MOST_ENTRIES = 10_000
_LONGEST_PART, _LONGEST_PATH = 255, 1024
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Paths:
    """The paths that were taken so far.

    Args:
        limit: how many bytes all files may have together.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.most = MOST_ENTRIES
        self.files: set[str] = set()
        self.folders: set[str] = set()
        self.size = 0

    def take(self, name: str, kind: str, size: int) -> str:
        """Return the path of an entry, empty for the root itself.

        Raises:
            Unusable: the path, the kind or the size of the entry is refused.
        """
        shown = repr(name if len(name) <= 60 else f"{name[:57]}...")
        if kind not in (FILE, FOLDER):
            raise Unusable(f"has {shown}, {kind}, which a build context may not hold; leave it out")
        path = _clean(name, shown)
        if not path:
            return ""
        if path in self.files or (kind == FILE and path in self.folders):
            raise Unusable(f"has {shown} twice; make it again")
        self._take_folders(path, shown)
        if kind == FILE:
            self.files.add(path)
            self.size += size
        else:
            self.folders.add(path)
        if len(self.files) + len(self.folders) > self.most:
            raise Unusable(f"has more than {self.most} entries; leave out what the build does not need")
        if self.size > self.limit:
            raise Unusable(f"has more than {self.limit} bytes unpacked; leave something out, or raise maxContextSize")
        return path

    def _take_folders(self, path: str, shown: str) -> None:
        """Take the folders above a path; they count as entries, written or not."""
        folder = path.rpartition("/")[0]
        while folder and folder not in self.folders:
            if folder in self.files:
                raise Unusable(f"has {shown} below a file; make it again")
            self.folders.add(folder)
            folder = folder.rpartition("/")[0]


def _clean(name: str, shown: str) -> str:
    if name.startswith("/") or _DRIVE.match(name):
        raise Unusable(f"has {shown}, an absolute path; pack it with relative ones")
    if "\\" in name or _CONTROL.search(name):
        raise Unusable(f"has {shown}, a path with a character that is refused; pack it with / between folders")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise Unusable(f"has {shown}, which leads out of it; pack it without ..")
    path = "/".join(parts)
    if len(path.encode()) > _LONGEST_PATH or any(len(part.encode()) > _LONGEST_PART for part in parts):
        raise Unusable(f"has {shown}, a path that is too long; shorten it")
    return path
