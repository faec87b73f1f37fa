"""Bosun's log. The logging module is imported only where there is something to log or to set up."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from bosun_core.errors import ConfigurationError
from bosun_core.redaction import SECRETS
from bosun_core.safe_paths import opened_to_append

if TYPE_CHECKING:
    import logging
    from importlib.machinery import ModuleSpec
    from types import ModuleType

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
            cause = f"{error} is missing in it" if isinstance(error, KeyError) else str(error)
            raise ConfigurationError(
                f"cannot use --log-config {settings.config}: {cause}; it takes a file for logging.config.fileConfig"
            ) from None
    else:
        handlers: list[logging.Handler] = [logging.StreamHandler()]
        if settings.file is not None:
            try:
                handlers.append(
                    logging.StreamHandler(os.fdopen(opened_to_append(settings.file), "a", encoding="utf-8"))
                )
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else "this is no path"
                raise ConfigurationError(f"cannot write --logfile {settings.file}: {reason}; check the path") from None
        logging.basicConfig(level=settings.level.upper(), format=_FORMAT, handlers=handlers, force=True)
    mask_what_is_logged()


def mask_what_is_logged() -> None:
    """Have secrets masked in whatever any handler formats, also where logging is imported later than now."""
    if "logging" in sys.modules:
        _mask_every_handler()
    elif not any(isinstance(finder, _LoggingFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _LoggingFinder())


def _mask_every_handler() -> None:
    import contextlib
    import io
    import logging

    format_line = logging.Handler.format
    if hasattr(format_line, "bosun_masked"):
        return

    def masked_line(handler: logging.Handler, record: logging.LogRecord) -> str:
        return SECRETS.mask(format_line(handler, record))

    show_error = logging.Handler.handleError

    def masked_error(handler: logging.Handler, record: logging.LogRecord) -> None:
        if isinstance(sys.exc_info()[1], OSError):  # a full disk: the log loses a line, and nobody gets a traceback
            return
        with contextlib.redirect_stderr(io.StringIO()) as shown:  # it prints the arguments of a line that has no text
            show_error(handler, record)
        if sys.stderr:
            sys.stderr.write(SECRETS.mask(shown.getvalue()))

    logging.Handler.handleError = masked_error  # type: ignore[assignment, method-assign]
    masked_line.bosun_masked = True  # type: ignore[attr-defined]  # our own mark: masking twice would only cost
    logging.Handler.format = masked_line  # type: ignore[assignment, method-assign]  # where every line passes


class _LoggingFinder:
    """Waits in sys.meta_path until somebody imports logging (6 ms that not every action owes), to mask from then on."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        if name != "logging":
            return None
        import importlib.util

        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_mask(module: ModuleType) -> None:
                execute(module)
                _mask_every_handler()

            spec.loader.exec_module = execute_and_mask  # type: ignore[method-assign]  # of this one loader object
        return spec
