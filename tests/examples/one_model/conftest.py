"""The example prediction server with one model."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from one_model import package
from prediction_server.launch import RunningServer, running_server


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return package(tmp_path / "model.mlpkg")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One well-behaved server for the tests that do not change it."""
    path = package(tmp_path_factory.mktemp("single") / "model.mlpkg")
    ids = {"MLOPS_DEPLOYMENT_ID": "d1", "MLOPS_MODEL_ID": "m1"}
    with running_server("--model", path, "--max-body", "1000", environ=ids) as running:
        yield running
