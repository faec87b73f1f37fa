# metrics_extension.py
"""Counts every action and the seconds that it took, in a text file that Prometheus' node exporter reads."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from bosun_core import ActionContext, EnvironmentFailure, locked, wrapper, write_whole

VARIABLE = "BOSUN_METRICS"  # names the file, say /var/lib/node_exporter/bosun.prom; not set: nothing is counted
COUNT, SECONDS = "bosun_actions_total", "bosun_action_seconds_total"
HELP = {
    COUNT: "Actions that were run, by plugin, action and the status that they came to.",
    SECONDS: "Seconds that these actions took.",
}


class Metrics:
    """The extension: one wrapper, which wraps every action of every plugin."""

    @wrapper
    def around_action(self, context: ActionContext) -> Generator[None, Any, Any]:
        """Measure the action; a dry run is none."""
        began = time.monotonic()
        status = "failing"  # unless it comes to a status of its own
        try:
            outcome = yield  # here the action runs
            found = getattr(outcome, "status", None)
            status = getattr(found, "value", status)
            return outcome
        finally:
            path = os.environ.get(VARIABLE)
            if path and not context.dry_run:
                labels = {"plugin": context.plugin, "action": context.action, "status": status}
                add(Path(path), labels, time.monotonic() - began)


def add(path: Path, labels: dict[str, str], seconds: float) -> None:
    """Add one action to what the file has counted so far.

    Raises:
        EnvironmentFailure: the file cannot be written, or belongs to somebody else.
    """
    shown = ",".join(f'{name}="{escaped(value)}"' for name, value in labels.items())
    try:
        with locked(path.with_name(f".{path.name}.lock"), 10.0, str(path)):  # several runners may end at once
            counted = read(path)
            for metric, value in ((COUNT, 1.0), (SECONDS, seconds)):
                series = f"{metric}{{{shown}}}"
                counted[series] = counted.get(series, 0.0) + value
            write_whole(path, text_of(counted).encode())  # who reads it sees the old file or the new one
    except OSError as error:
        raise EnvironmentFailure(f"cannot write {path}: {error.strerror}; check {VARIABLE}") from error


def read(path: Path) -> dict[str, float]:
    """Return the value of each series in the file; without a file there are none.

    Raises:
        EnvironmentFailure: the file has others too, which would be lost.
    """
    try:
        samples = [line.rpartition(" ") for line in path.read_text().splitlines() if not line.startswith("#")]
    except FileNotFoundError:
        return {}
    if not all(series.startswith((f"{COUNT}{{", f"{SECONDS}{{")) for series, _, _ in samples):
        raise EnvironmentFailure(f"{path} has metrics of somebody else; name another file with {VARIABLE}")
    return {series: float(value) for series, _, value in samples}


def text_of(counted: dict[str, float]) -> str:
    """Return the file's text: each metric with its help and type, then its series in order."""
    lines = []
    for metric, explanation in HELP.items():
        lines += [f"# HELP {metric} {explanation}", f"# TYPE {metric} counter"]
        lines += [
            f"{series} {value:.12g}" for series, value in sorted(counted.items()) if series.startswith(f"{metric}{{")
        ]
    return "\n".join([*lines, ""])


def escaped(value: str) -> str:
    """Return a label's value as the format wants it."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
