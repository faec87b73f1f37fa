"""The id of a prediction environment: the same in every action, so never from peInfo, which may be null."""

from collections.abc import Mapping
from typing import Any


def environment_id(configured: str | None, plugin_config: Mapping[str, Any], derived: str) -> str:
    """Return the environment's id.

    Args:
        configured: `environmentId` of the private configuration.
        plugin_config: the action file's `pluginConfig`, which may hold `MLOPS_BOSUN_PRED_ENV_ID`.
        derived: what names the place itself, made from the private configuration.
    """
    sent = plugin_config.get("MLOPS_BOSUN_PRED_ENV_ID")
    return configured or (str(sent) if sent else derived)
