"""What the first version wrote is read, and an upgrade changes nothing of it."""

import hashlib

RECORD = (
    '{"schemaVersion":1,"environment":"pe-1","deploymentId":"d1","modelId":"A","package":"a.mlpkg","packageSize":7,'
    '"packageSha256":"%s","files":{"config.yml":"%s","kv.yaml":"%s"}}'
)
PACKAGE = b"a model"
INFO_FILE = b"deployment_id: d1\nmodel_id: A\n"
KEY_VALUES = b"list:\n- x\nn: 3\n"


def written_by_the_first_version(fs) -> None:
    """Make the folder of a deployment as commit 375143c made it."""
    folder = fs.base / "deployment_d1"
    folder.mkdir()
    digests = [hashlib.sha256(content).hexdigest() for content in (PACKAGE, INFO_FILE, KEY_VALUES)]
    (folder / "a.mlpkg").write_bytes(PACKAGE)
    (folder / "config.yml").write_bytes(INFO_FILE)
    (folder / "kv.yaml").write_bytes(KEY_VALUES)
    (folder / ".bosun.json").write_text(RECORD % tuple(digests))
    fs.settings |= {"environmentId": "pe-1", "deploymentKVFile": "kv.yaml"}


def test_a_deployment_of_the_first_version_is_ready(fs):
    written_by_the_first_version(fs)

    status = fs.run("deployment_status", fs.info())

    assert (status["status"], status["state"], status["data"]["currentModelId"]) == ("passing", "ready", "A")
    assert list(fs.run("deployment_list")["data"]) == ["d1"]


def test_a_start_after_an_upgrade_changes_nothing(fs):
    written_by_the_first_version(fs)
    before = {path: path.stat().st_ino for path in fs.base.rglob("*")}

    info = fs.info(package=fs.package("a", PACKAGE), keyValueConfig={"n": 3, "list": ["x"]})
    status = fs.run("deployment_start", info)

    assert status["msg"] == "deployment d1 already serves model A; nothing changed"
    assert {path: path.stat().st_ino for path in before} == before


def test_a_deployment_of_the_first_version_is_replaced_and_stopped(fs):
    written_by_the_first_version(fs)

    replaced = fs.run("deployment_replace_model", fs.info(package=fs.package("b", b"model B"), newModelId="B"))
    stopped = fs.run("deployment_stop", fs.info())

    assert (replaced["status"], replaced["data"]["currentModelId"]) == ("passing", "B")
    assert (stopped["status"], fs.deployments()) == ("passing", {})
