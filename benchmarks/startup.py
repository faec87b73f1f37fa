"""The cold start: whole processes against a bare interpreter."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from environment import Installed
from measure import Row, measure_in_turn

_RUNS = 25


def rows(installed: Installed) -> Iterator[Row]:
    """Measure the list of actions, and the start of a 5 MB deployment."""
    package = installed.folder / "five.mlpkg"
    package.write_bytes(os.urandom(5_000_000))
    info = {"id": "d1", "modelId": "A", "modelArtifact": str(package)}

    def clean() -> None:
        shutil.rmtree(installed.base / "deployment_d1", ignore_errors=True)

    commands: list[list[str | Path]] = [
        [installed.python, "-I", "-c", "pass"],
        [installed.runner, "--list-actions"],
        installed.command("deployment_start", info),
        installed.command("deployment_list"),
    ]
    bare, listing, start, empty = (one.seconds for one in measure_in_turn(commands, _RUNS, before=clean))
    yield Row("bare interpreter (python -I -c pass)", bare * 1000, "ms", None)
    yield Row("--list-actions, times the bare interpreter", listing / bare, "x", 5.4)
    yield Row("filesystem deployment_start of 5 MB, times the bare interpreter", start / bare, "x", 8.3)
    yield Row("filesystem deployment_list of none, times the bare interpreter", empty / bare, "x", None)
    clean()
