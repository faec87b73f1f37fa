"""Who holds a lock: a process, named so that others on its machine can see whether it still lives."""

from __future__ import annotations

import functools
import os
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PROCESSES = Path("/proc/self/ns/pid")


@functools.cache
def _machine() -> str:
    """Return what names this machine's processes: its boot, and where they are counted. Empty where /proc is none."""
    try:
        return f"{_BOOT.read_text().strip()}/{os.readlink(_PROCESSES)}"  # noqa: PTH115  # it is no path that it leads to
    except OSError:
        return ""


def _began(pid: int) -> str | None:
    """Return when a process began, in the kernel's ticks, or None where there is no such process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]  # a zombie holds nothing any more


def this_process() -> str:
    """Return the name of this process as a holder."""
    pid = os.getpid()
    return f"{_machine()} {pid} {_began(pid)}"


def is_surely_dead(holder: str) -> bool:
    """Tell whether a holder was a process of this machine that is no more; False also where that cannot be known."""
    pid, _, began = holder.partition(" ")[2].partition(" ")
    if not is_of_this_machine(holder) or not pid.isdigit():
        return False
    return _began(int(pid)) != began


def is_of_this_machine(holder: str) -> bool:
    """Tell whether a holder is a process of this machine, so that its death is seen by `is_surely_dead`."""
    machine = holder.partition(" ")[0]
    return bool(machine) and machine == _machine()
