"""The private configuration of the test plugin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from bosun_core.cli import main
from bosun_core.reporting import listen
from bosun_core.runner import ActionRequest, run_action

if TYPE_CHECKING:
    from tests.test_plugin.conftest import World

DOCUMENT = """\
tmp_dir: "/tmp"
launch_time_sec: 1
stop_time_sec: 1
replace_model_time_sec: 1
pe_status_time_sec: 1
deployment_status_time_sec: 1
deployment_list_time_sec: 1
plugin_start_time: 1
plugin_stop_time: 1
"""


def problem_with(folder: Path, line: str) -> str:
    """Return what the runner says of a private configuration with this second line."""
    file = folder / "private.yaml"
    file.write_text(f"tmp_dir: {folder}\n{line}\n")
    outcome = run_action(ActionRequest("test", "pe_status", private_config=str(file)))
    assert outcome["status"] == "failing"
    return str(outcome["msg"])


def test_the_defaults_are_the_values_of_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--plugin", "test", "--gen-config"]) == 0
    assert yaml.safe_load(capsys.readouterr().out) == yaml.safe_load(DOCUMENT)


def test_the_configuration_of_the_document_is_accepted(world: World) -> None:
    world.settings = yaml.safe_load(DOCUMENT)
    outcome = world.run("plugin_start")
    assert outcome == {"data": None, "msg": "tmp_dir /tmp can be used", "state": None, "status": "passing"}


@pytest.mark.parametrize(
    ("action", "keys"),
    [
        ("plugin_start", {"plugin_start_time": 0.01}),
        ("plugin_stop", {"plugin_stop_time": 0.01}),
        ("deployment_start", {"launch_time_sec": 0.01}),
        ("deployment_stop", {"stop_time_sec": 0.01}),
        ("deployment_replace_model", {"replace_model_time_sec": 0.01}),
        ("deployment_relaunch", {"relaunch_time_sec": 0.01}),
        ("deployment_relaunch", {"relaunch_time_sec": None, "launch_time_sec": 0.004, "stop_time_sec": 0.006}),
        ("deployment_status", {"deployment_status_time_sec": 0.01}),
        ("pe_status", {"pe_status_time_sec": 0.01}),
        ("deployment_list", {"deployment_list_time_sec": 0.01}),
    ],
)
def test_each_action_takes_the_time_that_its_key_gives(world: World, action: str, keys: dict[str, Any]) -> None:
    given: dict[str, Any] = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": world.package()}
    world.run("deployment_start", **given)
    world.settings.update(keys)
    reports: list[tuple[Any, ...]] = []
    end = listen(lambda *report: reports.append(report))
    world.run(action, **given)
    end()
    (step, begun, total), *_, last = reports
    assert (step, total, last) == (action, 0.01, (action, 0.01, 0.01))
    assert 0 <= begun < total


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("lanch_time_sec: 1", "unknown key lanch_time_sec; did you mean launch_time_sec?"),
        ("launch_time_sec: -1", "launch_time_sec"),
        ("launch_time_sec: .nan", "launch_time_sec"),
        ("launch_time_sec: .inf", "launch_time_sec"),
        ("launch_time_sec: soon", "launch_time_sec"),
        ("failures: {pe_status: hang}", "failures"),
        ("failures: {pe_status: {hang: true, mesage: x}}", "failures: unknown key mesage"),
        ("failures: {pe_status: {status: broken}}", "failures.status"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_with_file_line_and_key(tmp_path: Path, line: str, key: str) -> None:
    assert problem_with(tmp_path, line).startswith(f"{tmp_path}/private.yaml:2: {key}")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{pe_status: {}}", "each action in failures names one of status, exception, hang, crash; here are 0"),
        (
            "{pe_status: {hang: true, crash: true}}",
            "each action in failures names one of status, exception, hang, crash; here are 2",
        ),
        (
            "{pe_status: {hang: true, msg: x}}",
            "msg in failures goes with status; leave it out, or add say status: failing",
        ),
        (
            "{deploymnt_start: {hang: true}}",
            "failures: unknown action deploymnt_start; did you mean deployment_start?",
        ),
    ],
)
def test_a_failure_that_is_none_is_told_in_a_sentence(tmp_path: Path, line: str, problem: str) -> None:
    assert problem_with(tmp_path, f"failures: {line}").endswith(f": {problem}")


def test_an_action_whose_failure_is_null_does_not_fail(world: World) -> None:
    world.settings["failures"] = {"pe_status": None}
    assert world.run("pe_status")["status"] == "passing"
