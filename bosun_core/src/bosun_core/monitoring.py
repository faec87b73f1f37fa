"""Whether models are monitored, and what the monitoring agent reports to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Monitoring(NamedTuple):
    """What the monitoring agent reports to, and with what; what is missing is named in `missing`."""

    service_url: str
    token: str
    missing: tuple[str, ...] = ()

    @property
    def remarks(self) -> list[str]:
        """What keeps models from being monitored although it is wanted."""
        if not self.missing:
            return []
        return [f"nothing is monitored: missing is {' and '.join(self.missing)}; set it, or leave agentImage out"]


def wanted_monitoring(
    agent_image: str | None, plugin_config: Mapping[str, Any], environ: Mapping[str, str]
) -> Monitoring | None:
    """Return what is to be monitored with; None where nothing is to be."""
    wanted = str(plugin_config.get("MLOPS_BOSUN_PRED_ENV_ENABLE_MONITORING", True)).lower() != "false"
    if agent_image is None or not wanted:
        return None
    url, token = str(plugin_config.get("mlopsUrl") or ""), environ.get("MLOPS_API_TOKEN", "")
    needed = {"mlopsUrl (pluginConfig)": url, "MLOPS_API_TOKEN (environment variable)": token}
    return Monitoring(url, token, tuple(name for name, value in needed.items() if not value))
