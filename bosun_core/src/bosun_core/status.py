"""The outcome of an action: `ActionStatusInfo` and its two vocabularies."""

from __future__ import annotations

import enum
import os
from collections.abc import Mapping, Set
from types import CoroutineType
from typing import Any

from bosun_core.errors import PluginBroken, one_line

_MAX_DEPTH = 100  # of data; YAML's writer gives up at some 300
_MAX_BITS = 4096  # of a number; Python refuses to write one of 4,300 digits


class ActionStatus(enum.Enum):
    """How an action, or what it looked at, came out. The value is the word in a status file."""

    OK = "passing"
    WARN = "warning"
    ERROR = "failing"
    UNKNOWN = "unknown"


class DeploymentState(enum.Enum):
    """What a deployment is in. The value is the word in a status file."""

    READY = "ready"
    STOPPED = "stopped"
    ERRORED = "errored"
    LAUNCHING = "launching"
    REPLACING_MODEL = "replacingModel"
    SHUTTING_DOWN = "shuttingDown"
    UNKNOWN = "unknown"


class ActionStatusInfo:
    """What every action returns.

    Args:
        status: an `ActionStatus`.
        msg: one sentence for a person, or None.
        state: the state of the deployment, a `DeploymentState` or its word; None on actions of the environment.
        duration: seconds that the action took; the runner measures where it is None.
        data: what the action found, made of dicts, lists, strings, numbers, booleans and None.

    `timestamp` (milliseconds since the epoch) is added by the runner where it is None.
    """

    def __init__(
        self,
        status: ActionStatus,
        msg: str | None = None,
        state: DeploymentState | str | None = None,
        duration: float | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        self.status = status
        self.msg = msg
        self.state = state
        self.duration = duration
        self.data = data
        self.timestamp: int | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ActionStatusInfo) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # it is mutable, so no key of a dict

    def __repr__(self) -> str:
        return f"ActionStatusInfo({self.status}, msg={self.msg!r}, state={self.state!r}, data={self.data!r})"


def failing(message: str, state: DeploymentState | None = None) -> ActionStatusInfo:
    """Return the failing status with this message."""
    return ActionStatusInfo(ActionStatus.ERROR, one_line(message), state)


def to_document(info: object) -> dict[str, Any]:
    """Return the status as the six keys of a status file, in their order.

    A returned object counts by its attributes, not by its class, so that a plugin may bring its own.

    Raises:
        PluginBroken: an attribute is missing or holds what a status cannot; the message begins with the verb.
    """
    if isinstance(info, CoroutineType):
        info.close()  # else Python warns that nobody awaited it
        raise PluginBroken("is declared with async def; declare it with def")
    status = getattr(info, "status", None)
    if status is None:
        raise PluginBroken(f"returned {_shown(info)} instead of an ActionStatusInfo")
    return {
        "data": _plain_data(getattr(info, "data", None)),
        "duration": _number(info, "duration"),
        "msg": _message(getattr(info, "msg", None)),
        "state": _word(DeploymentState, getattr(info, "state", None), "state"),
        "status": _word(ActionStatus, status, "status"),
        "timestamp": _number(info, "timestamp"),
    }


def _message(msg: object) -> str | None:
    return msg if msg is None else _text(msg if isinstance(msg, str) else one_line(msg))


def _plain_data(data: object) -> Any:
    if data is None or isinstance(data, Mapping):
        return plain(data)
    raise PluginBroken(f"returned {_shown(data)} as data instead of a dict")


def _number(info: object, name: str) -> float | int | None:
    value = getattr(info, name, None)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        number: float | int | None = plain(value)
        return number
    raise PluginBroken(f"returned {_shown(value)} as {name} instead of a number")


def _word(vocabulary: type[enum.Enum], value: object, name: str) -> str | None:
    """Return the word of `value`, which may be a member, a member of a foreign enum, a word or a name."""
    if value is None:
        return None
    candidates = [value, getattr(value, "value", None), getattr(value, "name", None)]
    for candidate in candidates:
        for member in vocabulary:
            if candidate in (member, member.value, member.name):
                return str(member.value)
    words = ", ".join(str(member.value) for member in vocabulary)
    raise PluginBroken(f"returned {name} {_shown(value)}, which is none of {words}")


def plain(value: object, depth: int = 0) -> Any:
    """Return `value` made of dicts, lists, strings, numbers, booleans and None only.

    Raises:
        PluginBroken: it is nested beyond what a status file holds (it may contain itself), or a number is.
    """
    if depth > _MAX_DEPTH:
        raise PluginBroken(f"returned data that is nested deeper than {_MAX_DEPTH} levels, or contains itself")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, enum.Enum):
        return plain(value.value, depth + 1)
    if isinstance(value, int):
        if value.bit_length() > _MAX_BITS:
            raise PluginBroken(f"returned a number of more than {_MAX_BITS} bits")
        return int(value)
    if isinstance(value, float):
        return float(value)  # numpy's is one too, and YAML's writer refuses it
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, os.PathLike):
        return _text(os.fsdecode(value))
    if isinstance(value, Mapping):
        return {str(plain(key, depth + 1)): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, Set):
        return sorted((plain(item, depth + 1) for item in value), key=str)
    if hasattr(value, "status"):
        return to_document(value)
    raw = getattr(value, "raw", None)
    return plain(raw, depth + 1) if isinstance(raw, Mapping) else one_line(value)


def _text(value: str) -> str:
    r"""Return `value` as it can be written: a byte of a file name that is no UTF-8 becomes `\udcff`."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def _shown(value: object) -> str:
    try:
        text = one_line(repr(value))
    except Exception:  # somebody else's __repr__ may raise anything
        text = ""
    if not text or " at 0x" in text:  # an address tells a person nothing
        return f"an object of type {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."
