"""What all tests share."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["bosun_test.conformance.report"]


@pytest.fixture(scope="session")
def local_index() -> Any:
    """Return the module tools/local_index.py."""
    path = Path(__file__).parents[1] / "tools/local_index.py"
    spec = importlib.util.spec_from_file_location("local_index", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def index(local_index: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a package index that runs on this machine and has our distributions, built and published just now."""
    with local_index.of_ours(tmp_path_factory.mktemp("index")) as index:
        yield index
