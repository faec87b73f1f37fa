"""`BosunPluginBase`, which an environment plugin inherits."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any, ClassVar

from bosun_core.model import DeploymentInfo, PEInfo
from bosun_core.relaunch import stop_then_start
from bosun_core.status import ActionStatusInfo

if TYPE_CHECKING:
    from bosun_core.settings import Settings


class BosunPluginBase(abc.ABC):
    """The interface of an environment plugin; `bosun_core.hookspecs` says what each method promises.

    Args:
        plugin_config: the action file's `pluginConfig`, with whatever keys the agent sent.
        private_config_file: the path given with `--private-config`. Where the class declares `settings_model`, the file
            is read by it into `self.settings`; otherwise it is handed over unread.
        pe_info: the prediction environment, where the action file describes it.
        dry_run: tell what would be done, and change nothing.

    Raises:
        ConfigurationError: the private configuration does not fit `settings_model`.
    """

    settings_model: ClassVar[type[Settings] | None] = None
    """The model of the private configuration; None: the file is handed over unread."""

    contract_version: ClassVar[str | None] = None
    """The version of the contract that the plugin was made for, say "1.0"; None: it does not say, and is accepted."""

    def __init__(
        self,
        plugin_config: dict[str, Any],
        private_config_file: str | None = None,
        pe_info: PEInfo | None = None,
        dry_run: bool = False,  # noqa: FBT001, FBT002  # the document's signature
    ) -> None:
        self.plugin_config = plugin_config
        self.private_config_file = private_config_file
        self.pe_info = pe_info
        self.dry_run = dry_run
        if self.settings_model is not None:
            from bosun_core.settings import load

            self.settings: Any = load(self.settings_model, private_config_file)

    @abc.abstractmethod
    def plugin_start(self) -> ActionStatusInfo:
        """Make the environment ready for deployments."""

    @abc.abstractmethod
    def plugin_stop(self) -> ActionStatusInfo:
        """Take down the shared parts that nothing needs."""

    @abc.abstractmethod
    def deployment_list(self) -> ActionStatusInfo:
        """List every deployment of this environment, and no other."""

    @abc.abstractmethod
    def deployment_start(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Bring a deployment into service with the given model."""

    @abc.abstractmethod
    def deployment_stop(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Remove a deployment."""

    @abc.abstractmethod
    def deployment_replace_model(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Put a new model in the place of the one that a deployment serves, all or nothing."""

    @abc.abstractmethod
    def pe_status(self) -> ActionStatusInfo:
        """Tell the health of the environment and of the deployments that the agent knows in it."""

    @abc.abstractmethod
    def deployment_status(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Tell the state of a deployment as it is now."""

    def deployment_relaunch(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Stop the deployment, then start it.

        Raises:
            InvalidRequest: `modelArtifact` is given but not there; nothing was stopped.
        """
        outcome: ActionStatusInfo = stop_then_start(self, deployment_info)
        return outcome
