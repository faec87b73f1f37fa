"""Whole processes, timed against a baseline of the same run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

_LAUNCHER = Path(__file__).with_name("launch.py")


class Measured(NamedTuple):
    """The fastest of several runs, and the largest resident memory of any of them in bytes."""

    seconds: float
    computed: float
    """The least processor time of any of them, in seconds: that does not grow with what else goes on."""
    memory: int


def measure(command: Sequence[str | Path], runs: int, before: Callable[[], object] = lambda: None) -> Measured:
    """Run `command` several times, `before` each untimed; the fastest counts, since other work only adds time.

    Raises:
        RuntimeError: a run failed.
    """
    return measure_in_turn([command], runs, before)[0]


def measure_in_turn(
    commands: Sequence[Sequence[str | Path]], runs: int, before: Callable[[], object] = lambda: None
) -> list[Measured]:
    """Measure several commands that are run in turn, so that each finds the machine as the others do.

    Raises:
        RuntimeError: a run failed.
    """
    found: list[list[Measured]] = [[] for _ in commands]
    for _ in range(runs):
        for command, measured in zip(commands, found, strict=True):
            before()
            measured.append(_run(command))
    return [_best(of) for of in found]


def _best(runs: Sequence[Measured]) -> Measured:
    seconds, computed, memory = zip(*runs, strict=True)
    return Measured(min(seconds), min(computed), max(memory))


def _run(command: Sequence[str | Path]) -> Measured:
    launched = [sys.executable, "-I", "-S", str(_LAUNCHER), *(str(word) for word in command)]
    told = subprocess.run(launched, stdout=subprocess.PIPE, check=True).stdout
    seconds, computed, memory, code = json.loads(told)
    if code != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {code}")
    return Measured(seconds, computed, memory)


class Row(NamedTuple):
    """One line of the report: what was measured, in which unit, and the mark that it must not exceed."""

    what: str
    value: float
    unit: str
    mark: float | None

    def __str__(self) -> str:
        verdict = "" if self.mark is None else f"  mark {self.mark:g}{self.unit}  {'ok' if self.met else 'MISSED'}"
        return f"{self.what:<66} {self.value:8.2f}{self.unit:<3}{verdict}"

    @property
    def met(self) -> bool:
        """Tell whether the value is within its mark."""
        return self.mark is None or self.value <= self.mark
