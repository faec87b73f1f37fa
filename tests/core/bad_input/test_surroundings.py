"""Surroundings that nobody expects: status files in impossible places, variables set to nonsense."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from tests.core.bad_input.conftest import Stage

Told = Callable[[Mapping[str, Any]], dict[str, Any]]

SERVES = "deployment d0 holds model m0"
STOPPED = "deployment d0 is stopped"
# A place where nothing is begun, and why.
REFUSED = {
    "no folder": ("{tmp}/none/status.yaml", "no such folder; run: mkdir -p {tmp}/none"),
    "a folder": ("{tmp}/base", "this is a folder; name a file in it"),
    "below a file": ("{tmp}/package/status.yaml", "{tmp}/package is no folder; name another place"),
    "below a dangling link": ("{tmp}/dangling/status.yaml", "{tmp}/dangling is no folder; name another place"),
}
# A place that refuses what is done by then, and why.
LOST = {
    "a full device": ("/dev/full", "No space left on device; make room, or name another place"),
    "a long name": (f"{{tmp}}/{'x' * 300}", "File name too long; name another place"),
    "a link to itself": ("{tmp}/loop", "Too many levels of symbolic links; name another place"),
    "no file of a kernel": ("/proc/none", "No such file or directory; name another place"),
}


def stop(stage: Stage, status_file: str) -> list[str]:
    stage.put("action.yaml", "deploymentInfo: {id: d0}")
    (stage.folder / "dangling").symlink_to("nowhere")
    (stage.folder / "loop").symlink_to("loop")
    return stage.command("deployment_stop", "--config", "{tmp}/action.yaml", "--status-file", status_file)


@pytest.mark.parametrize(("place", "reason"), REFUSED.values(), ids=REFUSED)
def test_where_no_status_file_can_be_nothing_is_done(stage: Stage, told: Told, place: str, reason: str) -> None:
    command = stop(stage, place)
    before = stage.tree()
    run = stage.run(*command)
    line = stage.placed(f"cannot write the status file {place}: {reason}")
    assert (run.code, run.stderr) == (1, f"bosun-plugin-runner: {line}\n")
    assert told(yaml.safe_load(run.stdout)) == {"data": None, "msg": line, "state": "errored", "status": "failing"}
    assert stage.tree() == before


@pytest.mark.parametrize(("place", "reason"), LOST.values(), ids=LOST)
def test_a_status_that_no_file_takes_goes_to_stdout(stage: Stage, told: Told, place: str, reason: str) -> None:
    run = stage.run(*stop(stage, place))
    line = stage.placed(f"cannot write the status file {place}: {reason}")
    assert (run.code, run.stderr) == (0, f"bosun-plugin-runner: {line}\n")
    assert told(yaml.safe_load(run.stdout)) == {"data": None, "msg": STOPPED, "state": "stopped", "status": "passing"}


def test_a_status_that_a_full_disk_refuses_goes_to_stdout_and_the_old_file_stays(
    stage: Stage, told: Told, small_disk: Path
) -> None:
    status_file = small_disk / "status.yaml"
    status_file.write_text("old\n")
    with pytest.raises(OSError, match="No space left"):
        (small_disk / "filler").write_bytes(bytes(2 * 1024**2))
    run = stage.run(*stop(stage, str(status_file)))
    reason = "No space left on device; make room, or name another place"
    assert (run.code, run.stderr) == (0, f"bosun-plugin-runner: cannot write the status file {status_file}: {reason}\n")
    assert told(yaml.safe_load(run.stdout)) == {"data": None, "msg": STOPPED, "state": "stopped", "status": "passing"}
    assert {path.name for path in small_disk.iterdir()} == {"status.yaml", "filler"}
    assert status_file.read_text() == "old\n"


def test_a_status_file_in_a_folder_that_may_not_be_written_goes_to_stdout(stage: Stage, told: Told) -> None:
    (stage.folder / "closed").mkdir(mode=0o555)
    run = stage.run(*stop(stage, "{tmp}/closed/status.yaml"), as_a_user=True)
    place = f"{stage.folder}/closed/status.yaml"
    line = f"cannot write the status file {place}: Permission denied; name another place"
    assert (run.code, run.stderr) == (0, f"bosun-plugin-runner: {line}\n")
    assert told(yaml.safe_load(run.stdout)) == {"data": None, "msg": STOPPED, "state": "stopped", "status": "passing"}


# Variables set to nonsense, and what of the answer differs for it.
VARIABLES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "a token called like a key": ({"MLOPS_API_TOKEN": "duration"}, {}),
    "a token called like a time": ({"MLOPS_API_TOKEN": "timestamp"}, {}),
    "a token of bytes": ({"MLOPS_API_TOKEN": os.fsdecode(b"\xff\xfe" * 8)}, {}),
    "an empty token": ({"MLOPS_API_TOKEN": ""}, {}),
    "a token of blanks": ({"MLOPS_API_TOKEN": " " * 20}, {}),
    "a password called like the message": ({"A_PASSWORD": "deployment"}, {"msg": "*** d0 holds model m0"}),
    "an environment id that is a path": ({"MLOPS_BOSUN_PRED_ENV_ID": "../x"}, {}),
    "no extensions": ({"BOSUN_EXTENSIONS": " , ,,"}, {}),
    "an unknown extension": (
        {"BOSUN_EXTENSIONS": "nonesuch"},
        {
            "msg": f"{SERVES}; BOSUN_EXTENSIONS names extensions that are not installed: nonesuch",
            "status": "warning",
        },
    ),
    "an unknown language": ({"LANG": "nonsense", "LC_ALL": "nonsense"}, {}),
    "the oldest language": ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {}),
    "an old encoding": ({"PYTHONIOENCODING": "ascii"}, {}),
    "an unknown terminal": ({"TERM": "nonsense", "COLUMNS": "many", "LINES": "-1", "FORCE_COLOR": "x"}, {}),
    "no home": ({"HOME": "/none", "TMPDIR": "/none", "USER": "", "XDG_RUNTIME_DIR": "/none", "PATH": ""}, {}),
    "an unknown time zone": ({"TZ": "nonsense"}, {}),
    "a proxy that is none": ({"http_proxy": "nonsense", "HTTPS_PROXY": "\x01"}, {}),
    "a path of nothing": ({"PYTHONPATH": f"/none:/dev/null:{os.fsdecode(b'/xff')}"}, {}),
    "warnings as errors": ({"PYTHONWARNINGS": "error"}, {}),
    "no docstrings": ({"PYTHONOPTIMIZE": "2"}, {}),
}


@pytest.mark.parametrize(("variables", "differs"), VARIABLES.values(), ids=VARIABLES)
def test_a_variable_set_to_nonsense_changes_nothing_else(
    stage: Stage, told: Told, variables: dict[str, str], differs: dict[str, str]
) -> None:
    config = stage.put("action.yaml", "deploymentInfo: {id: d0}")
    before = stage.tree()
    run = stage.run(*stage.command("deployment_status", "--config", config), env=variables)
    assert (run.code, run.stdout, run.stderr) == (0, "", "")
    assert run.document is not None
    folder = str(stage.folder / "base" / "deployment_d0")
    if differs.get("msg", "").startswith("***"):
        folder = folder.replace("deployment", "***")
    data = {"currentModelId": "m0", "predictionUrl": None, "workloads": [folder]}
    assert told(run.document) == {"data": data, "msg": SERVES, "state": "ready", "status": "passing", **differs}
    stage.status_file.unlink()
    assert stage.tree() == before
