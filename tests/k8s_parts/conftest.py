"""What makes settings, environments and goals."""

from collections.abc import Callable

import pytest
from bosun_k8s.environment import Environment
from bosun_k8s.goal import Goal
from bosun_k8s.settings import KubernetesSettings
from k8s_goals import environment_of, goal_of, settings_of


@pytest.fixture
def settings() -> Callable[..., KubernetesSettings]:
    return settings_of


@pytest.fixture
def env() -> Callable[..., Environment]:
    return environment_of


@pytest.fixture
def goal() -> Callable[..., Goal]:
    return goal_of
