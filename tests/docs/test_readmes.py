"""Each distribution's own page: its commands work as typed, in an environment in which nothing is installed yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.docs.conftest import Pages

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["bosun_core", "bosun_fs", "bosun_test"])
def test_the_commands_of_a_distributions_page_work_as_typed(
    pages: Pages, index: Any, tmp_path: Path, name: str
) -> None:
    (tmp_path / "folder").mkdir()
    env = {**index.environment(), "PATH": pages.fresh_path(tmp_path / "venv")}

    outcomes = pages.walk(ROOT / name / "README.md", tmp_path / "folder", env, {})

    assert outcomes[0].command.text.startswith("pip install ")
    for outcome in outcomes:
        outcome.check()


def test_the_first_use_of_the_filesystem_plugin_ends_with_a_deployment(
    pages: Pages, index: Any, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    env = {**index.environment(), "PATH": pages.fresh_path(tmp_path / "venv")}

    *_, last = pages.walk(ROOT / "bosun_fs/README.md", tmp_path / "folder", env, {})

    assert "currentModelId: model-A\n" in last.output
