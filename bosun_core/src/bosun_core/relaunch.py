"""The default relaunch: stop, then start."""

from __future__ import annotations

from typing import Any

from bosun_core.artifact import local_artifact
from bosun_core.binding import bound_call
from bosun_core.model import DeploymentInfo
from bosun_core.status import ActionStatus


def stop_then_start(plugin: Any, deployment_info: DeploymentInfo) -> Any:
    """Stop the deployment, then start it; return what the last of the two returned.

    Raises:
        InvalidRequest: `modelArtifact` is given but not there; nothing was stopped.
    """
    if deployment_info.model_artifact is not None:
        local_artifact(deployment_info)
    stopped = bound_call(plugin.deployment_stop, deployment_info)
    if getattr(stopped, "status", None) not in (ActionStatus.OK, ActionStatus.WARN):
        return stopped
    return bound_call(plugin.deployment_start, deployment_info)
