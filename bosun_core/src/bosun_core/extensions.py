"""Extensions: plugins of the runner that wrap or observe every action, and can neither alter nor lose an outcome."""

from __future__ import annotations

import functools
import importlib
import inspect
import os
from collections.abc import Callable, Generator
from types import SimpleNamespace
from typing import Any, NamedTuple

import pluggy

from bosun_core.actions import ACTIONS
from bosun_core.binding import accepted, bound_call
from bosun_core.discovery import describe
from bosun_core.entry_points import EntryPoint, entry_points
from bosun_core.errors import ActionVetoed, ConfigurationError, EnvironmentFailure, PluginBroken
from bosun_core.hookspecs import PROJECT
from bosun_core.log import logger

GROUP = "bosun.extensions"
LIMIT_VARIABLE = "BOSUN_EXTENSIONS"

_WRAPPED = (*ACTIONS, "around_action")
_OBSERVED = "action_progress"
_FAULTS = (Exception, SystemExit)  # of an extension: none of them ends or changes the action

wrapper = pluggy.HookimplMarker(PROJECT)(wrapper=True)
"""Mark a method of an extension that wraps the action of its name: a generator that yields once, for the action."""

observer = pluggy.HookimplMarker(PROJECT)()
"""Mark the method `action_progress` of an extension."""


class Extension(NamedTuple):
    """An extension that is ready to wrap: its name and its marked methods by hook."""

    name: str
    methods: dict[str, Callable[..., Any]]


def installed_extensions(warnings: list[str]) -> list[Extension]:
    """Return the installed extensions that BOSUN_EXTENSIONS (a list with commas; unset: all) leaves.

    One that cannot be used adds one line to `warnings` and is left out.
    """
    limit = os.environ.get(LIMIT_VARIABLE)
    wanted = None if limit is None else {name.strip() for name in limit.split(",") if name.strip()}
    found = []
    known = set()
    for entry_point in entry_points(GROUP):
        known.add(entry_point.name)
        if wanted is None or entry_point.name in wanted:
            try:
                found.append(extension(entry_point.name, _load(entry_point)))
            except PluginBroken as error:
                warnings.append(str(error))
    if wanted is not None and wanted - known:
        warnings.append(
            f"{LIMIT_VARIABLE} names extensions that are not installed: {', '.join(sorted(wanted - known))}"
        )
    return found


def _load(entry_point: EntryPoint) -> object:
    module_name, _, attribute = entry_point.value.partition(":")
    source = f"extension {entry_point.name} ({entry_point.distribution} {entry_point.version})"
    try:
        found: Any = importlib.import_module(module_name)
        for part in attribute.split(".") if attribute else ():
            found = getattr(found, part, None)
        if inspect.isclass(found):
            found = found()
    except (Exception, SystemExit) as error:  # whatever somebody else's code raises is a broken extension
        raise PluginBroken(
            f"{source} cannot be loaded: {describe(error)}; mend it, or leave it out with {LIMIT_VARIABLE}"
        ) from error
    if found is None:
        raise PluginBroken(f"{source}: {module_name} has no {attribute}, which its entry point names; mend it")
    return found


def extension(name: str, source: object) -> Extension:
    """Return `source` (a module or an object) as an extension.

    Raises:
        PluginBroken: it answers an action instead of wrapping it, wraps what is no action, or cannot be called.
    """
    methods: dict[str, Callable[..., Any]] = {}
    for attribute in dir(source):
        method = inspect.getattr_static(source, attribute, None)
        options = getattr(getattr(method, "__func__", method), f"{PROJECT}_impl", None)
        if options is None:
            if attribute in _WRAPPED:
                raise PluginBroken(f"extension {name}: {attribute} is not marked; put @bosun_core.wrapper on it")
            continue
        methods[attribute] = _checked(name, attribute, getattr(source, attribute), options)
    if not methods:
        raise PluginBroken(f"extension {name} wraps nothing; put @bosun_core.wrapper on a method called around_action")
    return Extension(name, methods)


