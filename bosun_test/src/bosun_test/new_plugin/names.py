"""The one word that an author gives, and the names that are made from it."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Mapping

from bosun_core.contract import CONTRACT_VERSION
from bosun_core.discovery import OUR_PLUGINS
from bosun_core.errors import UsageError

_LONGEST = 30  # so that no line of the templates gets too long for their own linter
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PREFIX = "bosun-"
_TAKEN = {*OUR_PLUGINS, "core"}


def check_name(name: str) -> str:
    """Return `name` if a plugin can be called so.

    Raises:
        UsageError: it cannot; the text says why and what to write.
    """
    if name.startswith(_PREFIX):
        raise UsageError(f"{name} has the prefix already; write bosun-new-plugin {name.removeprefix(_PREFIX)}")
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a plugin; write small letters, digits and single hyphens, a letter first, "
            f"{_LONGEST} at most, say my-cloud"
        )
    if name in _TAKEN:
        raise UsageError(f"{name} is a name of Bosun's own; choose another one")
    return name


def placeholders(name: str) -> Mapping[str, str]:
    """Return what stands for each `@word@` of the templates."""
    core = importlib.metadata.version("bosun-core").split(".")
    return {
        "name": name,
        "module": f"bosun_{name.replace('-', '_')}",
        "Class": "".join(part.capitalize() for part in name.split("-")),
        "contract": CONTRACT_VERSION,
        "core": f">={core[0]}.{core[1]},<{int(core[0]) + 1}",
    }
