"""Environments and goals of the Kubernetes plugin, made of settings alone: no cluster is asked."""

from pathlib import Path
from typing import Any

from bosun_core.model_sources import kinds
from bosun_core.model_sources.sources import Packaged
from bosun_core.packages import Package
from bosun_core.settings import from_mapping
from bosun_core.yaml_reading import Place
from bosun_k8s.environment import Environment, environment
from bosun_k8s.goal import Goal
from bosun_k8s.settings import KubernetesSettings

from bosun_k8s import key_values

NEEDED = {
    "outfacingPredictionURLPrefix": "https://models.example.com/deployments/",
    "ppsBaseImage": "registry.example.com/pps:1",
    "generatedImageRepo": "registry.example.com/models",
}
PACKAGED = Packaged(
    "registry.example.com/pps:1", "ppsBaseImage", kinds.PATHS[kinds.NATIVE], Package(Path("/m"), 1, "a" * 64), "a" * 64
)


def settings_of(**given: Any) -> KubernetesSettings:
    return from_mapping(KubernetesSettings, {**NEEDED, **given}, Place("private.yaml", {}))


def environment_of(
    plugin_config: dict[str, Any] | None = None, *, namespace: str = "models", **given: Any
) -> Environment:
    return environment(settings_of(**given), plugin_config or {}, namespace, dry_run=False)


def goal_of(source: Any = PACKAGED, kind: str = kinds.NATIVE, *, mounted: bool = False, **values: Any) -> Goal:
    """A goal with these key-values."""
    return Goal("d1", "model-A", key_values.read(values), source, kind, mounted)
