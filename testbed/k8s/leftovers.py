"""The pods' processes, mounts and control groups, ended and removed whether or not containerd is there to do it."""

import os
from pathlib import Path

from testbed import mounts, processes
from testbed.k8s.files import CGROUP

_ROOT = Path("/sys/fs/cgroup")


def make_cgroups() -> None:
    """Make the control group of all pods, which the kubelet wants to find."""
    for hierarchy in _hierarchies():
        (hierarchy / CGROUP).mkdir(exist_ok=True)
    unified = _ROOT / "cgroup.controllers"
    if unified.exists():
        for word in unified.read_text(encoding="utf-8").split():
            for group in (_ROOT, _ROOT / CGROUP):
                (group / "cgroup.subtree_control").write_text(f"+{word}", encoding="utf-8")


def remove(folder: Path) -> bool:
    """End every process of a pod of the cluster in `folder`; return whether there was one. Their mounts go too.

    Raises:
        TestbedError: a process or a mount cannot be removed.
    """
    shims = processes.having(f"{folder}/containerd.sock")
    # Shims first: they would start nothing anew, but each tells a containerd that is gone of every end.
    inside = _inside()
    processes.kill([*shims, *inside])
    # A process may have forked meanwhile.
    processes.kill(_inside())
    mounts.unmount_below(folder)
    for hierarchy in _hierarchies():
        group = hierarchy / CGROUP
        if group.is_dir():
            for path, _, _ in os.walk(group, topdown=False):
                Path(path).rmdir()
    return bool(shims or inside)


def _hierarchies() -> list[Path]:
    """Return where control groups are mounted: once in version 2, for each controller in version 1."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        before, _, after = line.partition(" - ")
        if after.startswith(("cgroup ", "cgroup2 ")):
            found.append(Path(before.split()[4]))
    return found


def _inside() -> list[int]:
    found: set[int] = set()
    for hierarchy in _hierarchies():
        for path in (hierarchy / CGROUP).rglob("cgroup.procs"):
            found.update(int(word) for word in path.read_text(encoding="utf-8").split())
    return sorted(found)
