"""A package of 2 GiB, against `cp PACKAGE X && sync X`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

from environment import Installed
from measure import Row, measure

_GIB = 1024**3
_RUNS = 3


def rows(installed: Installed) -> Iterator[Row]:
    """Measure memory and time of a start."""
    package = installed.folder / "large.mlpkg"
    with package.open("wb") as file:
        for _ in range(2 * _GIB // 1024**2):
            file.write(os.urandom(1024**2))
        file.flush()
        os.fsync(file.fileno())
    copy = installed.folder / "copy.mlpkg"
    plain = measure(
        ["sh", "-c", f"cp {package} {copy} && sync {copy}"], _RUNS, before=lambda: copy.unlink(missing_ok=True)
    )
    copy.unlink()
    info = {"id": "large", "modelId": "A", "modelArtifact": str(package)}
    folder = installed.base / "deployment_large"
    start = measure(
        installed.command("deployment_start", info), _RUNS, before=lambda: shutil.rmtree(folder, ignore_errors=True)
    )
    yield Row("cp and sync of 2 GiB", plain.seconds, "s", None)
    yield Row("filesystem deployment_start of 2 GiB, times cp and sync", start.seconds / plain.seconds, "x", 1.15)
    yield Row("filesystem deployment_start of 2 GiB, memory", start.memory / 1e6, "MB", 60.0)
    shutil.rmtree(folder)
    package.unlink()
