"""Runs other programs, and tells what they said when they fail."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from testbed.errors import TestbedError
from testbed.places import logs

LAST_LINES = 15
Command = Sequence[str | Path]
Environ = Mapping[str, str | None]
"""Environment variables on top of this process's own; None takes one away."""


def run(
    command: Command,
    *,
    seconds: float,
    log: str,
    environ: Environ | None = None,
    cwd: Path | None = None,
) -> None:
    """Run `command` with its output in the log named `log`, and wait for it.

    Args:
        command: the program and its arguments.
        seconds: how long it may take.
        log: the name of the log file, without folder and ending; what it held is replaced.
        environ: as `Environ` says.
        cwd: the working directory, this process's own if None.

    Raises:
        TestbedError: it cannot be started, fails or takes too long; the last lines of its log are in the text.
    """
    path = logs() / f"{log}.log"
    with path.open("w", encoding="utf-8") as out:
        try:
            ended = subprocess.run(
                [str(word) for word in command],
                check=False,
                cwd=cwd,
                env=environment(environ),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=seconds,
            )
        except FileNotFoundError:
            raise TestbedError(f"{command[0]} is not on this machine: install it") from None
        except subprocess.TimeoutExpired:
            raise TestbedError(f"{command[0]} took more than {seconds:g} s; {last_lines(path)}") from None
    if ended.returncode:
        raise TestbedError(f"{command[0]} failed (exit code {ended.returncode}); {last_lines(path)}")


def ask(command: Command, *, seconds: float = 30, environ: Environ | None = None) -> str:
    """Return what `command` prints.

    Raises:
        TestbedError: it cannot be started, fails or takes too long; what it said is in the text.
    """
    try:
        ended = subprocess.run(
            [str(word) for word in command],
            check=False,
            capture_output=True,
            env=environment(environ),
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=seconds,
        )
    except FileNotFoundError:
        raise TestbedError(f"{command[0]} is not on this machine: install it") from None
    except subprocess.TimeoutExpired:
        raise TestbedError(f"{command[0]} did not answer in {seconds:g} s") from None
    if ended.returncode:
        said = (ended.stderr or ended.stdout).strip()
        raise TestbedError(f"{command[0]} failed (exit code {ended.returncode}): {said}")
    return ended.stdout


def last_lines(path: Path) -> str:
    """Return the end of the log at `path`, with the name of the file."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
    return "\n".join([f"the end of {path}:", *(f"    {line}" for line in lines)])


def environment(changes: Environ | None) -> dict[str, str]:
    """Return this process's environment with `changes`."""
    merged = {**os.environ, **(changes or {})}
    return {name: value for name, value in merged.items() if value is not None}
