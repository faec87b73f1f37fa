"""The sample plugin keeps the contract: what authors copy must be right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.examples.conftest import Sample


def test_a_start_keeps_the_package_and_again_changes_nothing(sample: Sample) -> None:
    first = sample.start("d1", "A")
    assert first == {
        "data": sample.data("d1", "A"),
        "msg": "deployment d1 serves model A",
        "state": "ready",
        "status": "passing",
    }
    before = (sample.home / "d1/deployment.json").stat()
    assert sample.start("d1", "A") == {
        **first,
        "msg": "deployment d1 already serves model A; nothing changed",
    }
    assert (sample.home / "d1/deployment.json").stat().st_mtime_ns == before.st_mtime_ns
    assert sample.held() == {"d1": ("A", "A")}


def test_a_stop_leaves_nothing_and_may_be_repeated(sample: Sample) -> None:
    sample.start("d1", "A")
    stopped = {"data": None, "msg": "deployment d1 is stopped", "state": "stopped", "status": "passing"}
    assert sample.run("deployment_stop", id="d1") == stopped
    assert sample.held() == {}
    again = sample.run("deployment_stop", id="d1")
    assert again == {**stopped, "msg": "deployment d1 was not there; nothing to stop"}


def test_a_replacement_leaves_the_new_model_alone(sample: Sample) -> None:
    sample.start("d1", "A")
    assert sample.replace("d1", "B")["data"] == sample.data("d1", "B")
    assert sample.held() == {"d1": ("B", "B")}


def test_a_replacement_that_fails_leaves_the_old_model_in_use(sample: Sample) -> None:
    sample.start("d1", "A")
    outcome = sample.run("deployment_replace_model", id="d1", newModelId="B", modelArtifact="/nowhere")
    assert outcome == {
        "data": {"currentModelId": "A", "oldModelInUse": True},
        "msg": "modelArtifact /nowhere does not exist; check the path",
        "state": "errored",
        "status": "failing",
    }
    assert sample.held() == {"d1": ("A", "A")}


def test_what_is_unknown_is_neither_replaced_nor_relaunched_and_has_no_status(sample: Sample) -> None:
    outcomes = [
        sample.replace("d1", "B"),
        sample.run("deployment_relaunch", id="d1", modelId="B"),
        sample.run("deployment_status", id="d1"),
    ]
    unknown = {
        "data": None,
        "msg": "deployment d1 is unknown in this environment; start it with deployment_start",
        "state": "errored",
        "status": "failing",
    }
    assert outcomes == [unknown] * 3
    assert sample.held() == {}


def test_a_relaunch_without_a_package_takes_the_settings_and_keeps_the_rest(sample: Sample) -> None:
    sample.start("d1", "A")
    sample.run("deployment_relaunch", id="d1", keyValueConfig={"memory": "1g"})
    assert sample.held() == {"d1": ("A", "A")}
    assert json.loads((sample.home / "d1/deployment.json").read_text())["settings"] == {"memory": "1g"}


def test_pe_status_and_list_tell_of_this_environment_only(sample: Sample) -> None:
    sample.start("d1", "A")
    sample.private["environmentId"] = "other"
    assert sample.run("deployment_list")["data"] == {}
    sample.private["environmentId"] = "e"
    entry = {"data": sample.data("d1", "A"), "msg": None, "state": "ready", "status": "passing"}
    assert sample.run("deployment_list")["data"] == {"d1": entry}
    assert sample.run("pe_status", pe_info={"deployments": ["d1"]}) == {
        "data": {"deploymentsStatus": {"d1": entry}},
        "msg": f"{sample.home} can be used; 1 deployment",
        "state": None,
        "status": "passing",
    }


def test_a_folder_that_cannot_be_one_is_a_failing_environment(sample: Sample) -> None:
    Path(sample.private["folder"]).write_text("a file")
    outcome = sample.run("pe_status", pe_info={"deployments": ["d1"]})
    assert (outcome["status"], outcome["msg"]) == (
        "failing",
        f"cannot use {sample.home}: Not a directory; mend that, then run it again",
    )
    entry = outcome["data"]["deploymentsStatus"]["d1"]
    assert (entry["status"], entry["state"]) == ("unknown", "unknown")


def test_pe_status_without_a_list_warns_of_a_package_that_is_gone(sample: Sample) -> None:
    sample.start("d1", "A")
    sample.start("d2", "A")
    for file in (sample.home / "d1").iterdir():
        if file.name != "deployment.json":
            file.unlink()
    outcome = sample.run("pe_status")
    assert (outcome["status"], outcome["msg"]) == ("warning", "failing: d1")
    found = {name: entry["status"] for name, entry in outcome["data"]["deploymentsStatus"].items()}
    assert found == {"d1": "failing", "d2": "passing"}


def test_a_package_that_is_gone_is_seen_and_a_start_brings_it_back(sample: Sample) -> None:
    sample.start("d1", "A")
    for file in (sample.home / "d1").iterdir():
        if file.name != "deployment.json":
            file.unlink()
    outcome = sample.run("deployment_status", id="d1")
    assert outcome == {
        "data": sample.data("d1", "A"),
        "msg": "the package of deployment d1 is gone; start it again",
        "state": "errored",
        "status": "failing",
    }
    sample.start("d1", "A")
    assert sample.held() == {"d1": ("A", "A")}


@pytest.mark.parametrize(
    ("action", "model"), [("deployment_start", "B"), ("deployment_stop", "A"), ("deployment_relaunch", "B")]
)
def test_a_dry_run_tells_a_plan_and_changes_nothing(sample: Sample, action: str, model: str) -> None:
    sample.start("d1", "A")
    outcome = sample.run(action, dry_run=True, id="d1", modelId=model, modelArtifact=sample.package(model))
    assert outcome["status"] == "passing"
    assert outcome["data"]["plan"] != []
    assert sample.held() == {"d1": ("A", "A")}
