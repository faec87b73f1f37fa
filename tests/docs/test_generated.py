"""The generated pages are what the code says today."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import bosun_core
from bosun_core import answers
from bosun_test import conformance

ROOT = Path(__file__).parents[2]


def generator() -> ModuleType:
    sys.path.insert(0, str(ROOT / "tools"))  # as it is for a script
    try:
        return _loaded()
    finally:
        sys.path.remove(str(ROOT / "tools"))


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "tools/generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["actions.md", "configuration.md", "reference.md"])
def test_the_committed_page_is_what_the_generator_writes(page: str) -> None:
    path = ROOT / "docs" / page
    assert path.read_text() == generator().pages()[path], f"docs/{page} is out of date; run: make docs"


def test_every_generated_page_is_compared() -> None:
    assert sorted(path.name for path in generator().pages()) == ["actions.md", "configuration.md", "reference.md"]


def test_the_reference_has_every_public_name() -> None:
    headings = re.findall(r"^### (\w+)$", (ROOT / "docs/reference.md").read_text(), re.MULTILINE)
    own = [name for name, item in vars(answers).items() if getattr(item, "__module__", "") == answers.__name__]
    public = {*bosun_core.__all__, *conformance.__all__, *(name for name in own if not name.startswith("_"))}

    assert public - set(headings) == set()
    assert len(headings) == len(set(headings))
