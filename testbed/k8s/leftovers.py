"""The pods' processes, mounts and control groups, ended and removed whether or not containerd is there to do it."""

import os
from contextlib import suppress
from pathlib import Path

from testbed import mounts, processes
from testbed.k8s import files
from testbed.k8s.files import CGROUP

_ROOT = Path("/sys/fs/cgroup")
# Where the kubelet, containerd and the pods' network leave something outside the cluster's folder, whatever it is.
_LOG_LINKS = Path("/var/log/containers")
_SHIM_SOCKETS = Path("/run/containerd/s")
_NETWORK_RESULTS = Path("/var/lib/cni/results")


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
    sockets = _sockets_of(shims)
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
    _remove_files(folder, sockets)
    return bool(shims or inside)


def _sockets_of(shims: list[int]) -> list[Path]:
    """Return the sockets at which these shims listen, and which nobody removes when they are killed."""
    nodes: set[str] = set()
    for number in shims:
        for descriptor in Path(f"/proc/{number}/fd").glob("*"):
            with suppress(OSError):
                nodes.add(str(descriptor.readlink()))
    found = []
    for line in Path("/proc/net/unix").read_text(encoding="utf-8").splitlines()[1:]:
        words = line.split()
        if len(words) > 7 and f"socket:[{words[6]}]" in nodes and Path(words[7]).parent == _SHIM_SOCKETS:
            found.append(Path(words[7]))
    return found


def _remove_files(folder: Path, sockets: list[Path]) -> None:
    for link in _LOG_LINKS.glob("*.log"):
        if link.is_symlink() and link.readlink().is_relative_to(folder):
            link.unlink()
    for path in sockets:
        path.unlink(missing_ok=True)
    for result in _NETWORK_RESULTS.glob(f"{files.NETWORK}-*-eth0"):
        pod = result.name.removeprefix(f"{files.NETWORK}-").removesuffix("-eth0")
        result.unlink()
        (_NETWORK_RESULTS / f"cni-loopback-{pod}-lo").unlink(missing_ok=True)


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
