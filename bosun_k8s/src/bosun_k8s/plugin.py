"""The Kubernetes plugin: a namespace of deployments, each behind a Service and a route of its own."""

from __future__ import annotations

from bosun_core.lifecycle.plugin import EnvironmentPlugin

from bosun_k8s.backend import KubernetesBackend
from bosun_k8s.settings import KubernetesSettings


class KubernetesPlugin(EnvironmentPlugin):
    """Serves each model in pods of its own, behind one Service and route a deployment."""

    settings_model = KubernetesSettings

    def backend(self) -> KubernetesBackend:
        """Return the environment."""
        return KubernetesBackend(self.settings, self.plugin_config, dry_run=self.dry_run)
