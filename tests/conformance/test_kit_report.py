"""The report card, and promises that are declared as not kept, as pytest runs them."""

import json
import os
import subprocess
import sys

import pytest
from bosun_test.conformance.report import Card, in_words

# A suite of four promises, and an environment that is nothing: the card is made of how they come out.
ADOPTION = """
import pytest
from bosun_test.conformance import Environment
from bosun_test.conformance.base import Promises

class Suite(Promises):
    def test_this_is_kept(self, driver):
        pass

    def test_this_cannot_be_kept(self, driver):
        driver.expect("found", "expected", "the promise")

    @pytest.mark.parametrize("case", ["one", "other"])
    def test_one_case_of_this_cannot_be_kept(self, driver, case):
        driver.expect(case, "one", "the promise")

    def test_this_may_break(self, driver):
        {body}

class Nothing(Environment):
    plugin = "test"
    not_kept = {{
        "test_this_cannot_be_kept": "there is nothing | here",
        "test_one_case_of_this_cannot_be_kept[other]": "there is no other",
        **{more!r},
    }}
    private_configuration = package = running = leftovers = places_of = lambda self: None
    reset = lambda self: None

class TestNothing(Suite):
    @pytest.fixture
    def environment(self):
        return Nothing()
"""
CHOOSES_QUICK = """
    @pytest.fixture(autouse=True)
    def profile(self, monkeypatch):
        monkeypatch.setenv("BOSUN_CONFORMANCE", "quick")
"""
KEPT = ["test_this_is_kept", "test_one_case_of_this_cannot_be_kept", "test_this_may_break"]
DECLARED = {
    "test_one_case_of_this_cannot_be_kept[other]": "there is no other",
    "test_this_cannot_be_kept": "there is nothing | here",
}


@pytest.fixture
def adoption(tmp_path):
    """Return what runs pytest on the adoption and returns the exit code and what it printed."""

    def run(*arguments, body="pass", more=None, **environment):
        (tmp_path / "test_nothing.py").write_text(ADOPTION.format(body=body, more=more or {}))
        options = ["-q", "-c", os.devnull, "-p", "bosun_test.conformance.report", "-p", "no:cacheprovider"]
        command = [sys.executable, "-m", "pytest", *options, *arguments, "test_nothing.py"]
        variables = {name: value for name, value in os.environ.items() if not name.startswith("BOSUN_CONFORMANCE")}
        done = subprocess.run(
            command, cwd=tmp_path, env={**variables, **environment}, capture_output=True, text=True, timeout=60
        )
        print(done.stdout, done.stderr)
        return done.returncode, done.stdout + done.stderr

    return run


def section(text):
    """Return the card as it stands in the terminal."""
    lines = text.splitlines()
    begin = next(number for number, line in enumerate(lines) if "report card of" in line)
    end = next(
        number
        for number, line in enumerate(lines)
        if number > begin and not line.startswith("  ") and number > begin + 1
    )
    return lines[begin + 1 : end]


def test_the_terminal_has_the_card(adoption):
    code, text = adoption()
    assert code == 0
    assert section(text) == [
        "3 promises kept, 2 declared as not kept, 0 broken",
        "  not kept: one case of this cannot be kept[other]: there is no other",
        "  not kept: this cannot be kept: there is nothing | here",
    ]


def test_the_card_is_the_same_where_the_tests_run_in_other_processes(adoption):
    assert section(adoption("-p", "xdist", "-n", "2")[1]) == section(adoption()[1])


def test_the_card_tells_the_profile_that_a_fixture_chose(adoption, tmp_path):
    adoption("--report-card", "card.json", body="pass\n\n" + CHOOSES_QUICK, BOSUN_CONFORMANCE="thorough")
    (card,) = json.loads((tmp_path / "card.json").read_text())
    assert card["profile"] == "quick"


def test_the_card_as_json(adoption, tmp_path):
    adoption("--report-card", "card.json", BOSUN_CONFORMANCE="quick", BOSUN_CONFORMANCE_SEED="7")
    assert json.loads((tmp_path / "card.json").read_text()) == [
        {
            "schemaVersion": 1,
            "profile": "quick",
            "seed": 7,
            "name": "TestNothing",
            "kept": KEPT,
            "declared": DECLARED,
            "broken": [],
        }
    ]


