"""The commands and configurations that the document prints work as printed, from the folder examples/."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
PRINTED = (HERE / "document.md").read_text()
# What the document's commands read and write; the last is the folder of sample_plugin_config.yaml.
STATUS, PACKAGE, DEPLOYMENTS = Path("/tmp/status.yaml"), Path("/tmp/model-A.txt"), Path("/tmp/sample_environment")
HOME = DEPLOYMENTS / "default-3214a48d5aff"


def printed(language: str, containing: str) -> str:
    """Return the one code block of the document in `language` with `containing` in its first line or title."""
    blocks = re.findall(rf"^```{language}(.*?)^```", PRINTED, re.MULTILINE | re.DOTALL)
    (block,) = [block for block in blocks if containing in block]
    return str(block.partition("\n")[2])


def bash(command: str, folder: Path = EXAMPLES) -> subprocess.CompletedProcess[str]:
    """Run a command of the document in bash, the runner on PATH as in an activated environment."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )
    print(f"$ {command}\n{done.stdout}{done.stderr}exit code {done.returncode}")
    return done


def status_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the status that the command wrote to the status file and showed on stdout, without its times."""
    assert (done.returncode, done.stderr) == (0, "")
    status = yaml.safe_load(STATUS.read_text())
    assert yaml.safe_load(done.stdout) == status
    return {key: value for key, value in status.items() if key not in ("duration", "timestamp")}


@pytest.fixture
def printed_places(tmp_path: Path) -> Iterator[None]:
    """Lend the test the places in /tmp that the document names; what a user has there is put back."""
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run of the tests may be about the same files
        places = [place for place in (STATUS, PACKAGE, DEPLOYMENTS) if place.exists()]
        for place in places:
            shutil.move(place, tmp_path / place.name)
        PACKAGE.write_text("model A\n")
        yield
        STATUS.unlink(missing_ok=True)
        PACKAGE.unlink()
        shutil.rmtree(DEPLOYMENTS, ignore_errors=True)
        for place in places:
            shutil.move(tmp_path / place.name, place)


def test_the_sample_files_are_the_documents(printed_places: None) -> None:
    files = {
        "action_config_deployment_1_model_A.yaml": printed("yaml", "deploymentInfo:"),
        "plugin.filesystem.conf.yaml": printed("yaml", "plugin.filesystem.conf.yaml"),
        "plugin.test.conf.yaml": printed("yaml", "plugin.test.conf.yaml"),
    }
    assert {name: (EXAMPLES / "sample_configs" / name).read_text() for name in files} == files


def test_the_pe_status_command_shows_an_empty_environment(printed_places: None) -> None:
    assert status_of(bash(printed("shell", "--action pe_status"))) == {
        "data": {"deploymentsStatus": {}},
        "msg": f"{HOME} can be used; 0 deployments",
        "state": None,
        "status": "passing",
    }


def test_the_deployment_start_command_starts_the_deployment(printed_places: None) -> None:
    command = printed("shell", "--action deployment_start")
    facts = {"currentModelId": "model-A", "predictionUrl": None, "workloads": [str(HOME / "deployment-1")]}
    assert status_of(bash(command)) == {
        "data": facts,
        "msg": "deployment deployment-1 serves model model-A",
        "state": "ready",
        "status": "passing",
    }
    entry = {"data": facts, "msg": None, "state": "ready", "status": "passing"}
    listed = status_of(bash(command.replace("deployment_start", "deployment_list")))
    assert listed["data"] == {"deployment-1": entry}


def test_the_runner_lists_the_documents_actions_in_its_order_and_relaunch_last() -> None:
    block = printed("shell", "--list-actions")
    actions = [line.removeprefix("# ") for line in block.splitlines() if line.startswith("# ")]
    assert bash(block).stdout.splitlines() == [*actions, "deployment_relaunch"]


@pytest.mark.parametrize(
    ("plugin", "file"),
    [
        ("fs", "plugin.filesystem.conf.yaml"),
        ("filesystem", "plugin.filesystem.conf.yaml"),
        ("test", "plugin.test.conf.yaml"),
    ],
)
def test_a_printed_configuration_is_accepted(tmp_path: Path, plugin: str, file: str) -> None:
    (tmp_path / file).write_text(printed("yaml", file))
    command = f"bosun-plugin-runner --plugin {plugin} --action plugin_start --private-config {file}"
    assert yaml.safe_load(bash(command, tmp_path).stdout)["status"] == "passing"


def test_the_filesystem_plugin_deploys_with_the_printed_configuration(tmp_path: Path, printed_places: None) -> None:
    config, private = (
        EXAMPLES / "sample_configs" / name
        for name in ("action_config_deployment_1_model_A.yaml", "plugin.filesystem.conf.yaml")
    )
    command = f"bosun-plugin-runner --plugin fs --action deployment_start --config {config} --private-config {private}"
    done = bash(command, tmp_path)
    folder = tmp_path / "deployment_deployment-1"
    assert (folder / "model-A.txt").read_text() == "model A\n"
    assert yaml.safe_load((folder / "config.yml").read_text()) == {
        "deployment_id": "deployment-1",
        "model_id": "model-A",
    }
    url = "http://localhost:8080/deployments/deployment_deployment-1/predictions"
    assert yaml.safe_load(done.stdout)["data"]["predictionUrl"] == url


def test_the_agents_command_prefix_runs_the_installed_sample_plugin(tmp_path: Path, printed_places: None) -> None:
    prefix = yaml.safe_load(printed("yaml", "command:"))["command"]
    prefix = prefix.replace("<BOSUN_VENV_PATH>", sys.prefix).replace("<CONF_PATH>", str(tmp_path))
    shutil.copy(EXAMPLES / "sample_configs/sample_plugin_config.yaml", tmp_path / "plugin.sample_plugin_.conf.yaml")
    config = EXAMPLES / "sample_configs/action_config_pe_status_only.yaml"
    done = bash(f"{prefix} --action pe_status --config {config} --status-file {STATUS} --show-status", tmp_path)
    assert status_of(done)["status"] == "passing"


def test_a_plugin_with_the_printed_signatures_runs_every_action(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PRINTED, re.MULTILINE | re.DOTALL)
    (constructor,) = [block for block in blocks if "BosunPluginBase" in block]
    methods = [block for block in blocks if block.startswith("def ")]
    body = [constructor + "        assert not dry_run and pe_info.id == '0x2345' and plugin_config['platform'] == 'os'"]
    body += [f"    {method}        return ActionStatusInfo(ActionStatus.OK, {method!r})" for method in methods]
    source = "\n".join(["from bosun_core import ActionStatus, ActionStatusInfo, BosunPluginBase", *body])
    (tmp_path / "own_plugin.py").write_text(source)
    config = EXAMPLES / "sample_configs/action_config_deployment_1_model_A.yaml"
    answers = {}
    for method in methods:
        action = method[len("def ") : method.index("(")]
        # A replacement needs newModelId, which the document's text names and its example leaves out.
        text = config.read_text().replace('modelId: "model-A"', 'modelId: "model-A"\n  newModelId: "model-B"')
        (tmp_path / "action.yaml").write_text(text.replace("/tmp/model-A.txt", str(config)))
        done = bash(f"bosun-plugin-runner --plugin own_plugin --action {action} --config action.yaml", tmp_path)
        answers[method] = yaml.safe_load(done.stdout or "{}").get("msg")
    assert answers == {method: method for method in methods}
