"""Bosun's log. The logging module is imported only where there is something to log or to set up."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from bosun_core.errors import ConfigurationError
from bosun_core.redaction import SECRETS

if TYPE_CHECKING:
    import logging

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class LogSettings(NamedTuple):
    """Where the log goes: to stderr, besides to a file, or as a logging configuration file says."""

    level: str = "warning"
    file: str | None = None
    config: str | None = None


def debug(message: str) -> None:
    """Log a line that only `--log-level debug` shows; costs nothing where logging was never set up."""
    if "logging" in sys.modules:
        logger().debug("%s", message)


def logger() -> logging.Logger:
    """Return Bosun's logger, its lines masked."""
    import logging

    mask_what_is_logged()
    return logging.getLogger("bosun")


def set_up(settings: LogSettings) -> None:
    """Set up logging for this process as the command line says; at the defaults nothing is imported for it.

    Raises:
        ConfigurationError: the log file or the logging configuration cannot be used.
    """
    if settings == LogSettings():
        return
    import logging
    import logging.config

    if settings.config is not None:
        try:
            logging.config.fileConfig(settings.config, disable_existing_loggers=False)
        except Exception as error:  # fileConfig evaluates the file: anything can come of it
            raise ConfigurationError(
                f"cannot use --log-config {settings.config}: {error}; it takes a file for logging.config.fileConfig"
            ) from None
    else:
        handlers: list[logging.Handler] = [logging.StreamHandler()]
        if settings.file is not None:
            try:
                handlers.append(logging.FileHandler(settings.file, encoding="utf-8"))
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else "this is no path"
                raise ConfigurationError(f"cannot write --logfile {settings.file}: {reason}; check the path") from None
        logging.basicConfig(level=settings.level.upper(), format=_FORMAT, handlers=handlers, force=True)
    mask_what_is_logged()


def mask_what_is_logged() -> None:
    """Have secrets masked in whatever any library logs; does nothing where nobody has imported logging."""
    if "logging" not in sys.modules:
        return
    import logging

    last_resort = [logging.lastResort] if logging.lastResort else []
    for handler in logging.getLogger().handlers or last_resort:
        if not hasattr(handler, "bosun_masked"):
            _mask(handler)


def _mask(handler: logging.Handler) -> None:
    format_line = handler.format
    handler.format = lambda record: SECRETS.mask(format_line(record))  # type: ignore[method-assign]  # where every line passes
    handler.bosun_masked = True  # type: ignore[attr-defined]  # our own mark: masking twice would only cost
