"""The cold start: whole processes against a bare interpreter."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

from environment import Installed
from measure import Row, measure

_RUNS = 15


def rows(installed: Installed) -> Iterator[Row]:
    """Measure the list of actions, and the start of a 5 MB deployment."""
    bare = measure([installed.python, "-I", "-c", "pass"], _RUNS).seconds
    yield Row("bare interpreter (python -I -c pass)", bare * 1000, "ms", None)
    listing = measure([installed.runner, "--list-actions"], _RUNS).seconds
    yield Row("--list-actions, times the bare interpreter", listing / bare, "x", 5.4)
    package = installed.folder / "five.mlpkg"
    package.write_bytes(os.urandom(5_000_000))
    info = {"id": "d1", "modelId": "A", "modelArtifact": str(package)}

    def clean() -> None:
        shutil.rmtree(installed.base / "deployment_d1", ignore_errors=True)

    start = measure(installed.command("deployment_start", info), _RUNS, before=clean).seconds
    yield Row("filesystem deployment_start of 5 MB, times the bare interpreter", start / bare, "x", 8.3)
    status = measure(installed.command("deployment_status", info), _RUNS).seconds
    yield Row("filesystem deployment_status, times the bare interpreter", status / bare, "x", None)
    clean()
