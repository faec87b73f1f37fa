"""The errors that a user can meet: each one line, what happened and what to do next."""

import enum
from collections.abc import Iterator, Mapping
from typing import Any


def one_line(text: object) -> str:
    r"""Return `text` as one printable line, control characters and runs of white space folded to one space.

    A byte of a file name that is no UTF-8 is shown as `\udcff`; an object whose text cannot be had, as its type.
    """
    try:
        encodable = str(text).encode("utf-8", "backslashreplace").decode("utf-8")
    except Exception:  # somebody else's __str__ may raise anything
        return f"{type(text).__name__} without a text"
    return " ".join("".join(c if c.isprintable() else " " for c in encodable).split())


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what caused it, also where a library keeps the cause among its arguments."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and one not in seen:
            seen.append(one)
            yield one
            waiting += [one.__cause__, one.__context__, *one.args, getattr(one, "reason", None)]


class BosunError(Exception):
    """What a user can meet and mend. Its text is one line: what happened, then what to do.

    `data` goes into the status, say {"oldModelInUse": True}.
    """

    def __init__(self, message: str, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(one_line(message))
        self.data = data


class UsageError(BosunError):
    """The command line cannot be read."""


class ConfigurationError(BosunError):
    """A configuration file, or a value in one, cannot be used."""


class InvalidRequest(BosunError):
    """The action file lacks what the action needs, or holds what no action may be given."""


class PluginNotFound(BosunError):
    """No plugin answers to the name."""


class PluginBroken(BosunError):
    """A plugin is there but cannot be used: it does not import, lacks a method, or breaks the contract."""


class EnvironmentFailure(BosunError):
    """The prediction environment refused or failed what was asked of it."""


class ActionVetoed(BosunError):
    """Raised by an extension before its yield: the action is not to happen, for this reason."""


class StatusNotWritten(BosunError):
    """The status file cannot be written."""


class Interruption(BaseException):
    """The action has to end now: a signal arrived or its time is up.

    Not an `Exception`, so that a plugin's `except Exception` does not swallow it. `data` is as in `BosunError`.
    """

    data: Mapping[str, Any] | None = None


def interruption_behind(error: BaseException) -> Interruption | None:
    """Return the interruption that came as an error of another kind: Python makes one where it builds a class."""
    return next((one for one in causes_of(error) if isinstance(one, Interruption)), None)


class ExitCode(enum.IntEnum):
    """The exit codes of `bosun-plugin-runner` (docs/status.md)."""

    PASSING = 0
    FAILING = 1
    WARNING = 2
    UNKNOWN = 3
    USAGE = 64
