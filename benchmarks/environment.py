"""What the benchmarks run: the wheels in a clean environment of their own, as a user has them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("BOSUN_CACHE") or Path.home() / ".cache" / "bosun")
UV = os.environ.get("UV") or str(ROOT / ".tools/bin/uv")


class Installed(NamedTuple):
    """A clean environment with the wheels in it, and a folder for files."""

    folder: Path

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.folder / "venv/bin/python"

    @property
    def runner(self) -> Path:
        """The command line."""
        return self.folder / "venv/bin/bosun-plugin-runner"

    @property
    def base(self) -> Path:
        """The folder of the deployments."""
        return self.folder / "base"

    def command(self, action: str, info: dict[str, Any] | None = None) -> list[str | Path]:
        """Return the command of one action of the filesystem plugin."""
        return self.command_of("fs", action, {"deploymentInfo": info}, {"baseDir": str(self.base)})

    def command_of(self, plugin: str, action: str, config: dict[str, Any], private: dict[str, Any]) -> list[str | Path]:
        """Return the command of one action of a plugin, with its configuration files written."""
        words: list[str | Path] = [self.runner, "--plugin", plugin, "--action", action]
        for flag, content in (("config", config), ("private-config", private)):
            file = self.folder / f"{plugin}.{action}.{flag}.yaml"
            file.write_text(json.dumps(content))
            words += [f"--{flag}", file]
        return [*words, "--status-file", self.folder / "status.yaml"]


def testbed_variables(file: Path) -> dict[str, str] | None:
    """Return the variables that the testbed wrote; None where it did not."""
    if not file.exists():
        return None
    return dict(line.split("=", 1) for line in file.read_text(encoding="utf-8").splitlines())


@contextmanager
def set_variables(variables: Mapping[str, str]) -> Iterator[None]:
    """Have this process and those that it starts see the variables, until the block ends."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def install(folder: Path) -> Installed:
    """Build the wheels and install them into a clean environment in `folder`."""
    _uv("venv", "--quiet", str(folder / "venv"))
    installed = Installed(folder)
    add(installed, "bosun-core", "bosun-fs")
    installed.base.mkdir()
    return installed


def add(installed: Installed, *distributions: str) -> None:
    """Build the wheels of more distributions and install them there too."""
    wheels = installed.folder / "wheels"
    for distribution in distributions:
        _uv("build", "--quiet", "--wheel", "--package", distribution, "--out-dir", str(wheels))
    paths = [str(path) for path in wheels.glob("*.whl")]
    _uv("pip", "install", "--quiet", "--compile-bytecode", "--python", str(installed.folder / "venv"), *paths)


def _uv(*arguments: str) -> None:
    subprocess.run([UV, *arguments], check=True, cwd=ROOT)
