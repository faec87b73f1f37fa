"""The README of bosun-test tells of the kit as it is."""

import re
import runpy
from pathlib import Path

import bosun_test.conformance as kit
import pytest
from bosun_test.conformance.profile import PROFILES
from bosun_test.conformance.report import Card

_HERE = Path(__file__).parent
README = (_HERE.parents[1] / "bosun_test" / "README.md").read_text()
ADOPTIONS = [
    ("test_filesystem.py", "TestFilesystem", "FilesystemEnvironment"),
    ("test_sample_plugin.py", "TestSamplePlugin", "SampleEnvironment"),
    ("test_test_plugin.py", "TestTestPlugin", "StandInEnvironment"),
]


@pytest.mark.parametrize(("module", "adoption", "environment"), ADOPTIONS)
def test_the_readme_has_the_report_card_of_each_of_our_plugins(module, adoption, environment, monkeypatch):
    monkeypatch.delenv("BOSUN_CONFORMANCE_SEED", raising=False)
    # The kit fails where a declared promise is kept or another is broken, so this is the card of a run that passes.
    declared = dict(sorted(runpy.run_path(str(_HERE / module))[environment].not_kept.items()))
    kept = [name for name in dir(kit.Conformance) if name.startswith("test_") and name not in declared]
    assert Card(adoption, kept, declared, [], "default").as_markdown() in README


def test_the_readme_names_all_that_an_environment_tells():
    section = README.partition("### What an environment tells the kit")[2].partition("###")[0]
    named = re.findall(r"`(\w+)`", section)[1:]  # the first is Environment itself
    assert sorted(named) == sorted(
        name for name in vars(kit.Environment) | kit.Environment.__annotations__ if name[0] != "_"
    )


def test_the_readme_names_all_that_an_adoption_needs():
    (names,) = re.findall(r"`from bosun_test\.conformance import ([\w, ]+)`", README)
    assert names.split(", ") == kit.__all__


def test_the_readme_names_the_profiles():
    (line,) = [line for line in README.splitlines() if line.startswith("| `BOSUN_CONFORMANCE` |")]
    assert re.findall(r"`(\w+)`", line)[1:] == list(PROFILES)
    assert f"{PROFILES['thorough'].sequences:,} random sequences" in line
