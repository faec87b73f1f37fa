"""Mounts of this machine."""

from pathlib import Path

from testbed.running import run

UNMOUNT_SECONDS = 60


def unmount_below(folder: Path) -> None:
    """Take away every mount at or below `folder`, the last one first.

    Raises:
        TestbedError: one is in use.
    """
    for mount in reversed(Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()):
        point = mount.split()[4]
        if Path(point).is_relative_to(folder):
            run(["umount", point], seconds=UNMOUNT_SECONDS, log="unmount")
