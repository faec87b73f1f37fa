"""A clean environment on the filesystem, driven through the runner, and a look at it from outside."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from bosun_core.runner import ActionRequest, run_action

RUNNER = Path(sys.executable).with_name("bosun-plugin-runner")


class Filesystem:
    """One environment: its base folder, its packages, and the actions on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base = folder / "base"
        self.settings: dict[str, Any] = {"baseDir": str(self.base)}

    def package(self, name: str, content: bytes = b"a model") -> Path:
        path = self.folder / f"{name}.mlpkg"
        path.write_bytes(content)
        return path

    def info(
        self, deployment: str = "d1", model: str = "A", package: Path | None = None, **more: Any
    ) -> dict[str, Any]:
        artifact = {} if package is None else {"modelArtifact": str(package)}
        return {"id": deployment, "modelId": model, **artifact, **more}

    def write(self, name: str, document: dict[str, Any]) -> Path:
        path = self.folder / name
        content = json.dumps(document)
        if not path.exists() or path.read_text() != content:  # a runner that was started before may be reading it
            path.write_text(content)
        return path

    def request(
        self,
        action: str,
        info: dict[str, Any] | None = None,
        pe: dict[str, Any] | None = None,
        plugin_config: dict[str, Any] | None = None,
        dry_run: bool = False,
    ) -> ActionRequest:
        sections = {"pluginConfig": plugin_config, "peInfo": pe, "deploymentInfo": info}
        name = f"action-{action}-{(info or {}).get('id', '')}-{(info or {}).get('newModelId', '')}.yaml"
        config = self.write(name, sections)
        private = self.write("private.yaml", self.settings)
        return ActionRequest("fs", action, str(config), str(private), dry_run)

    def run(self, action: str, info: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """Run one action in this process and return its status without the times."""
        document = run_action(self.request(action, info, **more))
        return {key: value for key, value in document.items() if key not in ("duration", "timestamp")}

    def command(self, action: str, info: dict[str, Any] | None = None, *flags: str, **more: Any) -> list[str]:
        request = self.request(action, info, **more)
        config, private = str(request.config), str(request.private_config)
        command = [str(RUNNER), "--plugin", "fs", "--action", action, "--config", config, "--private-config", private]
        return [*command, *flags]

    def popen(self, action: str, info: dict[str, Any] | None = None, *flags: str) -> subprocess.Popen[str]:
        """Run one action as a process, the status on its stdout."""
        command = self.command(action, info, *flags)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def tree(self) -> dict[str, str]:
        """Return every file below the base, by its path, with its content; folders count where they are empty."""
        found = {}
        for folder, folders, files in os.walk(self.base):
            for name in files:
                path = Path(folder, name)
                found[str(path.relative_to(self.base))] = path.read_bytes().decode("latin-1")
            if not folders and not files:
                found[str(Path(folder).relative_to(self.base)) + "/"] = ""
        return found

    def deployments(self) -> dict[str, tuple[str, str]]:
        """Return what a server would see: for each visible folder its model id and the content of its package."""
        seen = {}
        for folder in sorted(self.base.iterdir()):
            if not folder.name.startswith("."):
                model = yaml.safe_load((folder / "config.yml").read_text())["model_id"]
                packages = [path for path in folder.iterdir() if path.suffix == ".mlpkg"]
                assert len(packages) == 1, f"{folder} holds {sorted(folder.iterdir())}"
                seen[folder.name] = (model, packages[0].read_bytes().decode("latin-1"))
        return seen

    def under_way(self) -> list[str]:
        """Return what is left below Bosun's own folder, which is nothing between two actions."""
        own = self.base / ".bosun"
        return sorted(str(path.relative_to(own)) for path in own.glob("*/*")) if own.exists() else []


@pytest.fixture
def fs(tmp_path: Path) -> Filesystem:
    environment = Filesystem(tmp_path)
    environment.base.mkdir()
    return environment
