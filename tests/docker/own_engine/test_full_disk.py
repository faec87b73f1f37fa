"""An engine whose disk is full: told in one line, the old model serves, nothing is left of the attempt."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.docker

PACKAGE_BYTES = 800 * 1024**2


@pytest.fixture(scope="module")
def disk() -> str:
    return "1000m"  # the images take 340, and twice that while they are loaded


@pytest.mark.parametrize("action", ["deployment_replace_model", "deployment_start"])
def test_a_package_that_finds_no_room(
    engine: Any,
    run: Callable[..., Any],
    package: Callable[..., str],
    predict: Callable[..., str],
    tmp_path: Path,
    action: str,
) -> None:
    run("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})()
    before = engine("ps", "--all", "--quiet"), engine("image", "ls", "--quiet")
    large = tmp_path / "large.mlpkg"
    with large.open("wb") as file:
        file.write(b"an opaque model")
        file.truncate(PACKAGE_BYTES)
    deployment = "d1" if action == "deployment_replace_model" else "d2"
    info = {"id": deployment, "modelId": "A", "newModelId": "B", "modelArtifact": str(large)}
    status, stderr = run(action, info)()
    assert (status["status"], stderr) == ("failing", f"bosun-plugin-runner: {status['msg']}\n")
    assert "the engine's disk is full; free some room (`docker system df` shows what takes it)" in status["msg"]
    assert engine.reach(lambda: predict("http://127.0.0.1:8081/deployments/d1/predictions")).result() == "A"
    assert (engine("ps", "--all", "--quiet"), engine("image", "ls", "--quiet")) == before
    assert run("deployment_status", {"id": "d1"})()[0]["status"] == "passing"
