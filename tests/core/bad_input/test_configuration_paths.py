"""A path of `--config` or `--private-config` that leads to nothing readable: told in one line; nothing is changed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.bad_input.conftest import Stage

FLAGS = {"--config": "the action file", "--private-config": "the private configuration"}
# The path, and what is said of it.
PATHS = {
    "missing": ("{tmp}/none.yaml", "cannot read {what} {path}: No such file or directory; check the path"),
    "in no folder": ("{tmp}/package/x", "cannot read {what} {path}: Not a directory; check the path"),
    "a folder": ("{tmp}/base", "cannot read {what} {path}: this is a folder; name a file in it"),
    "unreadable": ("{tmp}/secret", "cannot read {what} {path}: this user may not; change its mode or owner"),
    "a dangling link": ("{tmp}/dangling", "cannot read {what} {path}: No such file or directory; check the path"),
    "a link to itself": (
        "{tmp}/loop",
        "cannot read {what} {path}: Too many levels of symbolic links; check the path",
    ),
    "a socket": ("{tmp}/socket", "cannot read {what} {path}: No such device or address; check the path"),
    "a long name": (f"/{'x' * 300}", "cannot read {what} {path}: File name too long; check the path"),
    "a device without an end": ("/dev/zero", "{what} {path} is larger than 16 MiB; is it the right file?"),
    "an empty standard input": ("-", "{what} {path} is empty; --gen-config shows what belongs into it"),
    "17 MiB": ("{tmp}/huge", "{what} {path} is larger than 16 MiB; is it the right file?"),
}


@pytest.fixture(autouse=True)
def _things_to_name(stage: Stage) -> None:
    stage.put("action.yaml", "deploymentInfo: {id: d0}")
    Path(stage.put("secret", "baseDir: x")).chmod(0)
    os.truncate(stage.put("huge", ""), 17 * 1024**2)
    (stage.folder / "dangling").symlink_to("nowhere")
    (stage.folder / "loop").symlink_to("loop")
    stage.put_socket("socket")


@pytest.mark.parametrize(("path", "line"), PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("flag", FLAGS)
def test_a_path_that_leads_to_no_configuration_is_refused(stage: Stage, flag: str, path: str, line: str) -> None:
    command = stage.command("deployment_stop", "--config", "{tmp}/action.yaml", flag, path)
    line = line.replace("{what}", FLAGS[flag]).replace("{path}", path)
    stage.refused(*command, line=line, state="errored", as_a_user="secret" in path)
