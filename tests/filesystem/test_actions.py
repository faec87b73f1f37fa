"""The promises of the nine actions, kept on the filesystem."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
import yaml


def entry(fs: Any, deployment: str, model: str, url: str | None = None) -> dict[str, Any]:
    return {"currentModelId": model, "predictionUrl": url, "workloads": [str(fs.base / f"deployment_{deployment}")]}


def test_start_puts_package_and_info_file_in_the_deployments_folder(fs):
    status = fs.run("deployment_start", fs.info(package=fs.package("a", b"model A")))
    assert status == {
        "data": entry(fs, "d1", "A"),
        "msg": "deployment d1 holds model A",
        "state": "ready",
        "status": "passing",
    }
    assert fs.deployments() == {"deployment_d1": ("A", "model A")}
    assert yaml.safe_load((fs.base / "deployment_d1/config.yml").read_text()) == {
        "deployment_id": "d1",
        "model_id": "A",
    }


def test_start_again_changes_nothing(fs):
    info = fs.info(package=fs.package("a"))
    fs.run("deployment_start", info)
    before = (fs.base / "deployment_d1").stat()
    status = fs.run("deployment_start", info)
    assert status["msg"] == "deployment d1 already serves model A; nothing changed"
    assert (fs.base / "deployment_d1").stat() == before


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"model": "B"}, ("B", "a model")),
        ({"content": b"another"}, ("A", "another")),
        ({"keyValueConfig": {"k": "v"}}, ("A", "a model")),
    ],
    ids=["another model", "another package under the same name", "other settings"],
)
def test_start_with_something_else_brings_the_deployment_to_it(fs, change, expected):
    fs.settings["deploymentKVFile"] = "kv.yaml"
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    before = (fs.base / "deployment_d1").stat().st_ino
    package = fs.package("a", change.pop("content", b"a model"))
    status = fs.run("deployment_start", fs.info(model=change.pop("model", "A"), package=package, **change))
    assert status["status"] == "passing", status
    assert fs.deployments() == {"deployment_d1": expected}
    assert (fs.base / "deployment_d1").stat().st_ino != before


def test_a_package_of_another_name_with_the_same_content_changes_nothing(fs):
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    status = fs.run("deployment_start", fs.info(package=fs.package("renamed")))
    assert status["msg"] == "deployment d1 already serves model A; nothing changed"


def test_replace_exchanges_model_and_package(fs):
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    status = fs.run("deployment_replace_model", fs.info(package=fs.package("b", b"model B"), newModelId="B"))
    assert status == {
        "data": entry(fs, "d1", "B"),
        "msg": "deployment d1 holds model B instead of A",
        "state": "ready",
        "status": "passing",
    }
    assert fs.deployments() == {"deployment_d1": ("B", "model B")}


def test_replace_when_the_running_model_is_neither_the_old_nor_the_new_proceeds(fs):
    fs.run("deployment_start", fs.info(model="X", package=fs.package("x")))
    status = fs.run("deployment_replace_model", fs.info(package=fs.package("b"), newModelId="B"))
    assert (status["status"], status["data"]["currentModelId"]) == ("passing", "B")


def test_replace_again_changes_nothing(fs):
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    info = fs.info(package=fs.package("b", b"model B"), newModelId="B")
    fs.run("deployment_replace_model", info)
    assert fs.run("deployment_replace_model", info)["msg"] == "deployment d1 already serves model B; nothing changed"


def test_replace_of_an_unknown_deployment_makes_nothing(fs):
    status = fs.run("deployment_replace_model", fs.info(package=fs.package("b"), newModelId="B"))
    assert status == {
        "data": None,
        "msg": "deployment d1 is unknown in this environment; start it with deployment_start",
        "state": "errored",
        "status": "failing",
    }
    assert fs.deployments() == {}


@pytest.mark.parametrize("action", ["deployment_replace_model", "deployment_relaunch", "deployment_stop"])
def test_an_action_on_an_unknown_deployment_leaves_an_untouched_base_as_it_is(fs, action):
    more = {"newModelId": "B", "package": fs.package("b")} if action == "deployment_replace_model" else {}
    fs.run(action, fs.info(**more))
    assert list(fs.base.iterdir()) == []


def test_a_replacement_that_fails_says_that_the_old_model_is_in_use(fs):
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    missing = fs.folder / "missing.mlpkg"
    status = fs.run("deployment_replace_model", fs.info(package=missing, newModelId="B"))
    assert status == {
        "data": {"currentModelId": "A", "oldModelInUse": True},
        "msg": f"modelArtifact {missing} does not exist; check the path",
        "state": "errored",
        "status": "failing",
    }
    assert fs.deployments() == {"deployment_d1": ("A", "a model")}


def test_stop_leaves_nothing_of_the_deployment(fs):
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    status = fs.run("deployment_stop", fs.info())
    assert status == {"data": None, "msg": "deployment d1 is stopped", "state": "stopped", "status": "passing"}
    assert fs.tree() == {".bosun/locks/": "", ".bosun/staging/": ""}


def test_stop_goes_by_the_id_and_mentions_another_model(fs):
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    status = fs.run("deployment_stop", fs.info(model="X"))
    assert (status["status"], status["msg"]) == ("passing", "deployment d1 is stopped; it served model A, not X")


def test_stop_again_is_passing_and_stopped(fs):
    status = fs.run("deployment_stop", fs.info())
    expected = "deployment d1 was not there; nothing to stop"
    assert status == {"data": None, "msg": expected, "state": "stopped", "status": "passing"}


def test_status_tells_the_model(fs):
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    status = fs.run("deployment_status", fs.info())
    expected = {
        "data": entry(fs, "d1", "A"),
        "msg": "deployment d1 holds model A",
        "state": "ready",
        "status": "passing",
    }
    assert status == expected


def test_status_of_an_unknown_deployment_says_so(fs):
    status = fs.run("deployment_status", fs.info())
    expected = "deployment d1 is unknown in this environment; start it with deployment_start"
    assert (status["status"], status["state"], status["msg"]) == ("failing", "errored", expected)


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        (lambda folder: (folder / "a.mlpkg").unlink(), "its package a.mlpkg is missing"),
        (lambda folder: (folder / "a.mlpkg").write_bytes(b"x"), "its package a.mlpkg has 1 bytes instead of 7"),
        (lambda folder: (folder / "config.yml").unlink(), "its file config.yml is missing"),
        (
            lambda folder: (folder / "config.yml").write_text("model_id: X\n"),
            "its file config.yml was changed by somebody else",
        ),
    ],
    ids=["package gone", "package cut", "info file gone", "info file changed"],
)
def test_status_sees_what_somebody_did_to_the_folder_and_start_mends_it(fs, harm, fault):
    info = fs.info(package=fs.package("a"))
    fs.run("deployment_start", info)
    harm(fs.base / "deployment_d1")
    status = fs.run("deployment_status", fs.info())
    assert (status["status"], status["state"]) == ("failing", "errored")
    assert status["msg"] == f"deployment d1: {fault}; relaunch it with its package"
    assert fs.run("deployment_start", info)["status"] == "passing"
    assert fs.run("deployment_status", fs.info())["status"] == "passing"


def test_list_has_every_deployment_of_this_environment_and_no_other(fs):
    package = fs.package("a")
    fs.settings["environmentId"] = "other"
    fs.run("deployment_start", fs.info("theirs", package=package))
    fs.settings["environmentId"] = "ours"
    for name in ("d1", "d2"):
        fs.run("deployment_start", fs.info(name, package=package))
    listed = fs.run("deployment_list")
    ready = {"msg": None, "state": "ready", "status": "passing"}
    assert listed == {
        "data": {name: {**ready, "data": entry(fs, name, "A")} for name in ("d1", "d2")},
        "msg": "2 deployments",
        "state": None,
        "status": "passing",
    }


def test_another_environments_deployment_of_the_same_id_is_not_touched(fs):
    package = fs.package("a")
    fs.settings["environmentId"] = "other"
    fs.run("deployment_start", fs.info(package=package))
    before = fs.tree()
    fs.settings["environmentId"] = "ours"
    folder = fs.base / "deployment_d1"
    for action in ("deployment_start", "deployment_stop", "deployment_relaunch", "deployment_status"):
        assert fs.run(action, fs.info(package=package))["msg"] == (
            f"{folder} belongs to the environment 'other', this one is 'ours'; "
            "give each environment a baseDir or a deploymentDirPrefix of its own"
        )
    assert fs.tree() == before


def test_the_environment_id_may_come_from_the_agent(fs):
    package = fs.package("a")
    ours = {"MLOPS_BOSUN_PRED_ENV_ID": "0777"}
    fs.run("deployment_start", fs.info(package=package), plugin_config=ours)
    assert list(fs.run("deployment_list", plugin_config=ours)["data"]) == ["d1"]
    assert fs.run("deployment_list", plugin_config={"MLOPS_BOSUN_PRED_ENV_ID": "0778"})["data"] == {}


def test_a_folder_that_somebody_else_made_is_named_and_never_touched(fs):
    folder = fs.base / "deployment_d1"
    folder.mkdir()
    (folder / "config.yml").write_text("deployment_id: d1\nmodel_id: A\n")
    before = fs.tree()
    refusal = f"{folder} was not made by this Bosun and is not touched; move it away, or see docs/migrate.md"
    for action in ("deployment_start", "deployment_stop"):
        assert fs.run(action, fs.info(package=fs.package("a")))["msg"] == refusal
    status = fs.run("pe_status")
    assert status["status"] == "warning"
    assert status["msg"] == "unmanaged (not made by this Bosun, never touched; docs/migrate.md): deployment_d1"
    assert {name: content for name, content in fs.tree().items() if not name.startswith(".bosun")} == before


def test_relaunch_without_an_artifact_makes_the_folder_anew_of_the_kept_package(fs):
    package = fs.package("a", b"kept")
    fs.run("deployment_start", fs.info(package=package))
    package.unlink()
    before = (fs.base / "deployment_d1").stat().st_ino
    assert fs.run("deployment_relaunch", fs.info())["status"] == "passing"
    assert fs.deployments() == {"deployment_d1": ("A", "kept")}
    assert (fs.base / "deployment_d1").stat().st_ino != before


def test_relaunch_brings_the_deployment_to_the_given_package(fs):
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    fs.run("deployment_relaunch", fs.info(package=fs.package("b", b"newer")))
    assert fs.deployments() == {"deployment_d1": ("A", "newer")}


def test_relaunch_with_a_package_that_is_not_there_keeps_the_old_one_in_service(fs):
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    status = fs.run("deployment_relaunch", fs.info(package=fs.folder / "missing.mlpkg"))
    assert (status["status"], status["data"]) == ("failing", {"currentModelId": "A", "oldModelInUse": True})
    assert fs.deployments() == {"deployment_d1": ("A", "a model")}


def test_pe_status_tells_each_listed_deployment_and_warns_of_the_rest(fs):
    for name in ("d1", "d3"):
        fs.run("deployment_start", fs.info(name, package=fs.package("a")))
    status = fs.run("pe_status", pe={"deployments": ["d1", {"id": "d2"}]})
    assert status["status"] == "warning"
    assert status["msg"] == "missing: d2; running here but not known to the agent: d3"
    found = {name: (item["status"], item["state"]) for name, item in status["data"]["deploymentsStatus"].items()}
    assert found == {"d1": ("passing", "ready"), "d2": ("failing", "errored")}


@pytest.mark.parametrize(("listed", "expected"), [([], "warning"), (None, "passing")])
def test_an_empty_list_counts_and_a_null_one_does_not(fs, listed, expected):
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    assert fs.run("pe_status", pe={"deployments": listed})["status"] == expected


def test_pe_status_without_a_list_warns_of_a_package_that_is_gone(fs):
    for name in ("iris", "wine"):
        fs.run("deployment_start", fs.info(name, package=fs.package("a")))
    (fs.base / "deployment_iris/a.mlpkg").unlink()
    status = fs.run("pe_status")
    assert (status["status"], status["msg"]) == ("warning", "failing: iris")
    found = {name: entry["status"] for name, entry in status["data"]["deploymentsStatus"].items()}
    assert found == {"iris": "failing", "wine": "passing"}


def test_pe_status_and_plugin_start_say_that_the_base_is_writable_and_how_much_room_is_left(fs):
    for action in ("plugin_start", "pe_status"):
        status = fs.run(action)
        assert status["status"] == "passing"
        assert status["msg"].startswith(f"baseDir {fs.base} is there and writable, ")
        assert " GB free" in status["msg"]


def test_plugin_stop_leaves_the_deployments_in_place(fs):
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    before = fs.tree()
    assert fs.run("plugin_stop")["status"] == "passing"
    assert fs.tree() == before


def test_modes_follow_the_umask(fs):
    os.umask(old := os.umask(0o027))
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    folder = fs.base / "deployment_d1"
    modes = {path.name: path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())}
    expected = dict.fromkeys(("a.mlpkg", "config.yml", ".bosun.json"), 438 & ~old)
    assert modes == {**expected, "deployment_d1": 0o777 & ~old}


def test_dry_run_tells_the_steps_and_changes_nothing(fs):
    info = fs.info(package=(package := fs.package("a")))
    folder = fs.base / "deployment_d1"
    status = fs.run("deployment_start", info, dry_run=True)
    steps = [
        f"copy {package} (7 bytes) to a new folder aside",
        "write config.yml for model A",
        f"put it in place as {folder}",
    ]
    assert status == {
        "data": {"plan": steps, "changes": [{"what": "modelId", "from": None, "to": "A"}]},
        "msg": f"would {'; '.join(steps)}",
        "state": None,
        "status": "passing",
    }
    assert fs.tree() == {"./": ""}


def test_dry_run_of_a_package_behind_a_url_fetches_nothing(fs):
    info = {**fs.info(), "modelArtifact": "http://127.0.0.1:1/a.mlpkg"}
    status = fs.run("deployment_start", info, dry_run=True)
    assert status["data"]["plan"] == [
        "fetch the package, and copy it to a new folder aside unless it is the one that is there",
        "write config.yml for model A",
        f"put it in place as {fs.base / 'deployment_d1'}",
    ]
    assert fs.tree() == {"./": ""}


def test_dry_run_of_what_is_already_so_has_an_empty_plan(fs):
    info = fs.info(package=fs.package("a"))
    fs.run("deployment_start", info)
    status = fs.run("deployment_start", info, dry_run=True)
    assert (status["msg"], status["data"]["plan"], status["data"]["changes"]) == ("nothing would change", [], [])


def test_dry_run_tells_programs_what_would_be_another(fs):
    fs.settings["deploymentKVFile"] = "kv.yaml"
    old, new = fs.package("a"), fs.package("b", b"another model")
    fs.run("deployment_start", fs.info(package=old, keyValueConfig={"n": 3, "gone": "x", "same": True}))
    info = fs.info(package=new, newModelId="B", keyValueConfig={"n": 4, "same": True, "added": ["y"]})
    (fs.base / "deployment_d1" / "a.mlpkg").unlink()
    sha256 = {
        path: hashlib.sha256(content).hexdigest() for path, content in ((old, b"a model"), (new, b"another model"))
    }
    assert fs.run("deployment_replace_model", info, dry_run=True)["data"]["changes"] == [
        {"what": "state", "from": "errored", "to": "ready"},
        {"what": "modelId", "from": "A", "to": "B"},
        {"what": "package", "from": sha256[old], "to": sha256[new]},
        {"what": "settings.added", "from": None, "to": ["y"]},
        {"what": "settings.gone", "from": "x", "to": None},
        {"what": "settings.n", "from": 3, "to": 4},
    ]


@pytest.mark.parametrize(
    "action", ["deployment_replace_model", "deployment_relaunch", "deployment_stop", "plugin_start"]
)
def test_dry_run_changes_nothing_in_any_action(fs, action):
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    before = fs.tree()
    status = fs.run(action, fs.info(package=fs.package("b"), newModelId="B"), dry_run=True)
    assert status["status"] == "passing", status
    assert fs.tree() == before


def test_key_values_go_to_a_file_of_their_own(fs):
    fs.settings["deploymentKVFile"] = "kv.yaml"
    fs.run("deployment_start", fs.info(package=fs.package("a"), keyValueConfig={"key1": "v", "n": 3}))
    assert yaml.safe_load((fs.base / "deployment_d1/kv.yaml").read_text()) == {"key1": "v", "n": 3}


def test_key_values_of_the_same_file_never_hide_the_ids(fs):
    fs.settings["deploymentKVFile"] = "config.yml"
    key_values = {"key1": "v", "model_id": "X", "deployment_id": "Y"}
    fs.run("deployment_start", fs.info(package=fs.package("a"), keyValueConfig=key_values))
    written = yaml.safe_load((fs.base / "deployment_d1/config.yml").read_text())
    assert written == {"deployment_id": "d1", "key1": "v", "model_id": "A"}


@pytest.mark.parametrize("name", ["config.yml", "kv.yaml", ".bosun.json"])
def test_a_package_named_like_a_file_of_ours_is_refused(fs, name):
    fs.settings["deploymentKVFile"] = "kv.yaml"
    (package := fs.folder / name).write_bytes(b"x")
    status = fs.run("deployment_start", fs.info(package=package))
    assert status["msg"] == f"the package is called {name}, like a file that Bosun writes beside it; rename the package"
    assert fs.deployments() == {}


@pytest.mark.parametrize("base", ["http://localhost:8080", "http://localhost:8080/"])
def test_the_prediction_url_is_made_of_the_base_url_and_the_folders_name(fs, base):
    fs.settings |= {"deploymentPredictionBaseUrl": base, "deploymentDirPrefix": "dep-"}
    status = fs.run("deployment_start", fs.info(package=fs.package("a")))
    assert status["data"]["predictionUrl"] == "http://localhost:8080/deployments/dep-d1/predictions"


def test_a_relative_base_starts_at_the_working_directory(fs, monkeypatch):
    monkeypatch.chdir(fs.base)
    fs.settings["baseDir"] = "."
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    assert fs.deployments() == {"deployment_d1": ("A", "a model")}


def test_a_record_of_a_newer_bosun_is_not_touched(fs):
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    record: Path = fs.base / "deployment_d1/.bosun.json"
    record.write_text(record.read_text().replace('"schemaVersion":1', '"schemaVersion":2'))
    status = fs.run("deployment_stop", fs.info())
    assert status["msg"] == (
        f"{fs.base}/deployment_d1 was made by a newer Bosun (record version 2, this one reads 1); "
        "run: pip install --upgrade bosun-fs"
    )
    assert record.exists()
