"""The Kubernetes plugin: each method is a doorbell for its verb in `bosun_k8s.deployments` or `.environments`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar, TypeVarTuple, Unpack

from bosun_core.errors import BosunError, EnvironmentFailure, Interruption
from bosun_core.model import DeploymentInfo
from bosun_core.plugin import BosunPluginBase
from bosun_core.status import ActionStatusInfo

from bosun_core import answers
from bosun_k8s import deployments, environments
from bosun_k8s.cluster.connection import Cluster
from bosun_k8s.cluster.resources import Objects
from bosun_k8s.environment import Environment, environment
from bosun_k8s.settings import KubernetesSettings

Given = TypeVarTuple("Given")
Told = TypeVar("Told")


class KubernetesPlugin(BosunPluginBase):
    """Serves each model in pods of its own, behind one Service and route a deployment."""

    settings_model = KubernetesSettings

    def _act(self, verb: Callable[[Objects, Environment, Unpack[Given]], Told], *given: *Given) -> Told:
        with Cluster(self.settings) as cluster:
            env = environment(self.settings, self.plugin_config, cluster.namespace, dry_run=self.dry_run)
            return verb(Objects(cluster, cluster.namespace, force=self.settings.force_conflicts), env, *given)

    def _bring(
        self, verb: Callable[[Objects, Environment, DeploymentInfo], ActionStatusInfo], info: DeploymentInfo
    ) -> ActionStatusInfo:
        try:
            return self._act(verb, info)
        except Interruption as error:
            if error.data is None:  # it came while the kubeconfig was read
                with suppress(BosunError):
                    self._act(deployments.tell_what_serves, str(info.id), None, error)
            raise

    def plugin_start(self) -> ActionStatusInfo:
        return self._act(environments.plugin_start)

    def plugin_stop(self) -> ActionStatusInfo:
        return self._act(environments.plugin_stop)

    def deployment_list(self) -> ActionStatusInfo:
        return self._act(environments.list_all)

    def pe_status(self) -> ActionStatusInfo:
        try:
            return self._act(environments.status, self.pe_info)
        except EnvironmentFailure as error:
            listed = None if self.pe_info is None else self.pe_info.deployments
            return answers.environment_status(None, listed, "", problems=[str(error)])

    def deployment_start(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return self._bring(deployments.start, deployment_info)

    def deployment_stop(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return self._act(deployments.stop, deployment_info)

    def deployment_replace_model(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return self._bring(deployments.replace, deployment_info)

    def deployment_relaunch(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return self._bring(deployments.relaunch, deployment_info)

    def deployment_status(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return self._act(deployments.status, deployment_info)
