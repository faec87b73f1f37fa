"""The test plugin: each method is a doorbell for its action in `bosun_test.deployments`."""

from __future__ import annotations

from bosun_core.model import DeploymentInfo
from bosun_core.plugin import BosunPluginBase
from bosun_core.status import ActionStatusInfo

from bosun_test import deployments
from bosun_test.settings import StandInSettings


class StandInPlugin(BosunPluginBase):
    """Stands in for a prediction environment, so that an agent can be tested without one."""

    settings_model = StandInSettings

    @property
    def _environment(self) -> deployments.Environment:
        return deployments.environment(self.settings, self.plugin_config, dry_run=self.dry_run)

    def plugin_start(self) -> ActionStatusInfo:
        """Check tmp_dir."""
        return deployments.plugin_start(self._environment)

    def plugin_stop(self) -> ActionStatusInfo:
        """Leave everything as it is."""
        return deployments.plugin_stop(self._environment)

    def deployment_list(self) -> ActionStatusInfo:
        """List the deployments' files."""
        return deployments.list_all(self._environment)

    def deployment_start(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Make a deployment's file."""
        return deployments.start(self._environment, deployment_info)

    def deployment_stop(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Remove a deployment's file."""
        return deployments.stop(self._environment, deployment_info)

    def deployment_replace_model(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Put the new model into a deployment's file."""
        return deployments.replace(self._environment, deployment_info)

    def deployment_relaunch(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Write a deployment's file anew."""
        return deployments.relaunch(self._environment, deployment_info)

    def deployment_status(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Look at a deployment's file."""
        return deployments.status(self._environment, deployment_info)

    def pe_status(self) -> ActionStatusInfo:
        """Look at tmp_dir and all files in it that are this environment's."""
        return deployments.pe_status(self._environment, self.pe_info)
