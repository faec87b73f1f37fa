"""Ids that no environment can hold: refused before the plugin is asked, shown as they were written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.bad_input.conftest import Stage

RULE = "is no usable id: an id is a letter, digit or _ first, then letters, digits, . _ or -, 128 at most"
# How the id stands in the action file, and how the line shows it.
IDS = {
    "a path upwards": ("../x", "'../x'"),
    "an absolute path": ("/etc", "'/etc'"),
    "a path": ("a/b", "'a/b'"),
    "a path of Windows": (r"a\b", r"'a\\b'"),
    "empty": ("''", "''"),
    "a dot": (".", "'.'"),
    "two dots": ("..", "'..'"),
    "hidden": (".d1", "'.d1'"),
    "a flag": ("-d1", "'-d1'"),
    "300 characters": ("x" * 300, f"'{'x' * 37}'... (300 characters)"),
    "129 characters": ("x" * 129, f"'{'x' * 37}'... (129 characters)"),
    "a NUL byte": (r'"a\0b"', r"'a\x00b'"),
    "a line break": (r'"a\nb"', r"'a\nb'"),
    "a line break at the end": (r'"d0\n"', r"'d0\n'"),
    "a tab": (r'"d0\t"', r"'d0\t'"),
    "a blank before": ('" d0"', "' d0'"),
    "a blank within": ("d 0", "'d 0'"),
    "an umlaut": ("größe", "'größe'"),
    "an emoji": ("😀", "'😀'"),
    "a digit of another script": ("٣", "'٣'"),
    "a wide letter": ("\uff440", "'\uff440'"),
    "invisible": (r'"d\u200b0"', r"'d\u200b0'"),
    "from right to left": (r'"\u202ed0"', r"'\u202ed0'"),
    "a shell's": ("'$(id)'", "'$(id)'"),
    "a URL's": ("'%2e%2e'", "'%2e%2e'"),
    "an expression": ("d*", "'d*'"),
    # YAML reads these as something else; they are refused as they were written.
    "a time, or a number in base 60": ("12:30:45", "'12:30:45'"),
    "a negative number": ("-1", "'-1'"),
    "a positive number": ("+1", "'+1'"),
    "infinite": (".inf", "'.inf'"),
    "a date and time": ("2024-01-01T00:00:00Z", "'2024-01-01T00:00:00Z'"),
    "the default of YAML 1.1": ("=", "'='"),
    "a merge": ("<<", "'<<'"),
}


@pytest.mark.parametrize(("written", "shown"), IDS.values(), ids=IDS)
def test_a_deployment_id_that_the_rule_refuses_is_told(stage: Stage, written: str, shown: str) -> None:
    config = stage.put("action.yaml", f"deploymentInfo:\n  id: {written}\n")
    line = f"deploymentInfo.id {shown} {RULE}"
    stage.refused(*stage.command("deployment_stop", "--config", config), line=line, state="errored")


@pytest.mark.parametrize("key", ["modelId", "newModelId"])
@pytest.mark.parametrize("written", ["../x", "", "a\0b", "x" * 129])
def test_a_model_id_that_the_rule_refuses_is_told(stage: Stage, key: str, written: str) -> None:
    fields = {"id": "d0", "modelId": "m0", "newModelId": "m1", "modelArtifact": f"{stage.folder}/package"}
    config = stage.put("action.yaml", json.dumps({"deploymentInfo": {**fields, key: written}}))
    shown = repr(written) if len(written) < 40 else f"'{'x' * 37}'... (129 characters)"
    line = f"deploymentInfo.{key} {shown} {RULE}"
    stage.refused(*stage.command("deployment_replace_model", "--config", config), line=line, state="errored")


@pytest.mark.parametrize("listed", [["d0", "../x"], ["d0", {"id": "../x"}]], ids=["an id", "a deploymentInfo"])
def test_a_listed_id_that_the_rule_refuses_is_told(stage: Stage, listed: list[object]) -> None:
    config = stage.put("action.yaml", json.dumps({"peInfo": {"deployments": listed}}))
    line = f"peInfo.deployments[1] '../x' {RULE}"
    stage.refused(*stage.command("pe_status", "--config", config), line=line)