def _checked(name: str, attribute: str, method: Callable[..., Any], options: dict[str, Any]) -> Callable[..., Any]:
    if attribute == _OBSERVED:
        accepted(method, "step", 0.0, None, parameters=("step", "done", "total"))
        return method
    if attribute not in _WRAPPED:
        import difflib

        hooks = (*_WRAPPED, _OBSERVED)
        near = difflib.get_close_matches(attribute, hooks, n=1)
        hint = f"did you mean {near[0]}?" if near else f"the hooks are {', '.join(hooks)}"
        raise PluginBroken(f"extension {name} wraps {attribute}, which is no action; {hint}")
    if not options.get("wrapper") or not inspect.isgeneratorfunction(method):
        raise PluginBroken(
            f"extension {name}: {attribute} would answer instead of the environment plugin; "
            "mark it with @bosun_core.wrapper and yield once in it"
        )
    accepted(method, *_arguments(attribute), parameters=_arguments(attribute))
    return method


def _arguments(hook: str) -> tuple[str, ...]:
    if hook == "around_action":
        return ("context",)
    return ("deployment_info",) if ACTIONS[hook].takes_deployment else ()


Warn = Callable[[str, "BaseException | str"], None]


def guarded(source: Extension, warnings: list[str]) -> SimpleNamespace:
    """Return the extension as hook implementations for pluggy that let no fault of it through, only a veto."""

    def warn(hook: str, fault: BaseException | str) -> None:
        # What an error of ours says is for users already; all else is a bug, and told with its place.
        problem = str(fault) if isinstance(fault, str | ConfigurationError | EnvironmentFailure) else describe(fault)
        message = f"extension {source.name} failed in {hook}: {problem}"
        if message not in warnings:
            warnings.append(message)
            logger().warning("%s", message)

    marked: dict[str, Any] = {}
    for hook, method in source.methods.items():
        if hook == _OBSERVED:
            marked[hook] = observer(_guarded_observer(method, warn))
        else:
            marked[hook] = wrapper(_guarded_wrapper(hook, source.name, method, warn))
    return SimpleNamespace(**marked)


def _guarded_observer(method: Callable[..., Any], warn: Warn) -> Callable[..., None]:
    def action_progress(step: str, done: float, total: float | None) -> None:
        try:
            bound_call(method, step, done, total)
        except _FAULTS as error:
            warn(_OBSERVED, error)

    return action_progress


def _guarded_wrapper(
    hook: str, name: str, method: Callable[..., Any], warn: Warn
) -> Callable[..., Generator[None, Any, Any]]:
    """Return a wrapper around the extension's wrapper, in the shape that pluggy asks of this hook."""

    def guard(*arguments: object) -> Generator[None, Any, Any]:
        try:
            wrapped = bound_call(method, *arguments)
            next(wrapped)
        except ActionVetoed as veto:
            raise ActionVetoed(f"extension {name} vetoed {hook}: {veto}") from veto
        except StopIteration:
            warn(hook, "it did not yield")
            return (yield)
        except _FAULTS as error:
            warn(hook, error)
            return (yield)
        try:
            outcome = yield
        except BaseException as raised:
            _finish(functools.partial(wrapped.throw, raised), raised, hook, warn)
            raise
        _finish(functools.partial(wrapped.send, outcome), None, hook, warn)
        return outcome

    def of_context(context: object) -> Generator[None, Any, Any]:
        return (yield from guard(context))

    def of_deployment(deployment_info: object) -> Generator[None, Any, Any]:
        return (yield from guard(deployment_info))

    def of_environment() -> Generator[None, Any, Any]:
        return (yield from guard())

    shapes: dict[tuple[str, ...], Callable[..., Generator[None, Any, Any]]] = {
        ("context",): of_context,
        ("deployment_info",): of_deployment,
        (): of_environment,
    }
    return shapes[_arguments(hook)]


def _finish(resume: Callable[[], object], raised: BaseException | None, hook: str, warn: Warn) -> None:
    """Let the extension see the outcome; what it makes of it changes nothing."""
    try:
        resume()
    except StopIteration:
        return
    except _FAULTS as error:
        if error is not raised:
            warn(hook, error)
        return
    except BaseException as error:
        if error is not raised:
            raise
        return
    warn(hook, "it yielded twice")
