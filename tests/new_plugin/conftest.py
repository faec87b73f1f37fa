"""`bosun-new-plugin` as a command, and what it writes, installed beside the packages of this environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
LIMIT = 100.0  # seconds


class Run(NamedTuple):
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


def run(
    *command: str | Path, cwd: Path, env: dict[str, str] | None = None, before: Callable[[], None] | None = None
) -> Run:
    words = [str(word) for word in command]
    done = subprocess.run(
        words,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
        preexec_fn=before,
    )
    print(f"$ {' '.join(words)}\nexit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return Run(done.returncode, done.stdout, done.stderr)


def tool(name: str) -> Path:
    """Return the path of a command of this environment."""
    return Path(sys.executable).with_name(name)


def uv() -> str:
    found = os.environ.get("UV") or shutil.which(ROOT / ".tools/bin/uv") or shutil.which("uv")
    assert found, "uv is needed: run make setup, or name it in the variable UV"
    return found


class Written(NamedTuple):
    """A distribution as it was written, and a folder in which it is installed."""

    folder: Path
    site: Path

    def run(self, name: str, *arguments: str | Path) -> Run:
        """Run a tool in the distribution's folder."""
        env = {"PYTHONPATH": str(self.site), "BOSUN_CONFORMANCE": "quick"}
        return run(tool(name), *arguments, cwd=self.folder, env=env)


@pytest.fixture(name="run", scope="session")
def _run() -> Callable[..., Run]:
    return run


@pytest.fixture(scope="session")
def write() -> Callable[..., Run]:
    """Return a function that runs `bosun-new-plugin` in a folder."""

    def write(*arguments: str | Path, cwd: Path, before: Callable[[], None] | None = None) -> Run:
        return run(tool("bosun-new-plugin"), *arguments, cwd=cwd, before=before)

    return write


@pytest.fixture(scope="session")
def written(write: Callable[..., Run], tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("written")
    assert write("sample", cwd=folder).code == 0
    install = (uv(), "pip", "install", "--quiet", "--no-deps", "--python", sys.executable, "--target", "site")
    assert run(*install, "./bosun-sample", cwd=folder).code == 0
    return Written(folder / "bosun-sample", folder / "site")


@pytest.fixture(scope="session")
def kit(written: Written) -> tuple[Run, str]:
    """Return the run of what was written's own tests, and the report card that it made."""
    path = written.site / "card.md"
    done = written.run("pytest", "-q", f"--report-card={path}")
    return done, path.read_text()
