"""Random sequences: the same seed gives the same ones, and what fails is told as commands that can be pasted."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from bosun_test.conformance.driving import Driver, PromiseBroken
from bosun_test.conformance.sequences import run_sequences
from bosun_test.conformance.telling import compared

_HERE = Path(__file__).parent
SampleEnvironment = runpy.run_path(str(_HERE / "test_sample_plugin.py"))["SampleEnvironment"]
FAULTY = f"""
import sys
sys.path.insert(0, {str(_HERE)!r})
from faulty.looks import UnknownIsTakenForAnother
"""


class Recording(Driver):
    """Remembers all that is done, over all sequences."""

    def begin_story(self):
        self.all = [*getattr(self, "all", []), *self._story]
        super().begin_story()


@pytest.fixture
def driver(tmp_path, monkeypatch):
    monkeypatch.setenv("BOSUN_CONFORMANCE", "quick")
    (tmp_path / "driver").mkdir()
    return Recording(SampleEnvironment(tmp_path), tmp_path / "driver")


def sequences(driver, monkeypatch, seed):
    monkeypatch.setenv("BOSUN_CONFORMANCE_SEED", str(seed))
    driver.begin_story()
    driver.all = []
    run_sequences(driver)
    driver.begin_story()
    return driver.all


def test_the_same_seed_gives_the_same_sequences_and_another_gives_others(driver, monkeypatch):
    first, again, other = (sequences(driver, monkeypatch, seed) for seed in (1, 1, 2))
    assert len(first) > 50
    assert first == again
    assert first != other


def test_what_fails_is_the_shortest_sequence_as_commands_that_run_when_they_are_pasted(driver, tmp_path):
    path = tmp_path / "faulty_plugin.py"
    path.write_text(FAULTY)
    driver.environment.plugin = str(path)
    with pytest.raises(PromiseBroken) as caught:
        run_sequences(driver)
    what, _, story = str(caught.value).partition("what was done, to be pasted into a shell:\n")
    print(what, story)
    assert what == "deployment_status tells what runs\n  expected: None\n  found:    'A'\n"
    driver.environment.reset()
    pasted = run_in_bash(story)
    assert re.findall(r"--action (\w+)", story) == ["deployment_start", "deployment_status"]
    assert re.findall(r"currentModelId: (\w+)", pasted.stdout) == ["A", "A"]
    assert re.findall(r"^status: (\w+)", pasted.stdout, re.MULTILINE) == ["passing", "passing"]
    assert pasted.stderr == ""


def test_a_story_with_kills_can_be_pasted_too(driver):
    driver.environment.reset()
    request = driver.request("deployment_start", "d1", "A", driver.package("A"))
    assert driver.killed(request, 5)
    driver.run_request(request)
    _, _, story = str(driver.broken("fault")).partition("into a shell:\n")
    driver.environment.reset()
    pasted = run_in_bash(story)
    assert re.findall(r"^status: (\w+)", pasted.stdout, re.MULTILINE) == ["failing", "passing"]
    assert "was killed by SIGKILL" in pasted.stdout
    assert driver.models() == {"d1": "A"}


def run_in_bash(text):
    """Paste a text into a shell; the commands are those of this environment."""
    bin_folder = Path(sys.executable).parent
    shell = ["bash", "--norc", "-s"]
    return subprocess.run(
        shell, input=f"PATH={bin_folder}:$PATH\n{text}", capture_output=True, text=True, timeout=60, check=True
    )


def test_hostile_text_in_a_story_is_pasted_as_it_was(driver):
    driver.environment.reset()
    driver.start("d1", "A", description='it\'s $(touch pasted) `touch pasted` "x" \\n % %s !')
    _, _, story = str(driver.broken("fault")).partition("into a shell:\n")
    driver.environment.reset()
    assert "status: passing" in run_in_bash(story).stdout
    assert not Path("pasted").exists()
    assert driver.models() == {"d1": "A"}


@pytest.mark.parametrize(
    ("found", "expected", "lines"),
    [
        ("A", "B", ["  expected: 'B'", "  found:    'A'"]),
        ([1, 2, 3, 5], [1, 2, 3, 4], ["  expected: [4] and 3 more, which were found", "  found:    [5]"]),
        ([], [1], ["  expected: [1]", "  found:    []"]),
        ([2, 1], [1, 2], ["  expected: [1, 2]", "  found:    [2, 1]"]),
    ],
)
def test_of_two_lists_what_differs_is_told(found, expected, lines):
    assert compared(found, expected) == lines
