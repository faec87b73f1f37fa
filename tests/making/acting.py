"""Actions through the runner, and the packages that they are given."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from bosun_core.runner import ActionRequest, run_action
from prediction_server.make_package import write_package

Act = Callable[..., dict[str, Any]]


def acting(plugin: str, settings: Callable[..., dict[str, Any]], folder: Path) -> Act:
    """What runs one action through the runner and returns its status; `settings` makes the private configuration."""

    def run(
        action: str,
        info: dict[str, Any] | None = None,
        *,
        dry_run: bool = False,
        pe: Any = None,
        plugin_config: Any = None,
        **more: Any,
    ) -> dict[str, Any]:
        name = uuid.uuid4().hex
        config, private = folder / f"{name}.yaml", folder / f"{name}.private.yaml"
        config.write_text(json.dumps({"pluginConfig": plugin_config or {}, "peInfo": pe, "deploymentInfo": info}))
        private.write_text(yaml.safe_dump(settings(**more)))
        status = run_action(ActionRequest(plugin, action, str(config), str(private), dry_run))
        print(action, info, "->", json.dumps(status))
        return status

    return run


def packing(folder: Path) -> Callable[..., str]:
    """What makes a model package and returns its path."""

    def make(name: str = "A", **faults: Any) -> str:
        path = folder / f"{name}-{len(list(folder.glob('*.mlpkg')))}.mlpkg"
        write_package(path, "linear", seed=sum(name.encode()), faults=faults or None)
        return str(path)

    return make
