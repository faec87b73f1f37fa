"""Odd ids that the rule accepts: they work in every action, as written, and never meet each other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.core.bad_input.conftest import Stage

IDS = {
    "an octal number": "0777",
    "another octal number": "0o17",
    "zero": "0",
    "zeros": "000",
    "a binary number": "0b101",
    "a hexadecimal number": "0x2345",
    "24 digits": "612345678901234567890123",
    "128 digits": "9" * 128,
    "grouped digits": "1_000",
    "a power of ten": "1e5",
    "a number beyond floats": "1e999",
    "a fraction": "1.50",
    "a version": "1.2.3",
    "null": "null",
    "Null": "Null",
    "true": "true",
    "no": "no",
    "On": "On",
    "y": "y",
    "a date": "2024-01-01",
    "no such date": "2024-13-45",
    "NaN": "nan",
    "a device of Windows": "con",
    "a device of Windows with an ending": "NUL.txt",
    "a name of Python": "__init__",
    "two dots within": "a..b",
    "a dot at the end": "a.",
    "a hyphen at the end": "a-",
    "the key of a status": "data",
    "the key of a section": "deploymentInfo",
    "a case": "Case",
    "another case": "case",
}


def entry(stage: Stage, deployment_id: str, model_id: str) -> dict[str, Any]:
    folder = str(stage.folder / "base" / f"deployment_{deployment_id}")
    data = {"currentModelId": model_id, "predictionUrl": None, "workloads": [folder]}
    return {"status": "passing", "state": "ready", "msg": None, "data": data}


def answer(document: dict[str, Any]) -> tuple[str, str | None, str]:
    return document["status"], document["state"], document["msg"]


@pytest.mark.parametrize("written", IDS.values(), ids=IDS)
def test_an_odd_id_goes_through_every_action_as_it_is_written(stage: Stage, written: str) -> None:
    package = "modelArtifact: {tmp}/package"
    start = f"deploymentInfo: {{id: {written}, modelId: m1, {package}}}"
    replace = f"deploymentInfo: {{id: {written}, modelId: m1, newModelId: m2, {package}}}"
    only = f"deploymentInfo:\n  id: {written}\n"
    listed = f"peInfo:\n  deployments:\n  - d0\n  - {written}\n"

    started = stage.act("deployment_start", start)
    assert answer(started) == ("passing", "ready", f"deployment {written} holds model m1")
    status = stage.act("deployment_status", only)
    assert answer(status) == ("passing", "ready", f"deployment {written} holds model m1")
    replaced = stage.act("deployment_replace_model", replace)
    message = f"deployment {written} holds model m2 instead of m1"
    assert answer(replaced) == ("passing", "ready", message)
    entries = {"d0": entry(stage, "d0", "m0"), written: entry(stage, written, "m2")}
    assert stage.act("deployment_list", only)["data"] == entries
    health = stage.act("pe_status", listed)
    assert (health["status"], health["data"]) == ("passing", {"deploymentsStatus": entries})
    relaunched = stage.act("deployment_relaunch", only)
    assert (relaunched["status"], relaunched["data"]) == ("passing", entries[written]["data"])
    stopped = stage.act("deployment_stop", only)
    assert answer(stopped) == ("passing", "stopped", f"deployment {written} is stopped")
    assert stage.act("deployment_list", only)["data"] == {"d0": entry(stage, "d0", "m0")}


def test_a_model_id_is_taken_as_it_is_written(stage: Stage) -> None:
    info = "deploymentInfo: {id: d1, modelId: %s, modelArtifact: {tmp}/package}"
    for written in IDS.values():
        if written.lower() != "null":  # of a model this means: none
            assert stage.act("deployment_start", info % written)["data"]["currentModelId"] == written


def test_odd_ids_stand_side_by_side_and_in_status_files_as_they_are(stage: Stage) -> None:
    for written in IDS.values():
        info = f"deploymentInfo: {{id: {written}, modelId: m1, modelArtifact: {{tmp}}/package}}"
        assert stage.act("deployment_start", info)["status"] == "passing"
    entries = {written: entry(stage, written, "m1") for written in IDS.values()} | {"d0": entry(stage, "d0", "m0")}
    config = stage.put("action.yaml", json.dumps({"peInfo": {"deployments": sorted(entries)}}))

    listed = stage.run(*stage.command("deployment_list"))
    assert listed.document is not None
    assert listed.document["data"] == entries
    stage.status_file.unlink()
    health = stage.run(*stage.command("pe_status", "--config", config))
    assert health.document is not None
    assert (health.document["status"], health.document["data"]) == ("passing", {"deploymentsStatus": entries})


def test_ids_that_differ_in_case_only_are_two_deployments(stage: Stage) -> None:
    for written in ("Case", "case"):
        stage.act(
            "deployment_start",
            f"deploymentInfo: {{id: {written}, modelId: m-{written}, modelArtifact: {{tmp}}/package}}",
        )
    stage.act("deployment_stop", "deploymentInfo: {id: case}")
    entries = stage.act("deployment_list", "pluginConfig: {}")["data"]
    assert entries == {"d0": entry(stage, "d0", "m0"), "Case": entry(stage, "Case", "m-Case")}


def test_an_environment_id_is_taken_as_it_is_written(stage: Stage) -> None:
    stage.put("private.yaml", "baseDir: {tmp}/base\nenvironmentId: 0777\n")
    info = "deploymentInfo: {id: d1, modelId: m1, modelArtifact: {tmp}/package}"
    assert stage.act("deployment_start", info)["status"] == "passing"
    stage.put("private.yaml", "baseDir: {tmp}/base\n")
    sent = stage.act("deployment_list", "pluginConfig: {MLOPS_BOSUN_PRED_ENV_ID: 0777}")["data"]
    assert sent == {"d1": entry(stage, "d1", "m1")}
    sent = stage.act("deployment_list", "pluginConfig: {MLOPS_BOSUN_PRED_ENV_ID: 511}")["data"]
    assert sent == {}
