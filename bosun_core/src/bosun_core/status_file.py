"""The status file: the six keys of a status, as YAML, written whole."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

from bosun_core.atomic_file import write_whole
from bosun_core.errors import StatusNotWritten
from bosun_core.safe_paths import located
from bosun_core.yaml_writing import as_yaml

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def check_writable_place(path: str) -> None:
    """Check, before an action begins, that a status file can come to be at `path`.

    Raises:
        StatusNotWritten: its folder is missing or none, the path is a folder, or another user's link is in the way.
    """
    problem = f"cannot write the status file {path}"
    if "\0" in path:
        raise StatusNotWritten(f"cannot write the status file {path!r}: this is no path; check it")
    try:
        with located(path):
            pass
    except PermissionError as error:
        raise StatusNotWritten(f"{problem}: {error.strerror}; name another place") from None
    except OSError:
        pass  # told below, in words that say what to do
    # os.path answers False where a Path of Python 3.11 raises: a name that is too long, say.
    if os.path.isdir(path):  # noqa: PTH112  # as said
        raise StatusNotWritten(f"{problem}: this is a folder; name a file in it")
    folder = Path(path).parent
    if not os.path.isdir(folder):  # noqa: PTH112  # as said
        if os.path.lexists(folder):
            raise StatusNotWritten(f"{problem}: {folder} is no folder; name another place")
        raise StatusNotWritten(f"{problem}: no such folder; run: mkdir -p {folder}")


def write(path: str, document: dict[str, Any]) -> None:
    """Write the status file at `path`; a reader sees the old one or the new one. May be repeated.

    Raises:
        StatusNotWritten: the system refused; an old file is as it was.
    """
    check_writable_place(path)
    try:
        write_whole(Path(path), as_yaml(document).encode())
    except OSError as error:
        remedy = "make room, or name another place" if error.errno in _FULL else "name another place"
        raise StatusNotWritten(f"cannot write the status file {path}: {error.strerror}; {remedy}") from None
