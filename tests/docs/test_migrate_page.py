"""docs/migrate.md, typed as printed beside a folder that Bosun did not make."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.docs.conftest import Outcome, Pages

PAGE = Path(__file__).parents[2] / "docs/migrate.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("migrate")
    old = folder / "models/deployment_flowers"
    old.mkdir(parents=True)
    (old / "config.yml").write_text("deployment_id: flowers\nmodel_id: model-A\n")
    (folder / "model-A.mlpkg").write_text("a model")
    return folder


@pytest.fixture(scope="module")
def walked(pages: Pages, folder: Path) -> list[Outcome]:
    return pages.walk(PAGE, folder, {**os.environ, "PATH": pages.here_path()}, {})


def test_every_command_does_what_the_page_shows(walked: list[Outcome]) -> None:
    for outcome in walked:
        outcome.check()


def test_what_somebody_else_made_is_as_it_was(walked: list[Outcome], folder: Path) -> None:
    moved = folder / "before/deployment_flowers"

    assert [path.name for path in moved.iterdir()] == ["config.yml"]
    assert (moved / "config.yml").read_text() == "deployment_id: flowers\nmodel_id: model-A\n"
