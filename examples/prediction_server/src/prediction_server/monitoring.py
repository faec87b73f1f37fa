"""What the environment says about monitoring, and the seam through which predictions are reported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

ENABLED = "PREDICTION_API_MONITORING_ENABLED"
AGENT = "MONITORING_AGENT"
SETTINGS = "PREDICTION_API_MONITORING_SETTINGS"
_NEEDED = {"rabbitmq": ("rabbitmq_queue_url", "rabbitmq_queue_name"), "filesystem": ("directory",)}


class MonitoringError(Exception):
    """The environment's words about monitoring cannot be followed."""


@dataclass(frozen=True)
class MonitoringSettings:
    """Where predictions are reported to.

    The queue's address may hold a password, so it is left out of the text of this object.
    """

    spooler_type: str
    embedded_agent: bool = False
    rabbitmq_queue_url: str | None = field(default=None, repr=False)
    rabbitmq_queue_name: str | None = None
    directory: str | None = None
    """Of the filesystem's spool."""


@dataclass(frozen=True)
class PredictionReport:
    """One answered prediction request."""

    deployment_id: str | None
    model_id: str
    rows: int
    milliseconds: float


class Reporter(Protocol):
    """Passes reports on."""

    def report(self, report: PredictionReport) -> None:
        """Take one report. Called by many threads; it neither waits for a network nor raises."""


def read_monitoring(environ: Mapping[str, str]) -> MonitoringSettings | None:
    """Return the monitoring settings in `environ`, None where monitoring is off.

    Raises:
        MonitoringError: monitoring is on and a setting is missing or cannot be read. The text never quotes a
            setting, which may hold a password.
    """
    if not _is_on(environ, ENABLED):
        return None
    settings: dict[str, str] = {}
    for part in filter(None, environ.get(SETTINGS, "").split(";")):
        # A queue's URL may hold "=" itself: only the first one parts key and value.
        key, equals, value = part.strip().partition("=")
        if not equals or not value:
            raise MonitoringError(f"{SETTINGS}: write it as key=value;key=value")
        settings[key] = value
    for key in ("spooler_type", *_NEEDED.get(settings.get("spooler_type", "").lower(), ())):
        if key not in settings:
            raise MonitoringError(f"{SETTINGS}: {key} is missing, and {ENABLED} is on")
    return MonitoringSettings(
        spooler_type=settings["spooler_type"].lower(),
        embedded_agent=_is_on(environ, AGENT),
        rabbitmq_queue_url=settings.get("rabbitmq_queue_url"),
        rabbitmq_queue_name=settings.get("rabbitmq_queue_name"),
        directory=settings.get("directory"),
    )


def _is_on(environ: Mapping[str, str], variable: str) -> bool:
    word = environ.get(variable, "").lower()
    if word in {"true", "1", "yes", "on"}:
        return True
    if word in {"", "false", "0", "no", "off"}:
        return False
    raise MonitoringError(f"{variable}: give true or false")
