"""A modelArtifact that is a URL: the server that it leads to, and the action that fetches it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from package_server import (
    LOOKS_AT_PACKAGE,
    Start,
    Web,
    running,
)

if TYPE_CHECKING:
    from tests.core.conftest import Bench


@pytest.fixture
def web() -> Iterator[Web]:
    with running(Web()) as server:
        yield server


@pytest.fixture
def other_web() -> Iterator[Web]:
    with running(Web()) as server:
        yield server


@pytest.fixture
def start(bench: Bench) -> Start:
    """Start a deployment with the package at a URL; its status tells what the plugin saw."""
    plugin = bench.plugin(LOOKS_AT_PACKAGE)

    def start(
        url: str,
        action: str = "deployment_start",
        mlops: str | None = None,
        plugin_config: dict[str, Any] | None = None,
        **request: Any,
    ) -> dict[str, Any]:
        sent = plugin_config or ({"mlopsUrl": mlops} if mlops else {})
        document: dict[str, Any] = bench.act(
            plugin, action, {"modelArtifact": url, "newModelId": "m2"}, sent, **request
        )
        return document

    return start


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """Return the folder where packages are staged for plugins that have none of their own."""
    return tmp_path / "tmp" / f"bosun-{os.getuid()}"