def test_the_card_as_markdown(adoption, tmp_path):
    code, _ = adoption("--report-card", "card.md", body="driver.expect(1, 2, 'the promise')")
    assert code == 1
    assert (tmp_path / "card.md").read_text() == (
        "**Bosun conformance, TestNothing**: 2 promises kept, 2 declared as not kept, 1 broken "
        "(profile default, seed 20260101).\n"
        "\n"
        "| promise | |\n"
        "| --- | --- |\n"
        "| this may break | **broken** |\n"
        "| one case of this cannot be kept[other] | not kept: there is no other |\n"
        "| this cannot be kept | not kept: there is nothing \\| here |\n"
    )


def test_a_card_where_all_is_kept_is_one_line(monkeypatch):
    monkeypatch.delenv("BOSUN_CONFORMANCE_SEED", raising=False)
    assert Card("TestMine", ["test_a", "test_b"], {}, [], "default").as_markdown() == (
        "**Bosun conformance, TestMine**: 2 promises kept, 0 declared as not kept, 0 broken "
        "(profile default, seed 20260101).\n"
    )


def test_a_promise_that_is_declared_and_kept_fails(adoption):
    code, text = adoption(more={"test_this_may_break": "it would break"})
    assert code == 1
    assert "[XPASS(strict)] it would break" in text
    assert "  BROKEN:   this may break" in section(text)


def test_a_promise_that_is_declared_fails_where_the_plugin_crashes_instead(adoption):
    code, text = adoption(body="raise OSError('no engine')", more={"test_this_may_break": "it would break"})
    assert code == 1
    assert "OSError: no engine" in text


def test_a_declaration_that_names_no_promise_fails_each_of_them(adoption):
    code, text = adoption(more={"test_that_there_is_not": "a typing error"})
    assert code == 1
    assert "Failed: Nothing.not_kept names no promise of the kit: test_that_there_is_not" in text


def test_an_adoption_without_an_environment_is_told_what_to_write(adoption, tmp_path):
    (tmp_path / "test_none.py").write_text(
        "from bosun_test.conformance import Conformance\nclass TestNone(Conformance): pass\n"
    )
    code, text = adoption("test_none.py", "-k", "test_stop_goes_by_the_id_alone")
    assert code == 1
    assert "override the fixture `environment` and return your Environment" in text


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        (
            {"BOSUN_CONFORMANCE": "fast"},
            "ERROR: BOSUN_CONFORMANCE=fast is no profile; the profiles are quick, default, thorough",
        ),
        (
            {"BOSUN_CONFORMANCE_SEED": "lucky"},
            "ERROR: BOSUN_CONFORMANCE_SEED=lucky is no seed; write a number, or random",
        ),
    ],
)
def test_a_wrong_profile_or_seed_is_one_line(adoption, variables, line):
    code, text = adoption(**variables)
    assert (code, text.split("\n")) == (4, [line, "", ""])


def test_the_header_tells_profile_and_seed(adoption):
    _, text = adoption("-v", BOSUN_CONFORMANCE="quick", BOSUN_CONFORMANCE_SEED="11")
    assert "bosun conformance: profile quick, seed 11" in text


def test_a_random_seed_is_printed_and_is_the_one_that_is_used(adoption, tmp_path):
    _, text = adoption("-v", "--report-card", "card.json", BOSUN_CONFORMANCE_SEED="random")
    (card,) = json.loads((tmp_path / "card.json").read_text())
    assert f"bosun conformance: profile default, seed {card['seed']}" in text
    adoption("-v", "--report-card", "card.json", BOSUN_CONFORMANCE_SEED="random")
    assert json.loads((tmp_path / "card.json").read_text())[0]["seed"] != card["seed"]


def test_the_name_of_a_promise_is_a_sentence():
    assert in_words("test_stop_goes_by_the_id_alone") == "stop goes by the id alone"
