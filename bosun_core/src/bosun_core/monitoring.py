"""Whether models are monitored, and what the monitoring agent reports to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Monitoring(NamedTuple):
    """What the monitoring agent reports to, and with what; what is missing is named in `missing`."""

    service_url: str
    token: str
    missing: tuple[str, ...] = ()
    is_wanted: bool = True

    @property
    def is_on(self) -> bool:
        """Whether models are monitored: it is wanted, and nothing for it is missing."""
        return self.is_wanted and not self.missing

    @property
    def remarks(self) -> list[str]:
        """What keeps models from being monitored although it is wanted."""
        if not self.missing:
            return []
        return [f"nothing is monitored: missing is {' and '.join(self.missing)}; set it, or leave agentImage out"]


OFF = Monitoring("", "", is_wanted=False)


def wanted_monitoring(
    agent_image: str | None, plugin_config: Mapping[str, Any], environ: Mapping[str, str]
) -> Monitoring:
    """Return what is to be monitored with; `OFF` where nothing is to be."""
    wanted = str(plugin_config.get("MLOPS_BOSUN_PRED_ENV_ENABLE_MONITORING", True)).lower() != "false"
    if agent_image is None or not wanted:
        return OFF
    url, token = str(plugin_config.get("mlopsUrl") or ""), environ.get("MLOPS_API_TOKEN", "")
    needed = {"mlopsUrl (pluginConfig)": url, "MLOPS_API_TOKEN (environment variable)": token}
    return Monitoring(url, token, tuple(name for name, value in needed.items() if not value))
