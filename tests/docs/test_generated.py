"""The generated pages are what the code says today."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "tools/generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["actions.md", "configuration.md"])
def test_the_committed_page_is_what_the_generator_writes(page: str) -> None:
    path = ROOT / "docs" / page
    assert path.read_text() == generator().pages()[path], f"docs/{page} is out of date; run: make docs"


def test_every_generated_page_is_compared() -> None:
    assert sorted(path.name for path in generator().pages()) == ["actions.md", "configuration.md"]
