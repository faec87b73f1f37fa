"""A `modelArtifact` that is no package: told in one line; the deployment that is there keeps serving."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.bad_input.conftest import Stage

# What stands under modelArtifact, and the line.
ARTIFACTS = {
    "missing": ("{tmp}/none", "modelArtifact {tmp}/none does not exist; check the path"),
    "below a file": ("{tmp}/package/x", "modelArtifact {tmp}/package/x does not exist; check the path"),
    "a folder": ("{tmp}/base", "modelArtifact {tmp}/base is a folder; name the package file in it"),
    "a link to a folder": ("{tmp}/to-base", "modelArtifact {tmp}/to-base is a folder; name the package file in it"),
    "a socket": ("{tmp}/socket", "modelArtifact {tmp}/socket is a socket; name a package file"),
    "a pipe": ("{tmp}/pipe", "modelArtifact {tmp}/pipe is a pipe; name a package file"),
    "a device": ("/dev/zero", "modelArtifact /dev/zero is a device; name a package file"),
    "a dangling link": (
        "{tmp}/dangling",
        "modelArtifact {tmp}/dangling is a link to nowhere, which does not exist; mend the link",
    ),
    "a link to itself": (
        "{tmp}/loop",
        "modelArtifact {tmp}/loop is a link that leads back to itself; mend the link",
    ),
    "unreadable": (
        "{tmp}/secret",
        "modelArtifact {tmp}/secret cannot be read by this user; change its mode or owner",
    ),
    "in an unreadable folder": (
        "{tmp}/closed/package",
        "modelArtifact {tmp}/closed/package cannot be reached by this user; change the mode of its folders",
    ),
    "a NUL byte": ('"a\\0b"', "modelArtifact a b is no path; check it"),
    "a long name": (
        f"/{'x' * 300}",
        f"modelArtifact /{'x' * 300} cannot be used (File name too long); check the path",
    ),
    "of another store": (
        "s3://bucket/package",
        "modelArtifact s3://bucket/package is no URL that can be fetched; "
        "write a path, or one with http:// or https://",
    ),
    "a number": ("0777", "modelArtifact 0777 does not exist; check the path"),
    "a boolean": ("yes", "modelArtifact yes does not exist; check the path"),
    "a date": ("2024-01-01", "modelArtifact 2024-01-01 does not exist; check the path"),
    "a list": ("[{tmp}/package]", "deploymentInfo.modelArtifact is a list; write one text there"),
    "called like Bosun's record": (
        "{tmp}/.bosun.json",
        "the package is called .bosun.json, like a file that Bosun writes beside it; rename the package",
    ),
    "called like the info file": (
        "{tmp}/config.yml",
        "the package is called config.yml, like a file that Bosun writes beside it; rename the package",
    ),
}


@pytest.fixture(autouse=True)
def _things_to_name(stage: Stage) -> None:
    for name, target in {"dangling": "nowhere", "loop": "loop", "to-base": "base", "to-package": "package"}.items():
        (stage.folder / name).symlink_to(target)
    for name in (".bosun.json", "config.yml", "secret"):
        stage.put(name, b"a model")
    (stage.folder / "secret").chmod(0)
    (stage.folder / "closed").mkdir(mode=0)
    os.mkfifo(stage.folder / "pipe")
    stage.put_socket("socket")


@pytest.mark.parametrize(("artifact", "line"), ARTIFACTS.values(), ids=ARTIFACTS)
@pytest.mark.parametrize("action", ["deployment_start", "deployment_replace_model", "deployment_relaunch"])
def test_an_artifact_that_is_no_package_is_refused(stage: Stage, action: str, artifact: str, line: str) -> None:
    fields = f"id: d0, modelId: m1, newModelId: m1, modelArtifact: {artifact}"
    config = stage.put("action.yaml", f"deploymentInfo: {{{fields}}}")
    data = {"oldModelInUse": True, "currentModelId": "m0"} if artifact[0] != "[" else None
    stage.refused(
        *stage.command(action, "--config", config),
        line=line,
        state="errored",
        data=data,
        as_a_user="secret" in artifact or "closed" in artifact,
    )


@pytest.mark.parametrize("line", ["", 'modelArtifact: ""', "modelArtifact: null"], ids=["none", "empty", "null"])
def test_a_start_without_an_artifact_is_refused(stage: Stage, line: str) -> None:
    config = stage.put("action.yaml", f"deploymentInfo:\n  id: d1\n  modelId: m1\n  {line}\n")
    expected = "deploymentInfo.modelArtifact is missing; add the path of the model package"
    stage.refused(*stage.command("deployment_start", "--config", config), line=expected, state="errored")


def test_a_start_that_is_refused_leaves_an_empty_environment_empty(stage: Stage) -> None:
    (stage.folder / "empty").mkdir()
    stage.put("private.yaml", "baseDir: {tmp}/empty")
    config = stage.put("action.yaml", "deploymentInfo: {id: d1, modelId: m1, modelArtifact: /none}")
    line = "modelArtifact /none does not exist; check the path"
    stage.refused(*stage.command("deployment_start", "--config", config), line=line, state="errored")


def test_a_link_to_a_package_is_a_package(stage: Stage) -> None:
    document = stage.act("deployment_start", "deploymentInfo: {id: d1, modelId: m1, modelArtifact: {tmp}/to-package}")
    assert (document["status"], document["msg"]) == ("passing", "deployment d1 holds model m1")
    assert (stage.folder / "base" / "deployment_d1" / "to-package").read_bytes() == b"a model"
