"""The filesystem plugin: each method is a doorbell for its verb in `bosun_fs.deployments`."""

from __future__ import annotations

from bosun_core.model import DeploymentInfo
from bosun_core.plugin import BosunPluginBase
from bosun_core.status import ActionStatusInfo

from bosun_fs import deployments
from bosun_fs.settings import FilesystemSettings


class FilesystemPlugin(BosunPluginBase):
    """Deploys each model package to a folder of its own, for a Portable Prediction Server to serve."""

    settings_model = FilesystemSettings

    @property
    def _environment(self) -> deployments.Environment:
        return deployments.environment(self.settings, self.plugin_config, dry_run=self.dry_run)

    def staging_folder(self) -> str:
        """Return where the runner puts a package that it fetches: on the filesystem that it will be copied to."""
        return deployments.staging_folder(self._environment)

    def plugin_start(self) -> ActionStatusInfo:
        return deployments.plugin_start(self._environment)

    def plugin_stop(self) -> ActionStatusInfo:
        return deployments.plugin_stop(self._environment)

    def deployment_list(self) -> ActionStatusInfo:
        return deployments.list_all(self._environment)

    def deployment_start(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return deployments.start(self._environment, deployment_info)

    def deployment_stop(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return deployments.stop(self._environment, deployment_info)

    def deployment_replace_model(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return deployments.replace(self._environment, deployment_info)

    def deployment_relaunch(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return deployments.relaunch(self._environment, deployment_info)

    def deployment_status(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return deployments.status(self._environment, deployment_info)

    def pe_status(self) -> ActionStatusInfo:
        return deployments.environment_status(self._environment, self.pe_info)
