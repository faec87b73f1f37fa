"""The version of the contract: what a plugin may count on, and what it must hold to (docs/write-a-plugin.md)."""

from __future__ import annotations

import re
from typing import Any

from bosun_core.errors import PluginBroken

CONTRACT_VERSION = "1.0"
"""The version of the contract that this bosun-core implements: `major.minor`."""

# Majors that are no longer supported, and the first bosun-core without each. 0 is from before the first release.
_DROPPED = {0: "0.1"}
_VERSION = re.compile(r"(\d{1,9})\.(\d{1,9})")


def check_contract(plugin: type[Any], source: str) -> None:
    """Check that a plugin class was made for a contract that is supported here; one that does not say is accepted.

    Raises:
        PluginBroken: it was made for a newer contract, for one that is no longer supported, or names none.
    """
    wanted = getattr(plugin, "contract_version", None)
    if wanted is None or wanted == CONTRACT_VERSION:
        return
    match = _VERSION.fullmatch(wanted) if isinstance(wanted, str) else None
    if match is None:
        raise PluginBroken(
            f'plugin {source}: contract_version is {wanted!r}; write the text "{CONTRACT_VERSION}", '
            "or leave the attribute out"
        )
    major, minor = (int(part) for part in match.groups())
    here_major, here_minor = (int(part) for part in CONTRACT_VERSION.split("."))
    made_for = f"plugin {source} was made for contract {wanted}"
    if (major, minor) > (here_major, here_minor):
        raise PluginBroken(
            f"{made_for}, {_this()} implements {CONTRACT_VERSION}; run: pip install --upgrade bosun-core"
        )
    if major in _DROPPED:
        raise PluginBroken(
            f"{made_for}, which {_this()} no longer supports; "
            f"upgrade the plugin, or run: pip install 'bosun-core<{_DROPPED[major]}'"
        )


def _this() -> str:
    import importlib.metadata  # only a failure needs it

    return f"bosun-core {importlib.metadata.version('bosun-core')}"
