"""What the tests of the core share: plugins written on the spot, and the runner in this process or in its own."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from bosun_core.redaction import SECRETS
from bosun_core.runner import ActionRequest, run_action

RUNNER = str(Path(sys.executable).with_name("bosun-plugin-runner"))
LIMIT = 30.0  # seconds that no run of these tests may take

_METHODS = {
    "plugin_start": "",
    "plugin_stop": "",
    "deployment_list": "",
    "deployment_start": ", deployment_info",
    "deployment_stop": ", deployment_info",
    "deployment_replace_model": ", deployment_info",
    "deployment_status": ", deployment_info",
    "pe_status": "",
}


def plugin_source(
    body: str = "", *, head: str = "", name: str = "Sample", base: str = "BosunPluginBase", without: str = ""
) -> str:
    """Return a module with one plugin class whose methods say `NAME METHOD`; what `body` defines comes on top."""
    methods = [
        f"    def {method}(self{given}):\n        return ok('{name} {method}')\n"
        for method, given in _METHODS.items()
        if method != without
    ]
    indented = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return (
        "from bosun_core import ActionStatus, ActionStatusInfo, BosunPluginBase\n"
        "def ok(msg=None, **data):\n    return ActionStatusInfo(ActionStatus.OK, msg, data=data or None)\n"
        f"{head}\nclass {name}({base}):\n{''.join(methods)}{indented}"
    )


class Run(NamedTuple):
    """One run of the command: its exit code and what it wrote; `status` is the status file's, else stdout's."""

    code: int
    stdout: str
    stderr: str
    status_file: Path

    @property
    def status(self) -> dict[str, Any]:
        text = self.status_file.read_text() if self.status_file.exists() else self.stdout
        document = yaml.safe_load(text)
        assert isinstance(document, dict), self.story
        return document

    @property
    def outcome(self) -> tuple[str, str]:
        """Return status and msg: what most tests are about."""
        return self.status["status"], self.status["msg"]

    @property
    def story(self) -> str:
        written = self.status_file.read_text() if self.status_file.exists() else "(none)"
        return (
            f"exit code {self.code}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}\n--- status file\n{written}"
        )


@dataclass
class Started:
    """A runner that runs in a process of its own; its events come through a pipe, so that nothing has to be polled."""

    process: subprocess.Popen[str]
    events: int
    status_file: Path

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for the event that is wanted, and return it."""
        seen = b""
        while select.select([self.events], [], [], LIMIT)[0]:
            seen += os.read(self.events, 65536)
            *lines, seen = seen.split(b"\n")
            for event in map(json.loads, lines):
                print(event)
                if wanted(event):
                    return dict(event)
        raise AssertionError(f"no such event within {LIMIT} s")

    def finished(self) -> Run:
        """Wait until the runner has ended and return how it did."""
        stdout, stderr = self.process.communicate(timeout=LIMIT)
        run = Run(self.process.returncode, stdout, stderr, self.status_file)
        print(run.story)
        return run


