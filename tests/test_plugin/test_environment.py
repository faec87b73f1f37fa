"""What the test plugin tells of an environment, and that environments and files of others are left alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.test_plugin.conftest import World

GONE = {"data": None, "msg": "deployment d1 is stopped", "state": "stopped", "status": "passing"}


def test_a_status_tells_the_model_and_does_not_know_other_deployments(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    assert world.run("deployment_status", id="d1") == {
        "data": world.entry("d1", "A"),
        "msg": "deployment d1 serves model A",
        "state": "ready",
        "status": "passing",
    }
    assert world.run("deployment_status", id="d2") == {
        "data": None,
        "msg": "deployment d2 is unknown in this environment; start it with deployment_start",
        "state": "errored",
        "status": "failing",
    }


def test_the_list_names_every_deployment(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    world.run("deployment_start", id="d2", modelId="B")
    expected = {
        name: {"data": world.entry(name, model), "msg": None, "state": "ready", "status": "passing"}
        for name, model in (("d1", "A"), ("d2", "B"))
    }
    assert world.run("deployment_list") == {
        "data": expected,
        "msg": "2 deployments",
        "state": None,
        "status": "passing",
    }


def test_pe_status_tells_of_listed_missing_and_unlisted_deployments(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    world.run("deployment_start", id="d3", modelId="C")
    outcome = world.run("pe_status", pe_info={"deployments": ["d1", "d2"]})
    missing: dict[str, Any] = {"currentModelId": None, "predictionUrl": None, "workloads": []}
    assert outcome == {
        "data": {
            "deploymentsStatus": {
                "d1": {"data": world.entry("d1", "A"), "msg": None, "state": "ready", "status": "passing"},
                "d2": {
                    "data": missing,
                    "msg": "not there; start it with deployment_start",
                    "state": "errored",
                    "status": "failing",
                },
            }
        },
        "msg": "missing: d2; running here but not known to the agent: d3",
        "state": None,
        "status": "warning",
    }


@pytest.mark.parametrize("pe_info", [None, {}, {"deployments": None}], ids=["no section", "no list", "a null list"])
def test_pe_status_without_a_list_has_an_entry_for_every_deployment(
    world: World, pe_info: dict[str, Any] | None
) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    entry = {"data": world.entry("d1", "A"), "msg": None, "state": "ready", "status": "passing"}
    assert world.run("pe_status", pe_info=pe_info) == {
        "data": {"deploymentsStatus": {"d1": entry}},
        "msg": f"tmp_dir {world.tmp_dir} can be used; 1 deployment",
        "state": None,
        "status": "passing",
    }


def test_pe_status_of_a_folder_that_is_not_there_is_failing_and_says_what_to_do(world: World) -> None:
    world.tmp_dir.rmdir()
    outcome = world.run("pe_status", pe_info={"deployments": ["d1"]})
    unseen = {
        "data": {"currentModelId": None, "predictionUrl": None, "workloads": []},
        "msg": "the environment could not be looked at",
        "state": "unknown",
        "status": "unknown",
    }
    assert outcome == {
        "data": {"deploymentsStatus": {"d1": unseen}},
        "msg": f"tmp_dir {world.tmp_dir} does not exist; run: mkdir -p {world.tmp_dir}",
        "state": None,
        "status": "failing",
    }


@pytest.mark.parametrize("action", ["plugin_start", "deployment_start", "deployment_stop", "deployment_list"])
def test_an_action_in_a_folder_that_is_not_there_fails_and_makes_none(world: World, action: str) -> None:
    world.tmp_dir.rmdir()
    outcome = world.run(action, id="d1", modelId="A")
    assert outcome["msg"] == f"tmp_dir {world.tmp_dir} does not exist; run: mkdir -p {world.tmp_dir}"
    assert not world.tmp_dir.exists()


def test_the_plugin_starts_and_stops_without_touching_a_deployment(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    before = world.records()
    assert world.run("plugin_start") == {
        "data": None,
        "msg": f"tmp_dir {world.tmp_dir} can be used",
        "state": None,
        "status": "passing",
    }
    assert world.run("plugin_stop") == {
        "data": None,
        "msg": "nothing to stop; the deployments stay as they are",
        "state": None,
        "status": "passing",
    }
    assert world.records() == before


@pytest.mark.parametrize(
    ("action", "given", "plan"),
    [
        ("plugin_start", {}, []),
        ("plugin_stop", {}, []),
        ("deployment_start", {"id": "d1", "modelId": "A"}, []),
        ("deployment_start", {"id": "d1", "modelId": "B"}, ["write {path} for model B"]),
        ("deployment_relaunch", {"id": "d1"}, ["write {path} for model A"]),
        ("deployment_stop", {"id": "d1"}, ["remove {path}"]),
        ("deployment_stop", {"id": "d2"}, []),
    ],
)
def test_a_dry_run_tells_the_plan_and_changes_nothing(
    world: World, action: str, given: dict[str, Any], plan: list[str]
) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    before = world.records()
    outcome = world.run(action, dry_run=True, **given)
    assert outcome["status"] == "passing"
    assert outcome["data"]["plan"] == [step.format(path=next(iter(before))) for step in plan]
    assert world.records() == before


def test_a_dry_run_of_a_replacement_fetches_no_package(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    given: dict[str, Any] = {"id": "d1", "newModelId": "B", "modelArtifact": "http://127.0.0.1:9/model.pkg"}
    outcome = world.run("deployment_replace_model", dry_run=True, **given)
    (path,) = world.records()
    assert outcome["data"] == {**world.entry("d1", "A"), "plan": [f"write {path} for model B"]}


def test_environments_in_one_folder_never_touch_each_other(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    world.settings.pop("environmentId")
    world.plugin_config = {"MLOPS_BOSUN_PRED_ENV_ID": "env-2"}
    assert world.run("deployment_list")["data"] == {}
    assert world.run("deployment_stop", id="d1")["msg"] == "deployment d1 was not there; nothing to stop"
    world.run("deployment_start", id="d1", modelId="B")
    world.plugin_config = {}
    world.run("deployment_start", id="d1", modelId="C")
    found = {record["environment_id"]: record["model_id"] for record in world.records().values()}
    assert found == {"env-1": "A", "env-2": "B", str(world.tmp_dir): "C"}


def test_ids_of_every_kind_have_files_of_their_own(world: World) -> None:
    ids = ["con", "CON", "a.json", "a", "A", "0777", "a_b", "a-b", "a.b", "x" * 128, "x" * 127, "_"]
    for name in ids:
        world.run("deployment_start", id=name, modelId="A")
    assert len({path.lower() for path in world.records()}) == len(ids)
    assert sorted(world.run("deployment_list")["data"]) == sorted(ids)


def test_a_damaged_file_is_named_and_hides_no_other_deployment(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    (damaged,) = world.tmp_dir.iterdir()
    world.run("deployment_start", id="d2", modelId="B")
    damaged.write_text("{")
    remark = f"{damaged} is damaged (Input data was truncated); remove it, or stop its deployment"
    listed = world.run("deployment_list")
    assert (listed["status"], listed["msg"], list(listed["data"])) == ("warning", f"1 deployment; {remark}", ["d2"])
    status = world.run("pe_status")
    assert (status["status"], status["msg"]) == ("warning", remark)
    assert world.run("deployment_status", id="d1")["msg"] == remark
    assert world.run("deployment_stop", id="d1") == GONE
    assert world.models() == {"d2": "B"}


def test_a_start_mends_a_damaged_file(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    (damaged,) = world.tmp_dir.iterdir()
    damaged.write_text("{")
    assert world.run("deployment_start", id="d1", modelId="A")["status"] == "passing"
    assert world.models() == {"d1": "A"}


def test_a_file_of_a_newer_version_is_not_touched(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    (path,) = world.tmp_dir.iterdir()
    newer = json.dumps({"schema_version": 2, "whatever": True})
    path.write_text(newer)
    assert world.run("deployment_start", id="d1", modelId="B")["msg"] == (
        f"{path} was written by a newer bosun-test (version 2 of the file, this one reads 1); "
        "run: pip install --upgrade bosun-test"
    )
    assert path.read_text() == newer


def test_a_link_in_the_place_of_a_file_is_not_written_through(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    (path,) = world.tmp_dir.iterdir()
    victim = world.folder / "victim"
    path.rename(victim)
    before = victim.read_text()
    path.symlink_to(victim)
    assert world.run("deployment_start", id="d1", modelId="B")["msg"] == (
        f"cannot use {path}: it is a link, which is never made here; mend that, then run the action again"
    )
    assert victim.read_text() == before
