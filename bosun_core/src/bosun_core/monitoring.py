"""Whether models are monitored, and what the monitoring agent reports to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from bosun_core.credentials import is_sendable


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
SERVICE_URLS = ("mlopsUrl", "MLOPS_BOSUN_MONITORING_URL")
"""The keys of pluginConfig that name the MLOps service, the first that is set counts: the document's, then agents'."""


def service_url(plugin_config: Mapping[str, Any]) -> str:
    """Return the address of the MLOps service as an agent tells it, empty where it tells none.

    Models report to it, and of all hosts it alone is shown MLOPS_API_TOKEN.
    """
    return next((str(plugin_config[key]) for key in SERVICE_URLS if plugin_config.get(key)), "")


def wanted_monitoring(
    agent_image: str | None, plugin_config: Mapping[str, Any], environ: Mapping[str, str]
) -> Monitoring:
    """Return what is to be monitored with; `OFF` where nothing is to be."""
    wanted = str(plugin_config.get("MLOPS_BOSUN_PRED_ENV_ENABLE_MONITORING", True)).lower() != "false"
    if agent_image is None or not wanted:
        return OFF
    url, token = service_url(plugin_config), environ.get("MLOPS_API_TOKEN", "").strip()
    needed = {f"{' or '.join(SERVICE_URLS)} (pluginConfig)": url, "MLOPS_API_TOKEN (environment variable)": token}
    if not is_sendable(token):
        needed = {**needed, "MLOPS_API_TOKEN (environment variable) without line breaks and non-ASCII characters": ""}
    return Monitoring(url, token, tuple(name for name, value in needed.items() if not value))
