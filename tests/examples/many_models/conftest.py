"""The example prediction server with a folder of deployments."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prediction_server.launch import RunningServer, running_server


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "deployments"
    path.mkdir()
    return path


@pytest.fixture
def server(root: Path) -> Iterator[RunningServer]:
    with running_server("--deployments", root) as running:
        yield running