@dataclass
class Bench:
    """A folder with plugins, action files and status files, and the runner on them.

    `sites` are folders of installed packages, besides those of this environment.
    """

    folder: Path
    sites: list[Path] = field(default_factory=list)

    def install(self, name: str, version: str, entry_points: Mapping[str, Mapping[str, str]], **modules: str) -> Path:
        """Install a distribution from a wheel made on the spot; returns the folder that it is installed in."""
        return self._install_wheel(name, version, entry_points, {f"{key}.py": text for key, text in modules.items()})

    def install_third_party(self) -> Path:
        """Install the distribution bosun-acme, which has the plugin acme and the extension acme-audit."""
        source = Path(__file__).parents[1] / "fixtures" / "third_party" / "bosun_acme"
        project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
        files = {str(file.relative_to(source / "src")): file.read_text() for file in source.glob("src/*/*.py")}
        return self._install_wheel(project["name"], project["version"], project["entry-points"], files)

    def _install_wheel(
        self, name: str, version: str, entry_points: Mapping[str, Mapping[str, str]], files: Mapping[str, str]
    ) -> Path:
        stem = f"{name.replace('-', '_')}-{version}"
        lines = [
            f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in each.items()) for group, each in entry_points.items()
        ]
        metadata = {
            "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Dist: bosun-core\n",
            "WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            "entry_points.txt": "\n".join(lines),
        }
        content = {**files, **{f"{stem}.dist-info/{key}": text for key, text in metadata.items()}}
        content[f"{stem}.dist-info/RECORD"] = "".join(f"{path},,\n" for path in content)
        wheel = self.folder / f"{stem}-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, text in content.items():
                archive.writestr(path, text)
        site = self.folder / f"site-{len(self.sites)}"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)
        self.sites.append(site)
        sys.path.insert(0, str(site))
        return site

    def plugin(self, body: str = "", *, file: str = "sample.py", **source: Any) -> str:
        """Write a plugin and return its path, to be named with --plugin."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(plugin_source(body, **source))
        importlib.invalidate_caches()  # this process may have looked into the folder a moment ago
        return str(path)

    def action_file(self, deployment: Mapping[str, Any] | None = None, **plugin_config: Any) -> str:
        """Write an action file; a deployment always has an id and a model."""
        path = self.folder / "action.yaml"
        info = None if deployment is None else {"id": "d1", "modelId": "m1", **deployment}
        path.write_text(json.dumps({"pluginConfig": plugin_config, "deploymentInfo": info}))
        return str(path)

    def act(
        self,
        plugin: str,
        action: str,
        deployment: Mapping[str, Any] | None = None,
        plugin_config: Mapping[str, Any] | None = None,
        **request: Any,
    ) -> dict[str, Any]:
        """Run an action in this process and return its status."""
        config = self.action_file(deployment, **(plugin_config or {}))
        document = run_action(ActionRequest(plugin, action, config, **request))
        print(f"{action} of {plugin}: {document}")
        return document

    def outcome(self, plugin: str, action: str = "plugin_start", **given: Any) -> tuple[str, str]:
        """Run an action in this process and return status and msg of it."""
        document = self.act(plugin, action, **given)
        return document["status"], document["msg"]

    def command(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        status_file: Path | None = None,
        shell: str = 'exec "$@"',
    ) -> Run:
        """Run `bosun-plugin-runner` in a process of its own; the shell runs it as "$@"."""
        done = subprocess.run(
            ["sh", "-c", shell, "sh", RUNNER, *arguments],
            cwd=self.folder,
            env=self.environment(env),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        run = Run(done.returncode, done.stdout, done.stderr, status_file or self.folder / "status.yaml")
        print(run.story)
        return run

    def environment(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment variables of a process that finds what was installed here."""
        return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, reversed(self.sites))), **(env or {})}

    @contextlib.contextmanager
    def started(
        self, *arguments: str, env: Mapping[str, str] | None = None, ignoring: tuple[signal.Signals, ...] = ()
    ) -> Iterator[Started]:
        """Start `bosun-plugin-runner`, those signals ignored as an agent may have them; it is killed at the end."""
        events = Path(tempfile.mkdtemp(dir=self.folder)) / "events"
        os.mkfifo(events)
        # Open for writing too: then neither side waits for the other to open.
        descriptor = os.open(events, os.O_RDWR)
        with subprocess.Popen(
            [RUNNER, *arguments, "--events", str(events)],
            cwd=self.folder,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: [signal.signal(number, signal.SIG_IGN) for number in ignoring],
        ) as process:
            try:
                yield Started(process, descriptor, self.folder / "status.yaml")
            finally:
                process.kill()
                os.close(descriptor)


def unavailable(reason: str) -> None:
    """Skip a test that this machine cannot run; where everything is required (CI), fail it."""
    if "BOSUN_REQUIRE_ALL" in os.environ:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(name="unavailable")
def _unavailable() -> Callable[[str], None]:
    return unavailable


@contextlib.contextmanager
def small_filesystem(folder: Path, kib: int) -> Iterator[Path]:
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", folder], check=False).returncode:
        unavailable("a small filesystem can be mounted by root only")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of 1 MiB."""
    with small_filesystem(tmp_path / "small", 1024) as folder:
        yield folder


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture(name="plugin_source")
def _plugin_source() -> Callable[..., str]:
    return plugin_source


@pytest.fixture(autouse=True)
def _process_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo what a run in this process leaves in it: imports, secrets, and the folder for temporary files."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(SECRETS, "_values", ())
    monkeypatch.setattr(sys, "path", [*sys.path])
    for variable in ("MLOPS_API_TOKEN", "BOSUN_EXTENSIONS", "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None)
        if file is not None and Path(file).is_relative_to(tmp_path):
            del sys.modules[name]
