"""Progress of a long action, reported by whoever does the work."""

from __future__ import annotations

from collections.abc import Callable

Listener = Callable[[str, float, "float | None"], None]
_listeners: list[Listener] = []


def progress(step: str, done: float, total: float | None = None) -> None:
    """Report that `done` of `total` units of `step` are done; `total` is None where it is not known.

    The runner shows it and hands it to extensions. May be called as often as one likes, from any thread.
    """
    for listener in _listeners:
        listener(step, done, total)


def listen(listener: Listener) -> Callable[[], None]:
    """Have `listener` called on each report; returns the call that ends this."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)
