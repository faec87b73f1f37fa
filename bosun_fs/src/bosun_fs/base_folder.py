"""baseDir as a whole: whether it can be used, and what is to be said of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from bosun_core.errors import EnvironmentFailure

from bosun_fs.problems import told


def check(base: Path, *, to_write: bool = True) -> None:
    """Check that baseDir can be used.

    Raises:
        EnvironmentFailure: it is missing, no folder, or cannot be written.
    """
    checks: tuple[tuple[Callable[[], bool], str], ...] = (
        (lambda: base.exists() or not base.is_symlink(), "is a link that leads nowhere; mend the link"),
        (base.exists, f"does not exist; run: mkdir -p {base.absolute()}"),
        (base.is_dir, "is no folder; name the folder that holds the deployments"),
        (lambda: os.access(base, os.R_OK | os.X_OK), "cannot be read by this user; change its mode or owner"),
        (lambda: not to_write or os.access(base, os.W_OK), f"cannot be written: {_why_not_writable(base)}"),
    )
    with told("look at", base):
        for holds, words in checks:
            if not holds():
                raise EnvironmentFailure(f"baseDir {base} {words}")


def _why_not_writable(base: Path) -> str:
    try:
        read_only = bool(os.statvfs(base).f_flag & os.ST_RDONLY)
    except OSError:
        read_only = False
    return "its filesystem is mounted read-only; mount it for writing" if read_only else "change its mode or owner"


def facts(base: Path) -> str:
    """Return what a person should know of baseDir."""
    room = os.statvfs(base)
    return f"baseDir {base.resolve()} is there and writable, {room.f_bavail * room.f_frsize / 1e9:.1f} GB free"
