"""The workflows that test and publish: nothing more allowed than is needed, and every distribution published."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from tests.packaging.conftest import Distribution

FOLDER = Path(__file__).parents[2] / ".github" / "workflows"
NAMES = sorted(file.name for file in FOLDER.glob("*.yml"))


def workflow(name: str) -> dict[str, Any]:
    document = yaml.safe_load((FOLDER / name).read_text())
    assert isinstance(document, dict)
    return document


def steps(job: dict[str, Any]) -> list[str]:
    return [step.get("uses", "run").partition("@")[0] for step in job["steps"]]


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_has_no_rights_but_those_of_its_jobs(name: str) -> None:
    document = workflow(name)

    assert document["permissions"] == {}
    assert all("permissions" in job for job in document["jobs"].values())


@pytest.mark.parametrize("name", NAMES)
def test_every_action_is_pinned_to_one_version(name: str) -> None:
    used = re.findall(r"uses: (\S+)@(\S+)", (FOLDER / name).read_text())

    assert used
    assert [use for use in used if not re.fullmatch(r"[0-9a-f]{40}|v\d+\.\d+\.\d+", use[1])] == []


def test_each_published_distribution_is_built_and_has_a_publisher_of_its_own(
    workspace: dict[str, Distribution],
) -> None:
    jobs = workflow("release.yml")["jobs"]
    published = [name for name, member in workspace.items() if member.is_published]

    assert jobs["build"]["env"]["DISTRIBUTIONS"].split() == published
    assert jobs["publish"]["strategy"]["matrix"]["distribution"] == published
    assert jobs["publish"]["environment"]["name"] == "pypi-${{ matrix.distribution }}"


def test_only_what_publishes_may_publish_and_it_runs_no_code_of_ours() -> None:
    jobs = workflow("release.yml")["jobs"]

    allowed = {name: job["permissions"] for name, job in jobs.items()}
    assert allowed == {"build": {"contents": "read"}, "publish": {"id-token": "write"}}
    assert steps(jobs["publish"]) == ["actions/download-artifact", "pypa/gh-action-pypi-publish"]
