"""The contract: one hook per action. Hook name = `--action` word = method name.

Every action may be repeated, and every one but `pe_status` and the lists leaves the environment as its promise says,
whatever happened before. docs/actions.md is generated from this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import pluggy

if TYPE_CHECKING:
    from bosun_core.model import DeploymentInfo, PEInfo
    from bosun_core.status import ActionStatusInfo


PROJECT = "bosun"  # pluggy's name for this contract
_answered_once = pluggy.HookspecMarker(PROJECT)(firstresult=True)
_watched_by_all = pluggy.HookspecMarker(PROJECT)()


class ActionContext(NamedTuple):
    """What an extension learns about the action that it wraps."""

    action: str
    plugin: str
    dry_run: bool
    plugin_config: Mapping[str, Any]
    pe_info: PEInfo | None
    deployment_info: DeploymentInfo | None


class ActionHooks:
    """The nine actions of an environment plugin, and two hooks for extensions."""

    @_answered_once
    def plugin_start(self) -> ActionStatusInfo:
        """Make the environment ready for deployments.

        Called: once when the agent starts, before any deployment action.
        Holds afterwards: the environment is reachable, and its shared parts run (created if missing).
        Returns: passing, or failing with what is wrong; state None.
        Raises: EnvironmentFailure or ConfigurationError for what the user can mend.
        Repeated: changes nothing that is already so.
        """
        raise NotImplementedError

    @_answered_once
    def plugin_stop(self) -> ActionStatusInfo:
        """Take down the shared parts that nothing needs.

        Called: once when the agent stops, after all deployment actions.
        Holds afterwards: shared parts that nothing needs are gone. What serves predictions keeps serving: an agent's
        restart never interrupts traffic.
        Returns: passing, or failing with what is wrong; state None.
        Raises: EnvironmentFailure or ConfigurationError for what the user can mend.
        Repeated: passing.
        """
        raise NotImplementedError

    @_answered_once
    def deployment_start(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Bring a deployment into service with the given model.

        Called: when a deployment is created or activated. Needs `id`, `modelId` and `modelArtifact`.
        Holds afterwards: the deployment serves the given model. Already so: nothing changed. Served by another model,
        or with other settings or another package (by hash): brought to the given ones like a replacement.
        Returns: passing and ready; `data.currentModelId`, `data.predictionUrl` where there is one.
        Raises: InvalidRequest, EnvironmentFailure; then nothing is left of what was begun.
        Repeated: changes nothing.
        """
        raise NotImplementedError

    @_answered_once
    def deployment_stop(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Remove a deployment.

        Called: when a deployment is deactivated or deleted. Needs `id`; goes by it alone, a `modelId` that differs from
        the running one is mentioned.
        Holds afterwards: nothing of the deployment is left.
        Returns: passing and stopped, also where it was gone already.
        Raises: EnvironmentFailure.
        Repeated: passing and stopped.
        """
        raise NotImplementedError

    @_answered_once
    def deployment_replace_model(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Put a new model in the place of the one that a deployment serves, all or nothing.

        Called: when the model of a deployment is replaced. Needs `id`, `newModelId` and `modelArtifact` (the new ones);
        `modelId` is the old one, and where the deployment serves neither, the replacement proceeds.
        Holds afterwards: the new model serves; traffic moved only once it answered. On any failure the old one still
        serves.
        Returns: passing and ready, `data.currentModelId` the new one; or failing and errored (it tells of the action),
        with `data.oldModelInUse: true` and `data.currentModelId` the old one. Unknown deployment: failing and errored,
        nothing made. One whose workload was removed by somebody is not unknown: it is brought to the new model.
        Raises: InvalidRequest where `newModelId` or `modelArtifact` is missing.
        Repeated: already serving `newModelId` with this package and these settings changes nothing.
        """
        raise NotImplementedError

    @_answered_once
    def deployment_status(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Tell the state of a deployment as it is now.

        Called: every few seconds. Needs `id`.
        Holds afterwards: nothing changed.
        Returns: `data.currentModelId`, and the entry's other facts (see deployment_list). States of motion (launching,
        replacingModel, shuttingDown) only while another action is under way. Unknown id: failing and
        errored, with a message that says so.
        Raises: EnvironmentFailure.
        Repeated: yes.
        """
        raise NotImplementedError

    @_answered_once
    def pe_status(self) -> ActionStatusInfo:
        """Report the health of the environment and of its deployments: the action to monitor.

        Called: every few seconds. `peInfo.deployments` may list the deployments that the agent knows here (ids, or
        whole deploymentInfo mappings).
        Holds afterwards: nothing changed.
        Returns: `data.deploymentsStatus`, state None. With a list (an empty one counts) it has an entry for each listed
        id, and a listed deployment that is missing (its own entry is failing), or one that runs here and is not in the
        list, is a warning that names it. Without a list (absent or null) it has an entry for each deployment of this
        environment. Either way one that is failing, degraded (a warning) or unknown is a warning that names it; without
        a list one that is launching, replacing its model or shutting down is none of these. Environment broken:
        failing, and where nothing can be seen each listed deployment is unknown.
        Raises: EnvironmentFailure where nothing can be seen; the runner adds the entries, each unknown.
        Repeated: yes.
        """
        raise NotImplementedError

    @_answered_once
    def deployment_list(self) -> ActionStatusInfo:
        """List every deployment of this environment, and no other.

        Called: when the agent starts.
        Holds afterwards: nothing changed.
        Returns: `data` maps each deployment id to its entry, {status, state, msg, data: {currentModelId, predictionUrl,
        workloads}}; workloads names what one needs to look further (containers, pods, the folder). State None.
        Raises: EnvironmentFailure.
        Repeated: yes.
        """
        raise NotImplementedError

    @_answered_once
    def deployment_relaunch(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Launch a deployment anew.

        Called: when a person asks for it. Needs `id`; without `modelArtifact` the package that is kept is used.
        Holds afterwards: the deployment serves the given package with the given settings, freshly launched. The default
        of the base class stops and starts; a plugin that can keeps the old one in service until the new one answers.
        Returns: as deployment_start, or as deployment_replace_model on failure. A `modelArtifact` that is given but not
        there is refused before anything stops. Unknown deployment, or no package kept: failing and errored, with what
        brings it back.
        Raises: InvalidRequest, EnvironmentFailure.
        Repeated: launches again.
        """
        raise NotImplementedError

    @_answered_once
    def around_action(self, context: ActionContext) -> ActionStatusInfo:
        """Run the action. Only extensions see this hook: a wrapper of it wraps every action alike."""
        raise NotImplementedError

    @_watched_by_all
    def action_progress(self, step: str, done: float, total: float | None) -> None:
        """Observe the progress of the action; `total` is None where it is not known. Any number may implement it."""
