"""A stage for bad input: an environment that serves one deployment, and the real runner, which may change nothing."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from bosun_core.runner import ActionRequest, run_action

RUNNER = str(Path(sys.executable).with_name("bosun-plugin-runner"))
LIMIT = 30.0  # seconds that no run may take
KEYS = {"data", "duration", "msg", "state", "status", "timestamp"}
# Root reads whatever it likes; without these capabilities it is a user like any other.
AS_A_USER = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


class Run(NamedTuple):
    """One run of the command: its exit code, what it wrote, and the document in its status file (None: no file)."""

    code: int
    stdout: str
    stderr: str
    document: dict[str, Any] | None


@dataclass
class Stage:
    """A folder with an environment that serves deployment d0 with model m0, and the files that tests put beside it."""

    folder: Path
    unavailable: Callable[[str], None]

    @property
    def status_file(self) -> Path:
        return self.folder / "status.yaml"

    def put(self, name: str, content: str | bytes) -> str:
        """Write a file, `{tmp}` in a text being the folder; return its path."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else self.placed(content).encode("utf-8"))
        return str(path)

    def put_socket(self, name: str) -> None:
        """Leave a socket that nobody listens to."""
        here = os.open(self.folder, os.O_RDONLY)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"/proc/self/fd/{here}/{name}")  # the path of a socket may have 108 bytes only
        os.close(here)

    def placed(self, text: str) -> str:
        return text.replace("{tmp}", str(self.folder))

    def command(self, action: str, *flags: str, plugin: str = "fs") -> list[str]:
        """Return the arguments of an action on the environment, with a status file; later flags win."""
        private = ["--private-config", str(self.folder / "private.yaml")]
        usual = ["--plugin", plugin, "--action", action, *private, "--status-file", str(self.status_file)]
        return [*usual, *map(self.placed, flags)]

    def run(self, *arguments: str | bytes, env: Mapping[str, str] | None = None, as_a_user: bool = False) -> Run:
        """Run `bosun-plugin-runner` in a process of its own."""
        done = subprocess.run(
            [*self._as_a_user(as_a_user), RUNNER, *arguments],
            cwd=self.folder,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        text = self.status_file.read_text("utf-8") if self.status_file.exists() else None
        print(f"exit code {done.returncode}\n--- stdout\n{done.stdout}\n--- stderr\n{done.stderr}\n--- status\n{text}")
        return Run(done.returncode, done.stdout, done.stderr, None if text is None else yaml.safe_load(text))

    def refused(
        self,
        *arguments: str | bytes,
        line: str,
        state: str | None = None,
        data: object = None,
        code: int = 0,
        **process: Any,
    ) -> None:
        """Run the command and check all that a refusal promises; `line` is the whole line, `{tmp}` the folder."""
        before = self.tree()
        run = self.run(*arguments, **process)
        line = self.placed(line)
        assert (run.code, run.stdout, run.stderr) == (code, "", f"bosun-plugin-runner: {line}\n")
        assert run.document is not None
        assert told(run.document) == {"data": data, "msg": line, "state": state, "status": "failing"}
        self.status_file.unlink()
        assert self.tree() == before

    def act(self, action: str, config: str) -> dict[str, Any]:
        """Run an action in this process, `config` being the text of its action file; return its status."""
        private = str(self.folder / "private.yaml")
        return run_action(ActionRequest("fs", action, self.put("action.yaml", config), private))

    def tree(self) -> dict[str, tuple[str, bytes | str]]:
        """Return everything in the folder: mode, and content or target, by path. What Python compiles is left out."""
        found: dict[str, tuple[str, bytes | str]] = {}
        for path in sorted(self.folder.rglob("*")):
            if "__pycache__" not in path.parts:
                mode = path.lstat().st_mode
                content: bytes | str = b""
                if stat.S_ISLNK(mode):
                    content = str(path.readlink())
                elif stat.S_ISREG(mode) and os.access(path, os.R_OK):
                    content = path.read_bytes()
                found[str(path.relative_to(self.folder))] = (stat.filemode(mode), content)
        return found

    def _as_a_user(self, wanted: bool) -> tuple[str, ...]:
        if not wanted or os.getuid() != 0:
            return ()
        if shutil.which("setpriv") is None:
            self.unavailable("root without setpriv reads and writes everything")
        return AS_A_USER


def told(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a status without its times, which are checked to be times."""
    assert set(document) == KEYS
    assert isinstance(document["timestamp"], int)
    assert isinstance(document["duration"], float)
    return {key: value for key, value in document.items() if key not in ("duration", "timestamp")}


@pytest.fixture(name="told")
def _told() -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return told


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a base folder in which d0 is deployed; each test has a copy."""
    folder = tmp_path_factory.mktemp("environment")
    (folder / "base").mkdir()
    (folder / "package").write_bytes(b"model 0")
    (folder / "private.yaml").write_text(f"baseDir: {folder}/base")
    info = f"deploymentInfo: {{id: d0, modelId: m0, modelArtifact: {folder}/package}}"
    (folder / "action.yaml").write_text(info)
    request = ActionRequest("fs", "deployment_start", str(folder / "action.yaml"), str(folder / "private.yaml"))
    assert run_action(request)["status"] == "passing"
    return folder / "base"


@pytest.fixture
def stage(tmp_path: Path, environment: Path, unavailable: Callable[[str], None]) -> Stage:
    shutil.copytree(environment, tmp_path / "base")
    result = Stage(tmp_path, unavailable)
    result.put("private.yaml", "baseDir: {tmp}/base\n")
    result.put("package", b"a model")
    return result
