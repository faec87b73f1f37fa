"""What comes from Debian's packages: programs for this machine, root file systems for images."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.errors import TestbedError
from testbed.parts import digest, part
from testbed.running import Command, run

SUITE = "bookworm"
INSTALL_SECONDS = 900
BOOTSTRAP_SECONDS = 1200
# apt asks this program whether it may start a package's service: 101 is no.
_SERVICE_POLICY = Path("/usr/sbin/policy-rc.d")
# debootstrap mounts /proc and more below its folder: in a namespace of its own they are gone when it ends, however it
# does, and no removal of the folder ever reaches this machine's.
_APART = ("nice", "unshare", "--mount", "--pid", "--fork", "--kill-child")
_NOT_IN_THE_IMAGE = (
    "./dev/*",
    "./proc/*",
    "./sys/*",
    "./var/cache/apt/*",
    "./var/lib/apt/lists/*",
    "./usr/share/doc/*",
)


def install(packages: dict[str, str]) -> None:
    """Install those of `packages` (program: the package that brings it) whose program is not there.

    Raises:
        TestbedError: a program is missing and this is not root on Debian, or apt-get fails.
    """
    missing = sorted({package for program, package in packages.items() if not shutil.which(program)})
    if not missing:
        return
    names = " ".join(missing)
    if not may_install():
        raise TestbedError(f"missing: {names}. Install it, or run this as root on Debian, which installs it")
    print(f"installing {names}", flush=True)
    environ = {"DEBIAN_FRONTEND": "noninteractive"}
    with _no_service_starts():
        run(["apt-get", "update"], seconds=INSTALL_SECONDS, log="apt-update", environ=environ)
        command = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
        run(command, seconds=INSTALL_SECONDS, log="apt-install", environ=environ)


def may_install() -> bool:
    """Return whether this is root on a machine with Debian's package manager."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Keep what is installed from starting: the testbed stops only what it started itself."""
    ours = not _SERVICE_POLICY.exists()
    if ours:
        _SERVICE_POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
        _SERVICE_POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            _SERVICE_POLICY.unlink()


def root_key(packages: tuple[str, ...]) -> str:
    """Return the hash of what `root_file_system` makes a file system of."""
    return digest(SUITE, *packages, *_NOT_IN_THE_IMAGE)


def root_file_system(name: str, packages: tuple[str, ...]) -> Path:
    """Return a tar archive of a small Debian with `packages`, made by debootstrap where the cache has none.

    Raises:
        TestbedError: debootstrap cannot be had, or fails.
    """

    def make(folder: Path) -> None:
        if os.geteuid() != 0:
            raise TestbedError(f"only root can make the file system of {name}: run this as root on Debian")
        install({"debootstrap": "debootstrap"})
        print(f"making {name} of Debian's packages: about a minute", flush=True)
        root = folder / "root"
        include = f"--include={','.join(packages)}"
        bootstrap: Command = [*_APART, "debootstrap", "--variant=minbase", include, SUITE, root]
        run(bootstrap, seconds=BOOTSTRAP_SECONDS, log=f"debootstrap-{name}")
        leave_out = [f"--exclude={pattern}" for pattern in _NOT_IN_THE_IMAGE]
        archive = folder / "root.tar"
        pack: Command = ["tar", "--create", "--file", archive, "--numeric-owner", *leave_out, "-C", root, "."]
        run(pack, seconds=BOOTSTRAP_SECONDS, log=f"tar-{name}")
        shutil.rmtree(root)

    return part(name, root_key(packages), make) / "root.tar"
