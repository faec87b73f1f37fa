"""Runners that are killed, and runners that meet."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.test_plugin.conftest import World

STEPS = ("open", "os.remove", "os.rename", "fcntl.flock", "bosun.step")


def kill_at_step(world: World, number: int, action: str, **deployment: Any) -> bool:
    """Run the action in a child process that is killed at its step `number`; return whether it came that far."""
    child = os.fork()
    if child == 0:
        left = number

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            ours = event == "bosun.step" or str(world.tmp_dir) in str(arguments[:1]) or event == "fcntl.flock"
            if event in STEPS and ours:
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(count)
            world.run(action, **deployment)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in (0, -signal.SIGKILL)
    return os.waitstatus_to_exitcode(status) != 0


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("deployment_start", {}, {"d1": "A"}),
        ("deployment_replace_model", {"d1": "A"}, {"d1": "B"}),
        ("deployment_relaunch", {"d1": "X"}, {"d1": "A"}),
        ("deployment_stop", {"d1": "A"}, {}),
    ],
)
def test_a_kill_at_any_step_leaves_old_or_new_and_the_next_run_clears_up(
    world: World, action: str, before: dict[str, str], after: dict[str, str]
) -> None:
    given: dict[str, Any] = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": world.package()}
    kills = 0
    killed = True
    while killed:
        world.run("deployment_stop", id="d1")
        for name, model in before.items():
            world.run("deployment_start", id=name, modelId=model)
        killed = kill_at_step(world, kills, action, **given)
        listed = world.run("deployment_list")
        models = {name: entry["data"]["currentModelId"] for name, entry in listed["data"].items()}
        assert (listed["status"], models in (before, after)) == ("passing", True)
        world.run(action, **given)
        assert world.models() == after  # this reads every file in the folder: leftovers would not parse
        kills += killed
    assert kills >= 4


def test_the_start_of_the_plugin_clears_what_a_killed_runner_left(world: World) -> None:
    left = set()
    step = 0
    while not {".lock", ".tmp"} <= left:  # until it is killed between writing aside and putting in place
        step += 1
        assert kill_at_step(world, step, "deployment_start", id="d1", modelId="A"), f"never seen: {left}"
        left = {path.suffix for path in world.tmp_dir.iterdir()}
    world.run("plugin_start")
    assert world.records() == {}


def test_a_second_runner_on_a_deployment_waits_for_the_first(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    world.settings["replace_model_time_sec"] = 1
    first = world.begin("deployment_replace_model", id="d1", newModelId="B", modelArtifact=world.package())
    first.wait_for("progress")
    world.settings["replace_model_time_sec"] = 0
    second = world.begin("deployment_replace_model", id="d1", newModelId="C", modelArtifact=world.package())
    assert (first.status()["status"], second.status()["status"]) == ("passing", "passing")
    # Had it not waited, the first one's model would be the last to be written.
    assert world.models() == {"d1": "C"}


def test_a_runner_that_is_killed_holds_up_nobody(world: World) -> None:
    world.settings["launch_time_sec"] = 600
    first = world.begin("deployment_start", id="d1", modelId="A")
    first.wait_for("progress")
    world.settings["launch_time_sec"] = 0
    second = world.begin("deployment_start", id="d1", modelId="B")
    second.wait_for("action_started")
    first.process.kill()
    assert second.status()["status"] == "passing"
    assert world.models() == {"d1": "B"}


def test_runners_on_different_deployments_do_not_wait_for_each_other(world: World) -> None:
    world.settings["launch_time_sec"] = 600
    first = world.begin("deployment_start", id="d1", modelId="A")
    first.wait_for("progress")
    world.settings["launch_time_sec"] = 0
    assert world.run("deployment_start", id="d2", modelId="B")["status"] == "passing"
