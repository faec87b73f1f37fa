"""The Kubernetes plugin: each method is a doorbell for its verb in `bosun_k8s.deployments` or `.environments`."""

from __future__ import annotations

from bosun_core.model import DeploymentInfo
from bosun_core.plugin import BosunPluginBase
from bosun_core.status import ActionStatusInfo

from bosun_k8s import deployments, environments
from bosun_k8s.settings import KubernetesSettings
from bosun_k8s.site import Site


class KubernetesPlugin(BosunPluginBase):
    """Serves each model in pods of its own, behind one Service and route a deployment."""

    settings_model = KubernetesSettings

    @property
    def _site(self) -> Site:
        return Site(self.settings, self.plugin_config, self.dry_run)

    def plugin_start(self) -> ActionStatusInfo:
        return environments.plugin_start(self._site)

    def plugin_stop(self) -> ActionStatusInfo:
        return environments.plugin_stop(self._site)

    def deployment_list(self) -> ActionStatusInfo:
        return environments.list_all(self._site)

    def pe_status(self) -> ActionStatusInfo:
        return environments.status(self._site, self.pe_info)

    def deployment_start(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return deployments.start(self._site, deployment_info)

    def deployment_stop(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return deployments.stop(self._site, deployment_info)

    def deployment_replace_model(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return deployments.replace(self._site, deployment_info)

    def deployment_relaunch(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return deployments.relaunch(self._site, deployment_info)

    def deployment_status(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return deployments.status(self._site, deployment_info)
