"""docs/agent.md: its cron line, run as printed, complains of a broken deployment and of nothing else."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs/agent.md"


@pytest.fixture
def cron(tmp_path: Path) -> str:
    """The command of the page's cron line, its places in a folder of the test and `logger` one that writes there."""
    (line,) = re.findall(r"^\* \* \* \* \* (.*)$", PAGE.read_text(), re.MULTILINE)
    (tmp_path / "base").mkdir()
    (tmp_path / "plugin.filesystem.conf.yaml").write_text(f"baseDir: {tmp_path}/base\n")
    logger = tmp_path / "logger"
    logger.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/log\n')
    logger.chmod(logger.stat().st_mode | stat.S_IXUSR)
    places = {"/opt/bosun/bin": str(Path(sys.executable).parent), "/etc/bosun": "{0}", "/var/lib/bosun": "{0}"}
    for place, instead in places.items():
        assert place in line
        line = line.replace(place, instead.format(tmp_path))
    return line


def run(command: str, folder: Path) -> str:
    """Run a command as cron does and return what was logged so far."""
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    subprocess.run(command, shell=True, executable="/bin/sh", env=env, cwd=folder, check=True, timeout=60)
    log = folder / "log"
    return log.read_text() if log.exists() else ""


def test_the_cron_line_complains_of_a_broken_deployment_that_nobody_listed(cron: str, tmp_path: Path) -> None:
    (tmp_path / "iris.pkl").write_text("a model")
    info = "deploymentInfo: {id: iris, modelId: v1, modelArtifact: iris.pkl}"
    (tmp_path / "iris.yaml").write_text(info)
    runner, settings = Path(sys.executable).parent / "bosun-plugin-runner", tmp_path / "plugin.filesystem.conf.yaml"
    start = f"{runner} --plugin fs --private-config {settings} --action deployment_start --config iris.yaml"
    run(f"{start} --status-file start.yaml", tmp_path)

    assert run(cron, tmp_path) == ""
    (tmp_path / "base/deployment_iris/iris.pkl").unlink()
    assert run(cron, tmp_path).count("\n") == 1
    assert "msg: 'failing: iris'\n" in (tmp_path / "status.yaml").read_text()
