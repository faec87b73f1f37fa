"""The nine words of `--action`, and what core knows of each without asking a plugin."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Action(NamedTuple):
    """What core knows of an action without asking a plugin."""

    takes_deployment: bool = False
    takes_artifact: bool = False


# The order of the document's list, which --list-actions prints.
ACTIONS: Mapping[str, Action] = MappingProxyType(
    {
        "plugin_start": Action(),
        "plugin_stop": Action(),
        "deployment_start": Action(takes_deployment=True, takes_artifact=True),
        "deployment_stop": Action(takes_deployment=True),
        "deployment_replace_model": Action(takes_deployment=True, takes_artifact=True),
        "deployment_status": Action(takes_deployment=True),
        "pe_status": Action(),
        "deployment_list": Action(),
        "deployment_relaunch": Action(takes_deployment=True, takes_artifact=True),
    }
)
