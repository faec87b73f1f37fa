"""The runner as an agent starts it, in surroundings that are not as they should be."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

RUNNER = str(Path(sys.executable).with_name("bosun-plugin-runner"))
LIMIT_SECONDS = 100


@pytest.fixture
def runner(place: Any, tmp_path: Path) -> Callable[..., tuple[dict[str, Any], str]]:
    """Runs one action as a process; returns its status, and what it wrote to stderr.

    `environ` is put on top of the environment, None takes a variable away; `before` stands before the command.
    """

    def run(
        action: str,
        info: Any = None,
        *,
        environ: dict[str, str | None] | None = None,
        before: tuple[str, ...] = (),
        plugin_config: Any = None,
        words: tuple[str, ...] = (),
        **settings: Any,
    ) -> tuple[dict[str, Any], str]:
        config, private, status = (tmp_path / name for name in ("config.yaml", "private.yaml", "status.yaml"))
        config.write_text(json.dumps({"pluginConfig": plugin_config, "deploymentInfo": info}))
        private.write_text(yaml.safe_dump(place.settings(**settings)))
        status.unlink(missing_ok=True)
        files = [f"--private-config={private}", f"--config={config}", f"--status-file={status}"]
        command = [*before, RUNNER, "--plugin=docker", f"--action={action}", *files, *words]
        variables = {**os.environ, **(environ or {})}
        ended = subprocess.run(
            command,
            env={name: value for name, value in variables.items() if value is not None},
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
        )
        assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
        told = yaml.safe_load(status.read_text())
        print(action, info, settings, environ, "->", told["status"], told["msg"])
        return told, ended.stderr

    return run


def standing(place: Any) -> tuple[Any, ...]:
    return place.containers(), sorted(place.images()), place.volumes(), place.route_files()


@pytest.fixture
def refused(place: Any, runner: Callable[..., Any]) -> Callable[..., str]:
    """Runs an action that has to fail: in one line, nothing half made. Returns the line."""

    def run(*words: Any, **more: Any) -> str:
        before = standing(place)
        status, stderr = runner(*words, **more)
        assert status["status"] == "failing", status
        assert stderr == f"bosun-plugin-runner: {status['msg']}\n"
        assert "bug" not in status["msg"]
        assert standing(place) == before
        return str(status["msg"])

    return run
