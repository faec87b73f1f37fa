"""From an action to the plugin's method, through pluggy, so that extensions can wrap it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import SimpleNamespace
from typing import Any

import pluggy

from bosun_core.actions import ACTIONS
from bosun_core.binding import bound_call
from bosun_core.errors import PluginBroken
from bosun_core.extensions import Extension, guarded
from bosun_core.hookspecs import PROJECT, ActionContext, ActionHooks
from bosun_core.model import DeploymentInfo
from bosun_core.relaunch import stop_then_start
from bosun_core.reporting import listen

_implementation = pluggy.HookimplMarker(PROJECT)


AtHand = Callable[[DeploymentInfo], AbstractContextManager[DeploymentInfo]]


def perform(
    plugin: object, context: ActionContext, at_hand: AtHand, extensions: list[Extension], warnings: list[str]
) -> Any:
    """Call the plugin's method for the action, wrapped by the extensions, and return what it returned.

    `at_hand` makes what the method is given from the deployment's info, for as long as the method takes. What an
    extension does wrong is added to `warnings`: the plugin's own outcome stands.

    Raises:
        ActionVetoed: an extension refused the action; the plugin was not called.
        PluginBroken: the method's signature does not fit, or it returned nothing.
        Exception: whatever the method raised.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(ActionHooks)
    # A class of another base need not have a relaunch of its own.
    method = getattr(plugin, context.action, None) or functools.partial(stop_then_start, plugin)
    manager.register(_environment(method, context, at_hand, manager), "environment plugin")
    for extension in extensions:
        manager.register(guarded(extension, warnings), extension.name)
    end = listen(lambda step, done, total: manager.hook.action_progress(step=step, done=done, total=total))
    sys.audit("bosun.action", context.action)  # from here on the plugin acts: the conformance kit counts its steps
    try:
        outcome = manager.hook.around_action(context=context)
    finally:
        end()
    if outcome is None:
        raise PluginBroken(f"{type(plugin).__name__}.{context.action} returned None instead of an ActionStatusInfo")
    return outcome


def _environment(
    method: Callable[..., Any], context: ActionContext, at_hand: AtHand, manager: pluggy.PluginManager
) -> SimpleNamespace:
    """Return the two implementations that belong to the runner: the action itself, and what runs it.

    pluggy binds arguments by name; the plugin's method is called by position, so that its author may name them freely.
    """

    def with_deployment(deployment_info: DeploymentInfo) -> Any:
        with at_hand(deployment_info) as given:
            return bound_call(method, given)

    def without_deployment() -> Any:
        return bound_call(method)

    def around_action(context: ActionContext) -> Any:
        hook = getattr(manager.hook, context.action)
        return hook(deployment_info=context.deployment_info) if takes_deployment else hook()

    takes_deployment = ACTIONS[context.action].takes_deployment
    action = with_deployment if takes_deployment else without_deployment
    return SimpleNamespace(**{context.action: _implementation(action), "around_action": _implementation(around_action)})
