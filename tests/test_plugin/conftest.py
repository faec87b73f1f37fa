"""A prediction environment of the test plugin in a folder of its own, driven through the real runner."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from bosun_core.runner import ActionRequest, run_action

RUNNER = Path(sys.executable).with_name("bosun-plugin-runner")
NO_SLEEPS = dict.fromkeys(
    (
        "launch_time_sec",
        "stop_time_sec",
        "replace_model_time_sec",
        "relaunch_time_sec",
        "pe_status_time_sec",
        "deployment_status_time_sec",
        "deployment_list_time_sec",
        "plugin_start_time",
        "plugin_stop_time",
    ),
    0,
)


class Running:
    """A runner as a process of its own; its events come through a pipe, so that nothing has to be polled."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._status_file = folder / "status.yaml"
        events = folder / "events"
        os.mkfifo(events)
        # Open for writing too: then neither side waits for the other to open.
        self._events = os.open(events, os.O_RDWR)
        self.process = subprocess.Popen(
            [*command, "--events", str(events), "--status-file", str(self._status_file)],
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, event: str) -> None:
        """Wait until the runner reports the event."""
        seen = b""
        while f'"event": "{event}"'.encode() not in seen:
            assert select.select([self._events], [], [], 30)[0], f"no {event} within 30 s, only {seen!r}"
            seen += os.read(self._events, 65536)

    def status(self) -> dict[str, Any]:
        """Wait until the runner ends and return its status without the times."""
        _, stderr = self.process.communicate(timeout=30)
        print(f"exit code {self.process.returncode}\n{stderr}")
        return without_times(yaml.safe_load(self._status_file.read_text()))

    def close(self) -> None:
        """End the process if it is still there."""
        self.process.kill()
        self.process.communicate()
        os.close(self._events)


def without_times(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in ("duration", "timestamp")}


class World:
    """One tmp_dir, and the files that an agent hands over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tmp_dir = folder / "environment"
        self.tmp_dir.mkdir()
        self.settings: dict[str, Any] = {**NO_SLEEPS, "tmp_dir": str(self.tmp_dir), "environmentId": "env-1"}
        self.plugin_config: dict[str, Any] = {}
        self._running: list[Running] = []

    def package(self, content: str = "the package") -> str:
        path = self.folder / f"{content}.pkg"
        path.write_text(content)
        return str(path)

    def _files(self, deployment: dict[str, Any], pe_info: dict[str, Any] | None) -> tuple[str, str, Path]:
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        config, private = folder / "action.yaml", folder / "private.yaml"
        sections = {"pluginConfig": self.plugin_config, "deploymentInfo": deployment or None, "peInfo": pe_info}
        config.write_text(yaml.safe_dump(sections))
        private.write_text(yaml.safe_dump(self.settings))
        return str(config), str(private), folder

    def run(
        self, action: str, *, pe_info: dict[str, Any] | None = None, dry_run: bool = False, **deployment: Any
    ) -> dict[str, Any]:
        """Run one action in this process and return its status without the times."""
        config, private, _ = self._files(deployment, pe_info)
        document = run_action(ActionRequest("test", action, config, private, dry_run=dry_run))
        print(f"{action} {deployment or pe_info or ''}: {json.dumps(document)}")
        return without_times(document)

    def begin(self, action: str, *flags: str, **deployment: Any) -> Running:
        """Begin one action in a process of its own."""
        config, private, folder = self._files(deployment, None)
        command = [str(RUNNER), "--plugin", "test", "--action", action, "--config", config]
        self._running.append(Running([*command, "--private-config", private, *flags], folder))
        return self._running[-1]

    def entry(self, deployment_id: str, model_id: str) -> dict[str, Any]:
        """Return the data of a deployment that serves the model."""
        (path,) = [path for path, record in self.records().items() if record["deployment_id"] == deployment_id]
        return {"currentModelId": model_id, "predictionUrl": None, "workloads": [path]}

    def records(self) -> dict[str, dict[str, Any]]:
        """Return what the files of the environment hold, by path; there is nothing else in the folder."""
        return {str(path): json.loads(path.read_text()) for path in sorted(self.tmp_dir.iterdir())}

    def models(self) -> dict[str, str]:
        """Return the model of each deployment."""
        return {record["deployment_id"]: record["model_id"] for record in self.records().values()}

    def close(self) -> None:
        for running in self._running:
            running.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Return an environment whose actions take no time."""
    world = World(tmp_path)
    yield world
    world.close()
