"""docs/extensions.md, typed as printed, and the example that it prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.docs.conftest import Outcome, Pages

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/extensions.md"


@pytest.fixture(scope="module")
def walked(pages: Pages, index: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    path = pages.bare_path(tmp_path_factory.mktemp("bin") / "bin")
    return pages.walk(PAGE, tmp_path_factory.mktemp("extensions"), {**index.environment(), "PATH": path}, {})


def test_every_command_does_what_the_page_shows(walked: list[Outcome]) -> None:
    assert len(walked) > 10
    for outcome in walked:
        outcome.check()


@pytest.mark.parametrize("name", ["metrics_extension.py", "pyproject.toml"])
def test_the_example_is_what_the_page_prints(pages: Pages, name: str) -> None:
    printed = dict(step for step in pages.steps(PAGE) if type(step) is tuple)

    example = (ROOT / "examples/metrics_extension" / name).read_text()
    assert printed[f"metrics_extension/{name}"].partition("\n")[2] == example.partition("\n")[2]
