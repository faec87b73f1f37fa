"""Bosun's contract, runner and command line; what a plugin or an extension needs is imported from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bosun_core.lazy import lazy_names

if TYPE_CHECKING:
    from bosun_core import answers as answers
    from bosun_core.artifact import local_artifact as local_artifact
    from bosun_core.atomic_file import write_whole as write_whole
    from bosun_core.contract import CONTRACT_VERSION as CONTRACT_VERSION
    from bosun_core.environment import environment_id as environment_id
    from bosun_core.errors import ActionVetoed as ActionVetoed
    from bosun_core.errors import BosunError as BosunError
    from bosun_core.errors import ConfigurationError as ConfigurationError
    from bosun_core.errors import EnvironmentFailure as EnvironmentFailure
    from bosun_core.errors import Interruption as Interruption
    from bosun_core.errors import InvalidRequest as InvalidRequest
    from bosun_core.explaining import explained as explained
    from bosun_core.extensions import observer as observer
    from bosun_core.extensions import wrapper as wrapper
    from bosun_core.hookspecs import ActionContext as ActionContext
    from bosun_core.lease import leased as leased
    from bosun_core.lifecycle.plugin import EnvironmentPlugin as EnvironmentPlugin
    from bosun_core.locks import locked as locked
    from bosun_core.model import DeploymentInfo as DeploymentInfo
    from bosun_core.model import PEInfo as PEInfo
    from bosun_core.names import slug_with_hash as slug_with_hash
    from bosun_core.plugin import BosunPluginBase as BosunPluginBase
    from bosun_core.reporting import progress as progress
    from bosun_core.settings import Settings as Settings
    from bosun_core.settings import described as described
    from bosun_core.signals import uninterrupted as uninterrupted
    from bosun_core.status import ActionStatus as ActionStatus
    from bosun_core.status import ActionStatusInfo as ActionStatusInfo
    from bosun_core.status import DeploymentState as DeploymentState

# Each name is imported when it is first asked for: `--list-actions` would pay 40 ms for all of them.
_HOMES = {
    "ActionContext": "hookspecs",
    "ActionStatus": "status",
    "ActionStatusInfo": "status",
    "ActionVetoed": "errors",
    "BosunError": "errors",
    "BosunPluginBase": "plugin",
    "CONTRACT_VERSION": "contract",
    "ConfigurationError": "errors",
    "DeploymentInfo": "model",
    "DeploymentState": "status",
    "EnvironmentFailure": "errors",
    "EnvironmentPlugin": "lifecycle.plugin",
    "Interruption": "errors",
    "InvalidRequest": "errors",
    "PEInfo": "model",
    "Settings": "settings",
    "described": "settings",
    "environment_id": "environment",
    "explained": "explaining",
    "leased": "lease",
    "local_artifact": "artifact",
    "locked": "locks",
    "observer": "extensions",
    "progress": "reporting",
    "slug_with_hash": "names",
    "uninterrupted": "signals",
    "wrapper": "extensions",
    "write_whole": "atomic_file",
}

__all__ = sorted(_HOMES)  # the one list of the public names
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
