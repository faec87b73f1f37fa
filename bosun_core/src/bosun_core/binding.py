"""Arguments of a plugin's methods, bound by position whatever the parameters are called."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from bosun_core.errors import PluginBroken


def bound_call(method: Callable[..., Any], *arguments: object) -> Any:
    """Call `method` with `arguments`, or with none where it takes none.

    Raises:
        PluginBroken: it can be called neither way.
    """
    return method(*accepted(method, *arguments))


def accepted(method: Callable[..., Any], *arguments: object) -> tuple[object, ...]:
    """Return what `method` can be called with: all of `arguments`, or none.

    Raises:
        PluginBroken: neither fits its signature.
    """
    signature = inspect.signature(method)
    for candidate in (arguments, ()) if arguments else ((),):
        try:
            signature.bind(*candidate)
        except TypeError:
            continue
        return candidate
    owner = type(getattr(method, "__self__", None)).__name__
    name = getattr(method, "__name__", "method")
    wanted = "self, deployment_info" if arguments else "self"
    raise PluginBroken(f"{owner}.{name}{signature} cannot be called by the runner; declare it as {name}({wanted})")
