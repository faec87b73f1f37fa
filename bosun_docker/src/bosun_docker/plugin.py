"""The Docker plugin: models in containers, behind one proxy."""

from __future__ import annotations

from bosun_core.lifecycle.plugin import EnvironmentPlugin

from bosun_docker.backend import DockerBackend
from bosun_docker.environment import environment
from bosun_docker.settings import DockerSettings


class DockerPlugin(EnvironmentPlugin):
    """Serves each model in a container of its own, behind one proxy."""

    settings_model = DockerSettings

    def backend(self) -> DockerBackend:
        """Return the environment on the engine that this process's variables lead to."""
        return DockerBackend(environment(self.settings, self.plugin_config, dry_run=self.dry_run))
