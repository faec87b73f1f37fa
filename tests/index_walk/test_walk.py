"""The way to PyPI, walked on a package index of this machine: build, publish, install by name, run."""

from __future__ import annotations

import json
import re
import tomllib
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from tests.index_walk.conftest import Clean

ROOT = Path(__file__).parents[2]


def test_every_distribution_is_published_as_wheel_and_source(index: Any, local_index: Any) -> None:
    projects = [
        tomllib.loads((ROOT / name / "pyproject.toml").read_text())["project"] for name in local_index.DISTRIBUTIONS
    ]
    assert {"bosun-core", "bosun-fs", "bosun-test"} <= {project["name"] for project in projects}

    for project in projects:
        with urllib.request.urlopen(f"{index.url}simple/{project['name']}/", timeout=10) as page:
            files = set(re.findall(r">([^<>]+\.(?:whl|tar\.gz))<", page.read().decode()))
        stem = f"{project['name'].replace('-', '_')}-{project['version']}"
        assert files == {f"{stem}.tar.gz", f"{stem}-py3-none-any.whl"}


def test_a_published_plugin_is_installed_by_its_name_and_run_by_its_word(
    published: Any, clean: Callable[[Any], Clean]
) -> None:
    user = clean(published)
    assert user.pip("install", "bosun-sample").code == 0
    package = {name: user.folder / f"model-{name}.mlpkg" for name in ("A", "B")}
    for name, path in package.items():
        path.write_text(f"the model {name}")
    (user.folder / "private.yaml").write_text(f"folder: {user.folder}/environment\n")

    def act(action: str, **deployment: str) -> tuple[Any, ...]:
        info = {"id": "d1", **{key: str(value) for key, value in deployment.items()}}
        (user.folder / "action.yaml").write_text(json.dumps({"deploymentInfo": info}))
        flags = ("--plugin", "sample", "--private-config", "private.yaml", "--config", "action.yaml")
        done = user.runner(*flags, "--action", action, "--status-file", "status.yaml")
        assert (done.code, done.stdout) == (0, "")
        status = yaml.safe_load((user.folder / "status.yaml").read_text())
        return status["status"], status["state"], (status["data"] or {}).get("currentModelId")

    outcomes = [
        act("plugin_start"),
        act("deployment_start", modelId="A", modelArtifact=str(package["A"])),
        act("deployment_status"),
        act("deployment_replace_model", modelId="A", newModelId="B", modelArtifact=str(package["B"])),
        act("deployment_status"),
        act("deployment_stop"),
        act("deployment_status"),
    ]

    assert outcomes == [
        ("passing", None, None),
        ("passing", "ready", "A"),
        ("passing", "ready", "A"),
        ("passing", "ready", "B"),
        ("passing", "ready", "B"),
        ("passing", "stopped", None),
        ("failing", "errored", None),
    ]


def test_installing_a_plugin_brings_the_runner_and_nothing_for_tests(
    published: Any, clean: Callable[[Any], Clean]
) -> None:
    user = clean(published)

    user.pip("install", "bosun-sample")

    names = {row["name"].lower() for row in json.loads(user.pip("list", "--format", "json").stdout)}
    assert {"bosun-core", "bosun-sample"} <= names
    assert names & {"bosun-test", "pytest", "hypothesis"} == set()
    (row,) = json.loads(user.runner("--list-plugins", "--json").stdout)
    assert row == {
        "name": "sample", "aliases": [], "distribution": "bosun-sample", "version": "0.1.0", "broken": None,
    }  # fmt: skip
