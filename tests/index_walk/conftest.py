"""A clean environment into which things are installed by name from the local index alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

LIMIT = 60.0  # seconds


class Run(NamedTuple):
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


def run(*command: str | Path, cwd: Path, env: Mapping[str, str]) -> Run:
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, timeout=LIMIT, check=False)
    print(f"$ {' '.join(words)}\nexit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return Run(done.returncode, done.stdout, done.stderr)


class Clean:
    """A virtual environment that holds nothing but what is installed into it from one index."""

    def __init__(self, folder: Path, index: Any) -> None:
        self.folder = folder
        self._environment = index.environment()
        venv.create(folder / "venv")

    def pip(self, *arguments: str | Path) -> Run:
        """Run pip of this environment (another one's, told to act here: that spares the time to install pip)."""
        python = self.folder / "venv/bin/python"
        command = (sys.executable, "-m", "pip", "--python", python, *arguments, "--no-color")
        return run(*command, cwd=self.folder, env=self._environment)

    def runner(self, *arguments: str | Path) -> Run:
        """Run `bosun-plugin-runner` of this environment."""
        return run(self.folder / "venv/bin/bosun-plugin-runner", *arguments, cwd=self.folder, env=self._environment)


class Sources:
    """The distributions that the walk publishes: the generated plugin, and changed copies of it and of the core."""

    def __init__(self, folder: Path, local_index: Any) -> None:
        self._folder = folder
        self._tool = local_index

    def plugin(self) -> Path:
        """Return the folder of bosun-sample, written by `bosun-new-plugin`."""
        folder = self._folder / "bosun-sample"
        if not folder.exists():
            script = Path(sys.executable).with_name("bosun-new-plugin")
            subprocess.run([script, "sample", "--directory", folder], check=True, timeout=LIMIT)
        return folder

    def changed(self, source: Path, name: str, *changes: tuple[str, str, str]) -> Path:
        """Return a copy of a distribution with (file, text, other text) changed."""
        copy = self._folder / name
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", "dist"))
        for file, text, other in changes:
            content = (copy / file).read_text()
            assert content.count(text) == 1, f"{file} does not have {text!r} once"
            (copy / file).write_text(content.replace(text, other))
        return copy

    def newer_plugin(self) -> Path:
        """Return bosun-sample 2.0.0, made for contract 2.0."""
        return self.changed(
            self.plugin(),
            "bosun-sample-2",
            ("pyproject.toml", 'version = "0.1.0"', 'version = "2.0.0"'),
            ("pyproject.toml", 'dependencies = ["bosun-core>=0.1,<1"]', 'dependencies = ["bosun-core>=2.0,<3"]'),
            ("src/bosun_sample/plugin.py", 'contract_version = "1.0"', 'contract_version = "2.0"'),
        )

    def newer_core(self) -> Path:
        """Return bosun-core 2.0.0, which implements contract 2.0 and no longer 1."""
        contract = "src/bosun_core/contract.py"
        return self.changed(
            self._tool.ROOT / "bosun_core",
            "bosun-core-2",
            ("pyproject.toml", 'version = "0.1.0"', 'version = "2.0.0"'),
            (contract, 'CONTRACT_VERSION = "1.0"', 'CONTRACT_VERSION = "2.0"'),
            (contract, '_DROPPED = {0: "0.1"}', '_DROPPED = {0: "0.1", 1: "2.0"}'),
        )


@pytest.fixture(scope="session")
def sources(local_index: Any, tmp_path_factory: pytest.TempPathFactory) -> Sources:
    return Sources(tmp_path_factory.mktemp("sources"), local_index)


@pytest.fixture(scope="session")
def published(index: Any, local_index: Any, sources: Sources, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the index once the generated plugin is on it, built with what the index has."""
    folder = sources.plugin()
    index.publish(*local_index.build(folder, tmp_path_factory.mktemp("dist"), env=index.environment()))
    return index


@pytest.fixture(scope="session")
def later(
    published: Any, local_index: Any, sources: Sources, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """Return an index that has all that `published` has, and besides a newer core and a newer plugin."""
    folder = tmp_path_factory.mktemp("later")
    new, made = folder / "new", folder / "made"
    for path in (new, made):
        path.mkdir()
    with local_index.running(new, published.folder, local_index.third_party()) as index:
        for source in (sources.newer_core(), sources.newer_plugin()):
            index.publish(*local_index.build(source, made, env=index.environment()))
        yield index


@pytest.fixture
def clean(tmp_path: Path) -> Callable[[Any], Clean]:
    return lambda index: Clean(tmp_path, index)
