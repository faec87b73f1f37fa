"""What the filesystem refuses, in one line that says what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bosun_core.errors import EnvironmentFailure

_REMEDIES = {
    errno.ENOSPC: "no room is left; free some, or move baseDir to a larger filesystem",
    errno.EDQUOT: "the quota is used up; raise it, or free some room",
    errno.EROFS: "the filesystem is read-only; mount it for writing",
    errno.EACCES: "this user may not; change the mode or the owner of the folder",
    errno.EPERM: "this user may not; change the mode or the owner of the folder",
    errno.ENOENT: "a file or folder vanished; run the action again",
    errno.EIO: "the device failed; check it, then run the action again",
    errno.ENAMETOOLONG: "too long for the filesystem; shorten baseDir, deploymentDirPrefix or the package's name",
}


@contextmanager
def told(doing: str, where: Path) -> Iterator[None]:
    """Turn what the system refuses inside into an EnvironmentFailure: `cannot <doing> <where>: why; what to do`."""
    try:
        yield
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, f"{error.strerror}; look into it, then run the action again")
        raise EnvironmentFailure(f"cannot {doing} {where}: {remedy}") from error
