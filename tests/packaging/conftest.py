"""The wheels of all distributions, built once, and clean environments with one of them each."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
LIMIT = 120.0  # seconds: a package index may be slow


class Distribution(NamedTuple):
    """One member of the workspace, as its pyproject.toml describes it."""

    folder: Path
    project: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.project["name"])

    @property
    def module(self) -> str:
        return self.name.replace("-", "_")

    @property
    def is_published(self) -> bool:
        return "Private :: Do Not Upload" not in self.project.get("classifiers", ())

    def plugins(self) -> dict[str, str]:
        return dict(self.project.get("entry-points", {}).get("bosun.plugins", {}))

    def extras(self) -> dict[str, list[str]]:
        return dict(self.project.get("optional-dependencies", {}))


def members() -> list[Distribution]:
    workspace = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]["members"]
    folders = [ROOT / member for member in workspace]
    return [
        Distribution(folder, tomllib.loads((folder / "pyproject.toml").read_text())["project"]) for folder in folders
    ]


PUBLISHED = [member for member in members() if member.is_published]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for a `distribution` with each that is published."""
    if "distribution" in metafunc.fixturenames:
        metafunc.parametrize("distribution", PUBLISHED, ids=[member.name for member in PUBLISHED])


class Environment(NamedTuple):
    """A virtual environment with nothing in it but what was installed for the test."""

    folder: Path

    def run(self, *command: str, **options: Any) -> str:
        """Run a command of the environment, away from the sources, and return what it printed."""
        return run(str(self.folder / "bin" / command[0]), *command[1:], cwd=self.folder, **options)

    def python(self, code: str) -> str:
        return self.run("python", "-I", "-c", code)

    def installed(self) -> dict[str, str]:
        rows = json.loads(run(uv(), "pip", "list", "--python", str(self.folder / "bin" / "python"), "--format", "json"))
        return {row["name"]: row["version"] for row in rows}

    def check(self) -> None:
        """Fail where the installed packages do not fit each other."""
        run(uv(), "pip", "check", "--python", str(self.folder / "bin" / "python"))

    def plugins(self) -> list[dict[str, Any]]:
        return list(json.loads(self.run("bosun-plugin-runner", "--list-plugins", "--json")))


def run(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
    """Run a command and return what it printed on stdout; the test tells what it said where it fails."""
    clean = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(
        command, cwd=cwd, env={**clean, **(env or {})}, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    print(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}")
    assert done.returncode == 0, done.stderr
    return done.stdout


def uv() -> str:
    """Return the uv of the environment variable UV, of this checkout, or of PATH."""
    own = ROOT / ".tools" / "bin" / "uv"
    found = os.environ.get("UV") or (str(own) if own.exists() else shutil.which("uv"))
    if found is None:
        pytest.fail("uv builds the wheels; run make setup, or name it in UV")
    return found


@pytest.fixture(scope="session")
def workspace() -> dict[str, Distribution]:
    """Return all members of the workspace by name, those that are never published too."""
    return {member.name: member for member in members()}


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the wheel of each published distribution by its name, built the way a release is."""
    out = tmp_path_factory.mktemp("wheels")
    for member in PUBLISHED:
        run(uv(), "build", "--wheel", "--no-sources", "--package", member.name, "--out-dir", str(out))
    return {member.name: next(out.glob(f"{member.module}-*.whl")) for member in PUBLISHED}


Install = Callable[[str, Sequence[str]], Environment]


@pytest.fixture(scope="session")
def install(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Return the call that makes an environment (once for each name) and installs what it is given into it."""
    made: dict[str, Environment] = {}
    # Our own packages are the wheels, whatever an index may have under their names.
    own = tmp_path_factory.mktemp("constraints") / "own.txt"
    own.write_text("".join(f"{name} @ {wheel.as_uri()}\n" for name, wheel in wheels.items()))

    def installed(name: str, requirements: Sequence[str]) -> Environment:
        if name not in made:
            environment = Environment(tmp_path_factory.mktemp(name) / "venv")
            run(uv(), "venv", "--python", sys.executable, str(environment.folder))
            python = str(environment.folder / "bin" / "python")
            run(uv(), "pip", "install", "--python", python, "--constraint", str(own), *requirements)
            made[name] = environment
        return made[name]

    return installed


@pytest.fixture
def alone(distribution: Distribution, install: Install) -> Environment:
    """Return an environment into which the distribution was installed by its name."""
    return install(distribution.name, [distribution.name])
