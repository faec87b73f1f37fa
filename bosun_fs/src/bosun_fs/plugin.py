"""The filesystem plugin: a folder of deployments, each in a folder of its own."""

from __future__ import annotations

from bosun_core.environment import environment_id
from bosun_core.lifecycle.plugin import EnvironmentPlugin

from bosun_fs.backend import FilesystemBackend
from bosun_fs.settings import FilesystemSettings


class FilesystemPlugin(EnvironmentPlugin):
    """Deploys each model package to a folder of its own, for a Portable Prediction Server to serve."""

    settings_model = FilesystemSettings

    def backend(self) -> FilesystemBackend:
        """Return the environment; without an id of its own it is named by the folder, so its records carry none."""
        return FilesystemBackend(self.settings, environment_id(self.settings.environment_id, self.plugin_config, ""))

    def staging_folder(self) -> str:
        """Return where the runner puts a package that it fetches: on the filesystem that it will be copied to."""
        return self.backend().staging_folder()
