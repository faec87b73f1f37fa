"""The example prediction server with many models: what tests of it share."""

import ctypes
import os
from pathlib import Path
from typing import Any

import one_model
import pytest
import yaml
from prediction_server.launch import Answer, RunningServer


def package(path: Path, score: float, **manifest: Any) -> Path:
    """A package that predicts `score` whatever it is given."""
    constant: dict[str, Any] = {"features": [], "coefficients": [], "intercept": score}
    return one_model.package(path, **(constant | manifest))


def folder(path: Path, deployment_id: str, model_id: str, score: float = 0, **manifest: Any) -> Path:
    """A deployment's folder, made aside and renamed into its place."""
    aside = path.with_name(f".aside-{path.name}-{model_id}")
    aside.mkdir()
    package(aside / f"{model_id}.mlpkg", score, **manifest)
    (aside / "config.yml").write_text(yaml.safe_dump({"deployment_id": deployment_id, "model_id": model_id}))
    return aside.rename(path)


def exchange(one: Path, other: Path) -> None:
    """Swap two folders in one step."""
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        pytest.skip("this C library has no renameat2")
    here, rename_exchange = -100, 2
    if library.renameat2(here, os.fsencode(one), here, os.fsencode(other), rename_exchange):
        raise OSError(ctypes.get_errno(), "renameat2")


def ask(server: RunningServer, name: str) -> Answer:
    return server.request("POST", f"/deployments/{name}/predictions", [{}])


def scored(deployment_id: str, model_id: str, score: float) -> dict[str, object]:
    """What a prediction request is answered with."""
    data = [{"prediction": score, "rowId": 0}]
    return {"data": data, "deploymentId": deployment_id, "modelId": model_id}
