"""`--events`: the steps of an action stand in the file while it runs, in their order."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.docker

MAKING = ["make image", "sending the package", "making the image", "create container", "start it", "wait until it"]


def steps(file: Path) -> list[str]:
    """The steps so far, each once where it is told several times in a row."""
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    found = [line["step"] for line in lines if line["event"] == "progress"]
    return [step for number, step in enumerate(found) if number == 0 or found[number - 1] != step]


BEGINS = [*MAKING, "switch", "have", "remove the old route", "remove container", "remove image", "give container"]


def begins(found: list[str]) -> list[str]:
    """How steps begin, without what they act on."""
    return [next((begin for begin in BEGINS if step.startswith(begin)), step) for step in found]


def test_each_step_is_told_while_the_action_runs(
    clean: Any, runner: Callable[..., Any], package: Callable[..., str], tmp_path: Path, until: Callable[..., Any]
) -> None:
    def words(file: Path) -> tuple[str, ...]:
        return (f"--events={file}",)

    first, second, third = (tmp_path / f"{name}.jsonl" for name in ("start", "replace", "stop"))
    runner("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, words=words(first))
    assert begins(steps(first)[-9:]) == [*MAKING, "switch", "give container", "done"]
    info = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B", load_seconds=2)}
    acting = threading.Thread(target=runner, args=["deployment_replace_model", info], kwargs={"words": words(second)})
    acting.start()
    until(lambda: begins(steps(second)) == MAKING)
    assert acting.is_alive()
    acting.join()
    going = ["remove the old route", "remove container", "draining", "give container", "remove image", "done"]
    assert begins(steps(second)) == [*MAKING, "switch", *going]
    runner("deployment_stop", {"id": "d1"}, words=words(third))
    assert begins(steps(third)) == ["have", "remove container", "draining", "remove image", "done"]


def test_a_pull_is_told(clean: Any, runner: Callable[..., Any], package: Callable[..., str], tmp_path: Path) -> None:
    image, file = "127.0.0.1:1/nowhere/pps:1", tmp_path / "events.jsonl"
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    runner("deployment_start", info, words=(f"--events={file}",), ppsBaseImage=image)
    assert steps(file)[-1] == f"pulling {image}"
