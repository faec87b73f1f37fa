"""An action file that cannot be used, or lacks what the action needs: told in one line; nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.bad_input.conftest import Stage

FILE = "{tmp}/action.yaml"
SOURCE = f"the action file {FILE}"
ADD = f"add it to {SOURCE}"
PACKAGE = "modelArtifact: {tmp}/package"
LINES = "write `key: value` lines below it"
A_LISTED_ID = "write a deployment id, or a deploymentInfo mapping with one"


def info(fields: str) -> str:
    return f"deploymentInfo: {{{fields}}}"


# What is in the file, and the line; the action is a start.
CONTENTS: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", f"{SOURCE} is empty; --gen-config shows what belongs into it"),
    "comments": ("# soon\n---\n", f"deployment_start needs the section deploymentInfo; {ADD}"),
    "a program": (b"\x7fELF\x02\x01\x01\xff", f"{SOURCE} is no UTF-8 text (byte 7); is it the right file?"),
    "a list": ("- d0", f"{SOURCE} holds no mapping; it is made of `key: value` lines"),
    "50,000 brackets": ("deploymentInfo: " + "[" * 50_000, f"{SOURCE} is nested deeper than 100 levels; flatten it"),
    "an open brace": (
        "deploymentInfo: {id: d1",
        f"{SOURCE}:1 is no YAML: did not find expected ',' or '}}'; mend it there",
    ),
    "a section twice": (
        "deploymentInfo: {id: d1}\ndeploymentInfo: {id: d0}",
        f"{SOURCE}:2 has the key deploymentInfo twice; keep one",
    ),
    "an id twice": ("deploymentInfo:\n  id: d1\n  id: d0\n", f"{SOURCE}:3 has the key id twice; keep one"),
    "no section": ("pluginConfig: {}", f"deployment_start needs the section deploymentInfo; {ADD}"),
    "a null section": ("deploymentInfo:", f"deployment_start needs the section deploymentInfo; {ADD}"),
    "a list for a section": (
        "# one\ndeploymentInfo: [a]",
        f"{SOURCE}:2: deploymentInfo is a list, not a mapping; {LINES}",
    ),
    "a text for a section": ("pluginConfig: x", f"{SOURCE}:1: pluginConfig is a text, not a mapping; {LINES}"),
    "a number for a section": ("peInfo: 0", f"{SOURCE}:1: peInfo is a number, not a mapping; {LINES}"),
    "a date for a section": ("peInfo: 2024-01-01", f"{SOURCE}:1: peInfo is a date, not a mapping; {LINES}"),
    "no id": (info("modelId: m1"), f"deployment_start needs deploymentInfo.id; {ADD}"),
    "an id left empty": (info("id: , modelId: m1"), f"deployment_start needs deploymentInfo.id; {ADD}"),
    "~ for an id": (info("id: ~, modelId: m1"), f"deployment_start needs deploymentInfo.id; {ADD}"),
    "a list for an id": (info("id: [d1]"), "deploymentInfo.id is a list; write one text there"),
    "a mapping for an id": (info("id: {d1: x}"), "deploymentInfo.id is a mapping; write one text there"),
    "no model": (info(f"id: d1, {PACKAGE}"), f"deployment_start needs deploymentInfo.modelId; {ADD}"),
    "null for a model": (
        info(f"id: d1, modelId: null, {PACKAGE}"),
        f"deployment_start needs deploymentInfo.modelId; {ADD}",
    ),
    "a list for a model": (
        info(f"id: d1, modelId: [m1], {PACKAGE}"),
        "deploymentInfo.modelId is a list; write one text there",
    ),
    "a text for key-values": (
        info(f"id: d1, modelId: m1, keyValueConfig: x, {PACKAGE}"),
        "deploymentInfo.keyValueConfig is a text; write a mapping of keys to values",
    ),
    "a list for key-values": (
        info(f"id: d1, modelId: m1, keyValueConfig: [x], {PACKAGE}"),
        "deploymentInfo.keyValueConfig is a list; write a mapping of keys to values",
    ),
    "no such date in key-values": (
        info(f"id: d1, modelId: m1, keyValueConfig: {{day: 2024-02-30}}, {PACKAGE}"),
        f"{SOURCE}:1 holds 2024-02-30, which is no date; quote it",
    ),
    "a list for a format": (
        info(f"id: d1, modelId: m1, modelFormat: [x], {PACKAGE}"),
        "deploymentInfo.modelFormat is a list; write one text there",
    ),
    "a mapping for a type": (
        info(f"id: d1, modelId: m1, modelExecutionType: {{x: y}}, {PACKAGE}"),
        "deploymentInfo.modelExecutionType is a mapping; write one text there",
    ),
}


@pytest.mark.parametrize(("content", "line"), CONTENTS.values(), ids=CONTENTS)
def test_an_action_file_that_cannot_be_used_is_refused(stage: Stage, content: str | bytes, line: str) -> None:
    config = stage.put("action.yaml", stage.placed(content) if isinstance(content, str) else content)
    stage.refused(*stage.command("deployment_start", "--config", config), line=line, state="errored")


@pytest.mark.parametrize(
    "action",
    ["deployment_start", "deployment_stop", "deployment_status", "deployment_replace_model", "deployment_relaunch"],
)
def test_an_action_on_a_deployment_without_an_action_file_is_refused(stage: Stage, action: str) -> None:
    line = f"{action} needs the section deploymentInfo; add it to an action file and name it with --config"
    stage.refused(*stage.command(action), line=line, state="errored")


# What deploymentInfo of a replacement lacks, and the line.
REPLACEMENTS = {
    "no new model": (f"id: d0, {PACKAGE}", f"deployment_replace_model needs deploymentInfo.newModelId; {ADD}"),
    "no package": ("id: d0, newModelId: m1", f"deployment_replace_model needs deploymentInfo.modelArtifact; {ADD}"),
    "an empty package": (
        'id: d0, newModelId: m1, modelArtifact: ""',
        f"deployment_replace_model needs deploymentInfo.modelArtifact; {ADD}",
    ),
    "no deployment": (
        f"id: d1, newModelId: m1, {PACKAGE}",
        "deployment d1 is unknown in this environment; start it with deployment_start",
    ),
}


@pytest.mark.parametrize(("fields", "line"), REPLACEMENTS.values(), ids=REPLACEMENTS)
def test_a_replacement_that_lacks_something_is_refused(stage: Stage, fields: str, line: str) -> None:
    config = stage.put("action.yaml", stage.placed(info(fields)))
    stage.refused(*stage.command("deployment_replace_model", "--config", config), line=line, state="errored")


# What peInfo.deployments is, and the line.
LISTS = {
    "a text": ("d0", "peInfo.deployments is a text; write a list of deployment ids"),
    "a mapping": ("{d0: x}", "peInfo.deployments is a mapping; write a list of deployment ids"),
    "a null in it": ("[d0, ~]", f"peInfo.deployments[1] is null; {A_LISTED_ID}"),
    "a list in it": ("[d0, [d1]]", f"peInfo.deployments[1] is a list; {A_LISTED_ID}"),
    "no id in it": ("[{name: d0}]", f"peInfo.deployments[0] is a mapping without an id; {A_LISTED_ID}"),
}


@pytest.mark.parametrize(("listed", "line"), LISTS.values(), ids=LISTS)
def test_a_list_of_deployments_that_cannot_be_used_is_refused(stage: Stage, listed: str, line: str) -> None:
    config = stage.put("action.yaml", f"peInfo: {{deployments: {listed}}}")
    stage.refused(*stage.command("pe_status", "--config", config), line=line)
