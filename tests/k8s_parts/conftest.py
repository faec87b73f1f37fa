"""An environment in a namespace, made of settings alone: no cluster is asked."""

from collections.abc import Callable
from typing import Any

import pytest
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


def settings_of(**given: Any) -> KubernetesSettings:
    return from_mapping(KubernetesSettings, {**NEEDED, **given}, Place("private.yaml", {}))


def environment_of(plugin_config: dict[str, Any] | None = None, **given: Any) -> Environment:
    return environment(settings_of(**given), plugin_config or {}, "models", dry_run=False)


def goal_of(**values: Any) -> Goal:
    """A goal with these key-values."""
    return Goal("d1", "model-A", key_values.read(values), base="registry.example.com/pps:1", package_digest="a" * 64)


@pytest.fixture
def settings() -> Callable[..., KubernetesSettings]:
    return settings_of


@pytest.fixture
def env() -> Callable[..., Environment]:
    return environment_of


@pytest.fixture
def goal() -> Callable[..., Goal]:
    return goal_of
