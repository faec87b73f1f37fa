"""Arguments of a plugin's methods, bound by position whatever the parameters are called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from bosun_core.errors import PluginBroken


def bound_call(method: Callable[..., Any], *arguments: object) -> Any:
    """Call `method` with `arguments`, or with none where it takes none.

    Raises:
        PluginBroken: it can be called neither way.
    """
    return method(*accepted(method, *arguments))


def accepted(
    method: Callable[..., Any], *arguments: object, parameters: Sequence[str] = ("deployment_info",)
) -> tuple[object, ...]:
    """Return what `method` can be called with: all of `arguments`, or none; `parameters` is how we would call them.

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
    qualified = getattr(method, "__qualname__", "method")
    name = qualified.rpartition(".")[2]
    wanted = ", ".join(["self", *parameters[: len(arguments)]])
    raise PluginBroken(f"{qualified}{signature} cannot be called by the runner; declare it as {name}({wanted})")
