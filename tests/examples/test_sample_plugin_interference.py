"""Runners of the sample plugin that are killed, and runners that meet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from bosun_core.locks import locked

if TYPE_CHECKING:
    from tests.examples.conftest import Sample

STEPS = ("open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "shutil.copyfile", "fcntl.flock", "bosun.step")


def kill_at_step(sample: Sample, number: int, action: str, **deployment: Any) -> bool:
    """Run the action in a child process that is killed at its step `number`; return whether it came that far."""
    child = os.fork()
    if child == 0:
        left = number

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            ours = event in ("bosun.step", "fcntl.flock") or str(sample.home) in str(arguments[:2])
            if event in STEPS and ours:
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(count)
            sample.run(action, **deployment)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in (0, -signal.SIGKILL)
    return os.waitstatus_to_exitcode(status) != 0


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("deployment_start", None, "B"),
        ("deployment_replace_model", "A", "B"),
        ("deployment_relaunch", "A", "B"),
        ("deployment_stop", "A", None),
    ],
)
def test_a_kill_at_any_step_leaves_old_or_new_and_the_next_run_tidies_up(
    sample: Sample, action: str, before: str | None, after: str | None
) -> None:
    given: dict[str, Any] = {"id": "d1", "modelId": "B", "newModelId": "B", "modelArtifact": sample.package("B")}
    kills = 0
    killed = True
    while killed:
        sample.run("deployment_stop", id="d1")
        if before is not None:
            sample.start("d1", before)
        killed = kill_at_step(sample, kills, action, **given)
        listed = sample.run("deployment_list")
        assert listed["status"] == "passing"
        models = [(entry["data"]["currentModelId"], entry["status"]) for entry in listed["data"].values()]
        assert models in ([(model, "passing")] if model else [] for model in (before, after))
        sample.run(action, **given)
        assert sample.held() == ({"d1": (after, after)} if after else {})
        kills += killed
    assert kills >= 4


def test_a_second_runner_waits_while_the_deployment_is_held(sample: Sample) -> None:
    sample.start("d1", "A")
    config, private = sample.files(None, {"id": "d1"})
    runner = Path(sys.executable).with_name("bosun-plugin-runner")
    command = [str(runner), "--plugin", "sample_plugin", "--action", "deployment_stop", "--config", config]
    with locked(sample.home / ".d1.lock", 10, "deployment d1"):
        waiting = subprocess.run(
            [*command, "--private-config", private, "--timeout", "1"], capture_output=True, text=True, timeout=60
        )
    assert yaml.safe_load(waiting.stdout)["msg"] == (
        "the action took longer than 1 s (--timeout) and was ended; raise the limit"
    )
    assert sample.held() == {"d1": ("A", "A")}
