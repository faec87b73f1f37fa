"""The sample plugin's environment in a folder of its own, driven through the real runner."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from bosun_core.runner import ActionRequest, run_action


class Sample:
    """One environment of the sample plugin."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.private: dict[str, Any] = {"folder": str(folder / "environment"), "environmentId": "e"}
        self.home = folder / "environment" / f"e-{hashlib.sha256(b'1:e').hexdigest()[:12]}"

    def package(self, content: str) -> str:
        path = self.folder / f"{content}.pkg"
        path.write_text(content)
        return str(path)

    def files(self, pe_info: dict[str, Any] | None, deployment: dict[str, Any]) -> tuple[str, str]:
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        (folder / "action.yaml").write_text(yaml.safe_dump({"deploymentInfo": deployment or None, "peInfo": pe_info}))
        (folder / "private.yaml").write_text(yaml.safe_dump(self.private))
        return str(folder / "action.yaml"), str(folder / "private.yaml")

    def run(
        self, action: str, *, pe_info: dict[str, Any] | None = None, dry_run: bool = False, **deployment: Any
    ) -> dict[str, Any]:
        """Run an action and return its status without the times."""
        outcome = run_action(ActionRequest("sample_plugin", action, *self.files(pe_info, deployment), dry_run=dry_run))
        print(f"{action} {deployment}: {json.dumps(outcome)}")
        return {key: value for key, value in outcome.items() if key not in ("duration", "timestamp")}

    def start(self, deployment_id: str, model: str) -> dict[str, Any]:
        return self.run("deployment_start", id=deployment_id, modelId=model, modelArtifact=self.package(model))

    def replace(self, deployment_id: str, model: str) -> dict[str, Any]:
        return self.run(
            "deployment_replace_model", id=deployment_id, newModelId=model, modelArtifact=self.package(model)
        )

    def data(self, deployment_id: str, model: str) -> dict[str, Any]:
        return {"currentModelId": model, "predictionUrl": None, "workloads": [str(self.home / deployment_id)]}

    def held(self) -> dict[str, tuple[str, str]]:
        """Return model and package of each deployment; nothing else may lie in the environment."""
        found = {}
        for folder in self.home.iterdir():
            files = {file.name: file.read_text() for file in folder.iterdir()}
            served = json.loads(files.pop("deployment.json"))
            (package,) = files.items()
            assert package[0] == served["package"] == hashlib.sha256(package[1].encode()).hexdigest()
            found[folder.name] = (served["model"], package[1])
        return found


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return Sample(tmp_path)
