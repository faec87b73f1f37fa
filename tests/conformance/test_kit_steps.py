"""Steps of an action: counted where the plugin acts, killed at one, held at one."""

import os
import signal
import subprocess
import sys

import pytest
import yaml
from bosun_core.runner import ActionRequest
from bosun_test.conformance import kill
from bosun_test.conformance.steps import Held, counted_steps, in_a_child, killed, spread

# A plugin whose plugin_start has three steps of its own, each written down beside it.
PLUGIN = """
import sys
from pathlib import Path
from bosun_core import ActionStatus, ActionStatusInfo

class ThreeSteps:
    def __init__(self, plugin_config, private_config_file=None, pe_info=None, dry_run=False):
        sys.audit("bosun.step", "before the action, so no step")

    def plugin_start(self):
        done = []
        for number in range(3):
            sys.audit("bosun.step", f"step {number}")
            done.append(number)
        return ActionStatusInfo(ActionStatus.OK, f"did {done}")

    deployment_start = deployment_stop = deployment_replace_model = deployment_status = deployment_list = plugin_start
    plugin_stop = plugin_start

    def pe_status(self):
        Path(__file__).with_name("touched").touch()
        return ActionStatusInfo(ActionStatus.OK)
"""


@pytest.fixture
def plugin(tmp_path):
    path = tmp_path / "three_steps.py"
    path.write_text(PLUGIN)
    return path


@pytest.fixture
def request_of(plugin):
    return lambda action="plugin_start": ActionRequest(str(plugin), action)


def test_the_steps_that_the_plugin_names_are_counted_from_where_it_begins_to_act(request_of):
    assert counted_steps(request_of()) == 3


def test_what_reaches_outside_the_process_is_a_step_without_being_named(request_of):
    assert counted_steps(request_of("pe_status")) >= 1


def test_an_action_is_killed_at_each_of_its_steps_and_at_none_behind_them(request_of):
    assert [killed(request_of(), step) for step in (1, 2, 3, 4)] == [True, True, True, False]


def test_a_kill_comes_before_the_step_is_done(request_of, plugin):
    assert killed(request_of("pe_status"), 1)
    assert not plugin.with_name("touched").exists()


def test_a_child_tells_its_exit_code_and_what_killed_it():
    assert in_a_child(lambda: 7, lambda _: None) == 7
    assert in_a_child(lambda: os.kill(os.getpid(), signal.SIGKILL), lambda _: None) == -signal.SIGKILL


@pytest.mark.parametrize(
    ("steps", "most", "chosen"),
    [
        (5, None, [1, 2, 3, 4, 5]),
        (5, 9, [1, 2, 3, 4, 5]),
        (100, 5, [1, 26, 51, 75, 100]),
        (10, 2, [1, 10]),
        (10, 1, [1]),
        (0, 3, []),
    ],
)
def test_steps_are_spread_evenly_with_the_first_and_the_last(steps, most, chosen):
    assert spread(steps, most) == chosen


def test_an_action_is_held_at_the_steps_that_were_named_and_then_ends(request_of):
    with Held(request_of(), [1, 3]) as held:
        stops = []
        while held.wait(10) and held.step is not None:
            stops.append(held.step)
            held.go_on()
        assert (stops, held.status["msg"]) == ([1, 3], "did [0, 1, 2]")


def test_an_action_that_is_held_does_nothing_until_it_is_told_to_go_on(request_of, plugin):
    with Held(request_of("pe_status"), [1]) as held:
        assert held.wait(10)
        assert not plugin.with_name("touched").exists()
        held.go_on()
        assert held.wait(10)
    assert plugin.with_name("touched").exists()


def test_an_action_that_is_still_held_at_the_end_of_the_block_is_killed(request_of, plugin):
    with Held(request_of("pe_status"), [1]) as held:
        assert held.wait(10)
    assert not plugin.with_name("touched").exists()
    assert held.status is None


def test_waiting_for_what_does_not_come_has_an_end(request_of):
    with Held(request_of(), [1]) as held:
        assert held.wait(10)
        assert not held.wait(0.05)


def killed_by_command(plugin, *words):
    command = [sys.executable, *words[1:], "--plugin", str(plugin), "--action", "plugin_start"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    print(done.stderr)
    return yaml.safe_load(done.stdout)


def test_the_command_that_the_kit_prints_kills_the_action_at_that_step(plugin):
    words = kill.words(signal.SIGKILL, 2)
    assert words == ["python", "-m", "bosun_test.conformance.kill", "-KILL", "2"]
    assert "was killed by SIGKILL" in killed_by_command(plugin, *words)["msg"]


def test_the_command_that_the_kit_prints_sends_any_signal(plugin):
    status = killed_by_command(plugin, *kill.words(signal.SIGTERM, 3))
    assert (status["status"], status["msg"]) == ("failing", "the action was ended by SIGTERM; run it again")


@pytest.mark.parametrize("words", [[], ["5"], ["-KILL"], ["-KILL", "x"], ["-NOSUCH", "5"]])
def test_a_kill_that_cannot_be_read_is_one_line(words, capsys):
    assert kill.main(words) == 64
    assert capsys.readouterr().err == (
        "usage: python -m bosun_test.conformance.kill -SIGNAL STEP ARGUMENTS-OF-BOSUN-PLUGIN-RUNNER\n"
    )
