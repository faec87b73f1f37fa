"""Starting, replacing, relaunching and stopping deployments of the test plugin."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.test_plugin.conftest import World

NO_SETTINGS = hashlib.sha256(b"{}").hexdigest()
GONE = {"data": None, "msg": "deployment d1 is stopped", "state": "stopped", "status": "passing"}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def record(**changes: Any) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "environment_id": "env-1",
        "deployment_id": "d1",
        "model_id": "A",
        "settings_hash": NO_SETTINGS,
        "package_hash": None,
        **changes,
    }


def test_a_start_writes_one_file_with_the_facts_of_the_deployment(world: World) -> None:
    outcome = world.run("deployment_start", id="d1", modelId="A", modelArtifact=world.package("content"))
    assert list(world.records().values()) == [record(package_hash=sha256("content"))]
    assert outcome == {
        "data": world.entry("d1", "A"),
        "msg": "deployment d1 serves model A",
        "state": "ready",
        "status": "passing",
    }


def test_a_start_again_changes_nothing(world: World) -> None:
    given: dict[str, Any] = {
        "id": "d1",
        "modelId": "A",
        "modelArtifact": world.package(),
        "keyValueConfig": {"memory": "1g"},
    }
    world.run("deployment_start", **given)
    (path,) = world.tmp_dir.iterdir()
    before = path.stat()
    outcome = world.run("deployment_start", **given)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert outcome == {
        "data": world.entry("d1", "A"),
        "msg": "deployment d1 already serves model A; nothing changed",
        "state": "ready",
        "status": "passing",
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"modelId": "B"}, {"model_id": "B"}, id="another model"),
        pytest.param(
            {"keyValueConfig": {"memory": "2g"}}, {"settings_hash": sha256('{"memory": "2g"}')}, id="other settings"
        ),
    ],
)
def test_a_start_brings_a_deployment_to_what_is_given(
    world: World, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    given: dict[str, Any] = {"id": "d1", "modelId": "A", "modelArtifact": world.package("one")}
    world.run("deployment_start", **given)
    world.run("deployment_start", **{**given, **changes})
    assert list(world.records().values()) == [record(package_hash=sha256("one"), **expected)]


def test_a_start_sees_another_package_by_its_content(world: World) -> None:
    package = Path(world.package("same"))
    world.run("deployment_start", id="d1", modelId="A", modelArtifact=str(package))
    package.write_text("emas")
    world.run("deployment_start", id="d1", modelId="A", modelArtifact=str(package))
    assert list(world.records().values()) == [record(package_hash=sha256("emas"))]


def test_a_start_needs_no_package(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    assert list(world.records().values()) == [record()]


def test_a_start_with_a_package_that_is_not_there_makes_nothing(world: World) -> None:
    outcome = world.run("deployment_start", id="d1", modelId="A", modelArtifact="/nowhere/model.pkg")
    assert outcome == {
        "data": None,
        "msg": "modelArtifact /nowhere/model.pkg does not exist; check the path",
        "state": "errored",
        "status": "failing",
    }
    assert world.records() == {}


def test_a_stop_leaves_nothing_and_may_be_repeated(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    assert world.run("deployment_stop", id="d1", modelId="A") == GONE
    assert world.records() == {}
    assert world.run("deployment_stop", id="d1") == {
        **GONE,
        "msg": "deployment d1 was not there; nothing to stop",
    }


def test_a_stop_goes_by_the_id_alone_and_mentions_another_model(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    outcome = world.run("deployment_stop", id="d1", modelId="B")
    assert outcome == {**GONE, "msg": "deployment d1 is stopped; it served model A, not B"}


def test_a_replacement_puts_the_new_model_in_place(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A", modelArtifact=world.package("one"))
    given: dict[str, Any] = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": world.package("two")}
    outcome = world.run("deployment_replace_model", **given)
    assert list(world.records().values()) == [record(model_id="B", package_hash=sha256("two"))]
    assert outcome == {
        "data": world.entry("d1", "B"),
        "msg": "deployment d1 serves model B",
        "state": "ready",
        "status": "passing",
    }
    again = world.run("deployment_replace_model", **given)
    assert again == {**outcome, "msg": "deployment d1 already serves model B; nothing changed"}


def test_a_replacement_proceeds_where_neither_model_runs(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="X")
    world.run("deployment_replace_model", id="d1", modelId="A", newModelId="B", modelArtifact=world.package())
    assert world.models() == {"d1": "B"}


def test_a_replacement_of_an_unknown_deployment_makes_nothing(world: World) -> None:
    outcome = world.run("deployment_replace_model", id="d1", newModelId="B", modelArtifact=world.package())
    assert outcome == {
        "data": None,
        "msg": "deployment d1 is unknown in this environment; start it with deployment_start",
        "state": "errored",
        "status": "failing",
    }
    assert world.records() == {}


def test_a_replacement_whose_package_is_not_there_leaves_the_old_model_in_use(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    outcome = world.run("deployment_replace_model", id="d1", newModelId="B", modelArtifact="/nowhere")
    assert outcome == {
        "data": {"currentModelId": "A", "oldModelInUse": True},
        "msg": "modelArtifact /nowhere does not exist; check the path",
        "state": "errored",
        "status": "failing",
    }
    assert world.models() == {"d1": "A"}


def test_a_relaunch_without_a_package_keeps_model_and_package_and_takes_the_given_settings(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A", modelArtifact=world.package("one"))
    outcome = world.run("deployment_relaunch", id="d1", keyValueConfig={"memory": "2g"})
    assert list(world.records().values()) == [
        record(package_hash=sha256("one"), settings_hash=sha256('{"memory": "2g"}'))
    ]
    assert outcome["msg"] == "deployment d1 serves model A"


def test_a_relaunch_with_a_package_brings_the_deployment_to_it(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A", modelArtifact=world.package("one"))
    world.run("deployment_relaunch", id="d1", modelId="B", modelArtifact=world.package("two"))
    assert list(world.records().values()) == [record(model_id="B", package_hash=sha256("two"))]


def test_a_relaunch_with_a_package_that_is_not_there_leaves_the_deployment_as_it_is(world: World) -> None:
    world.run("deployment_start", id="d1", modelId="A")
    outcome = world.run("deployment_relaunch", id="d1", modelId="A", modelArtifact="/nowhere")
    assert outcome["data"] == {"currentModelId": "A", "oldModelInUse": True}
    assert world.models() == {"d1": "A"}


def test_a_relaunch_of_an_unknown_deployment_without_a_package_makes_nothing(world: World) -> None:
    outcome = world.run("deployment_relaunch", id="d1", modelId="A")
    assert outcome["msg"] == "deployment d1 is unknown in this environment; start it with deployment_start"
    assert world.records() == {}
