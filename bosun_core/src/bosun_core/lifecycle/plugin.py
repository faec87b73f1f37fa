"""`EnvironmentPlugin`: a plugin that is a backend."""

from __future__ import annotations

import abc
from typing import Any

from bosun_core.lifecycle.backend import Backend
from bosun_core.lifecycle.reconciler import Reconciler
from bosun_core.model import DeploymentInfo
from bosun_core.plugin import BosunPluginBase
from bosun_core.status import ActionStatusInfo


class EnvironmentPlugin(BosunPluginBase):
    """A plugin whose nine actions are the reconciler's; `backend` says what its environment is.

    For environments in which deployments serve. One that does something else altogether implements BosunPluginBase.
    """

    @abc.abstractmethod
    def backend(self) -> Backend[Any, Any]:
        """Return the environment, not yet entered: made of `settings`, `plugin_config` and `dry_run`."""

    @property
    def _reconciler(self) -> Reconciler[Any, Any]:
        return Reconciler(self.backend(), dry_run=self.dry_run)

    def plugin_start(self) -> ActionStatusInfo:
        return self._reconciler.plugin_start()

    def plugin_stop(self) -> ActionStatusInfo:
        return self._reconciler.plugin_stop()

    def deployment_list(self) -> ActionStatusInfo:
        return self._reconciler.deployment_list()

    def deployment_start(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return self._reconciler.deployment_start(deployment_info)

    def deployment_stop(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return self._reconciler.deployment_stop(deployment_info)

    def deployment_replace_model(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return self._reconciler.deployment_replace_model(deployment_info)

    def deployment_relaunch(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return self._reconciler.deployment_relaunch(deployment_info)

    def deployment_status(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        return self._reconciler.deployment_status(deployment_info)

    def pe_status(self) -> ActionStatusInfo:
        return self._reconciler.pe_status(self.pe_info)
