"""One prediction environment in a namespace: its settings and its id."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from bosun_core.environment import environment_id
from bosun_core.monitoring import OFF, Monitoring, wanted_monitoring
from bosun_core.redaction import SECRETS

from bosun_k8s import names
from bosun_k8s.settings import KubernetesSettings


class Environment(NamedTuple):
    """What leads all actions of one environment."""

    settings: KubernetesSettings
    id: str
    namespace: str
    dry_run: bool = False
    monitoring: Monitoring = OFF

    def name(self, deployment_id: str) -> str:
        """Return the name of a deployment's objects."""
        return names.object_name(self.id, deployment_id)

    def labels(self, deployment_id: str) -> dict[str, str]:
        """Return the labels that select what belongs to a deployment."""
        return names.deployment_labels(self.id, deployment_id)

    def prediction_url(self, deployment_id: str) -> str:
        """Return where a deployment is asked for predictions."""
        return f"{self.settings.prefix.url}/{deployment_id}/predictions"


def environment(
    settings: KubernetesSettings, plugin_config: Mapping[str, Any], namespace: str, *, dry_run: bool
) -> Environment:
    """Return the environment; without an id of its own it is named by namespace and image repository."""
    derived = f"{namespace}/{settings.generated_image_repo}"
    own_id = environment_id(settings.environment_id, plugin_config, derived)
    monitoring = wanted_monitoring(settings.agent_image, plugin_config, os.environ)
    SECRETS.learn_values(monitoring.token)
    return Environment(settings, own_id, namespace, dry_run, monitoring)
