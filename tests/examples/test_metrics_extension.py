"""The metrics extension, installed: what it counts, and that it never costs an action its status."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

ROOT = Path(__file__).parents[2]
LIMIT = 60.0  # seconds


@pytest.fixture(scope="module")
def site(local_index: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the extension is installed."""
    folder: Path = tmp_path_factory.mktemp("site")
    command = (local_index.uv(), "pip", "install", "--quiet", "--no-deps", "--python", sys.executable)
    subprocess.run([*command, "--target", folder, ROOT / "examples/metrics_extension"], check=True, timeout=LIMIT)
    return folder


class Runner(NamedTuple):
    """The runner as a process, with the extension; it acts on the test plugin, whose times are 0."""

    folder: Path
    site: Path

    @property
    def file(self) -> Path:
        return self.folder / "bosun.prom"

    def start(self, *flags: str, plugin: str = "test") -> subprocess.Popen[str]:
        private = self.folder / "private.yaml"
        keys = ("launch", "stop", "replace_model", "pe_status", "deployment_status", "deployment_list")
        times = {f"{key}_time_sec": 0 for key in keys} | {"plugin_start_time": 0, "plugin_stop_time": 0}
        private.write_text(json.dumps({"tmp_dir": str(self.folder), **times}))
        given = [] if plugin != "test" else ["--private-config", str(private)]
        env = {**os.environ, "PYTHONPATH": str(self.site), "BOSUN_METRICS": str(self.file)}
        return subprocess.Popen(
            [sys.executable, "-m", "bosun_core", "--plugin", plugin, *given, *flags],
            env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, *flags: str, plugin: str = "test") -> tuple[str, str]:
        """Run an action and return status and message."""
        stdout, stderr = self.start(*flags, plugin=plugin).communicate(timeout=LIMIT)
        print(stdout, stderr)
        status = yaml.safe_load(stdout)
        return status["status"], status["msg"]

    def counted(self) -> dict[str, float]:
        """Return the actions that the file has counted, by their labels."""
        return {
            labels: float(number)
            for labels, number in re.findall(r"^bosun_actions_total\{(.*)\} (\S+)$", self.file.read_text(), re.M)
        }


@pytest.fixture
def runner(site: Path, tmp_path: Path) -> Runner:
    return Runner(tmp_path, site)


def labels(action: str, status: str = "passing", plugin: str = "test") -> str:
    return f'plugin="{plugin}",action="{action}",status="{status}"'


def test_runs_add_up(runner: Runner) -> None:
    for action in ("plugin_start", "pe_status", "pe_status"):
        runner.run("--action", action)

    assert runner.counted() == {labels("plugin_start"): 1, labels("pe_status"): 2}


def test_runners_at_once_lose_no_count(runner: Runner) -> None:
    started = [runner.start("--action", "pe_status") for _ in range(8)]
    for process in started:
        process.communicate(timeout=LIMIT)

    assert runner.counted() == {labels("pe_status"): 8}
    left = sorted(path.name for path in runner.folder.iterdir())
    assert left == ["bosun.prom", "private.yaml"]


def test_the_seconds_are_those_of_the_action(runner: Runner) -> None:
    runner.run("--action", "pe_status")

    (seconds,) = re.findall(r"^bosun_action_seconds_total\{.*\} (\S+)$", runner.file.read_text(), re.MULTILINE)
    assert 0 < float(seconds) < LIMIT


def test_a_dry_run_is_not_counted(runner: Runner) -> None:
    assert runner.run("--action", "plugin_start", "--dry-run")[0] == "passing"

    assert not runner.file.exists()


def test_an_action_that_fails_or_breaks_is_counted_as_failing(runner: Runner) -> None:
    broken = runner.folder / 'odd "name".py'
    methods = "\n".join(
        f"    def {name}(self): return 1 / 0"
        for name in ("plugin_start", "plugin_stop", "deployment_list", "deployment_start", "deployment_stop",
                     "deployment_replace_model", "pe_status", "deployment_status")
    )  # fmt: skip
    broken.write_text(f"class Broken:\n    def __init__(self, *given): pass\n{methods}\n")

    assert runner.run("--action", "pe_status", plugin=str(broken))[0] == "failing"

    plugin = str(broken).replace('"', '\\"')
    assert runner.counted() == {labels("pe_status", "failing", plugin): 1}


def test_a_file_of_somebody_else_is_left_alone_and_told(runner: Runner) -> None:
    runner.file.write_text("node_load1 0.5\n")

    status, message = runner.run("--action", "plugin_start")

    assert status == "warning"
    assert message.endswith(
        f"; extension metrics failed in around_action: {runner.file} has metrics of somebody else; "
        "name another file with BOSUN_METRICS"
    )
    assert runner.file.read_text() == "node_load1 0.5\n"
