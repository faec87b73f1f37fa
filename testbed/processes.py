"""A process that the testbed started, known by the file that holds its id."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from testbed.errors import TestbedError
from testbed.running import Environ, environment, last_lines

KILL_SECONDS = 10
_LOOK_AGAIN_SECONDS = 0.1


def start(command: list[str], log: Path, environ: Environ | None = None) -> subprocess.Popen[bytes]:
    """Start `command` apart from this process and its terminal, with its output in `log`."""
    with log.open("w", encoding="utf-8") as out:
        return subprocess.Popen(
            command,
            cwd="/",
            env=environment(environ),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_ready(process: subprocess.Popen[bytes], ready: Callable[[], bool], *, seconds: float, log: Path) -> None:
    """Wait until `ready()` holds.

    Raises:
        TestbedError: the process ended first, or took longer than `seconds` (then it is told to end).
    """
    name = Path(str(process.args[0] if isinstance(process.args, list) else process.args)).name
    limit = time.monotonic() + seconds
    while not ready():
        try:
            code = process.wait(_LOOK_AGAIN_SECONDS)
        except subprocess.TimeoutExpired:
            if time.monotonic() < limit:
                continue
            process.terminate()
            raise TestbedError(f"{name} was not ready in {seconds:g} s; {last_lines(log)}") from None
        raise TestbedError(f"{name} ended (exit code {code}); {last_lines(log)}")


def find(id_file: Path, word: str) -> int | None:
    """Return the id in `id_file` if that process runs and has `word` on its command line, None otherwise.

    The word keeps a process apart that was given the id of one that is gone.
    """
    try:
        number = int(id_file.read_text(encoding="utf-8"))
        command = Path(f"/proc/{number}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return number if word.encode() in command else None


def end(id_file: Path, word: str, *, seconds: float) -> None:
    """End the process of `id_file` by SIGTERM, after `seconds` by SIGKILL, and wait until it is gone.

    Already gone is success.

    Raises:
        TestbedError: it had to be killed, or is there even so.
    """
    number = find(id_file, word)
    if number is None:
        return
    try:
        handle = os.pidfd_open(number)
    except ProcessLookupError:
        return
    try:
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        if _gone(handle, seconds):
            return
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        gone = "it was killed" if _gone(handle, KILL_SECONDS) else "and SIGKILL did not end it either"
        raise TestbedError(f"process {number} did not end in {seconds:g} s: {gone}")
    except ProcessLookupError:
        return
    finally:
        os.close(handle)


def kill(numbers: Iterable[int]) -> None:
    """End the processes with these ids by SIGKILL, and wait until they are gone.

    Raises:
        TestbedError: one is there even so.
    """
    for number in numbers:
        try:
            handle = os.pidfd_open(number)
        except ProcessLookupError:
            continue
        try:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            if not _gone(handle, KILL_SECONDS):
                raise TestbedError(f"process {number} did not end: SIGKILL did not end it in {KILL_SECONDS} s")
        except ProcessLookupError:
            continue
        finally:
            os.close(handle)


def having(word: str) -> list[int]:
    """Return the ids of all processes that have `word` on their command line, this one aside."""
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in command.read_bytes() and int(command.parent.name) != os.getpid():
                found.append(int(command.parent.name))
        except OSError:
            continue  # it ended meanwhile
    return found


def _gone(handle: int, seconds: float) -> bool:
    return bool(select.select([handle], [], [], seconds)[0])
