"""Credentials as HTTP headers carry them."""

from __future__ import annotations

from bosun_core.errors import ConfigurationError
from bosun_core.redaction import SECRETS


def header_credential(value: str, place: str) -> str:
    """Return a credential as an HTTP header can carry it, trimmed; whatever is written has it masked from now on.

    Args:
        value: what was read.
        place: where, for the error: a file, a key, a variable.

    Raises:
        ConfigurationError: it is empty, or no header can carry it. The error names the place and never the value.
    """
    SECRETS.learn_values(value)
    trimmed = value.strip()
    if not trimmed:
        raise ConfigurationError(f"{place} is empty; set it again")
    if not is_sendable(trimmed):
        raise ConfigurationError(
            f"{place} cannot be sent in an HTTP header: it contains a line break, a control character or a character "
            "outside ASCII; set it again"
        )
    return trimmed


def is_sendable(value: str) -> bool:
    """Tell whether an HTTP header can carry a credential."""
    return value.isascii() and value.isprintable()


def basic_authorization(user: str, password: str) -> str:
    """Return the value of an Authorization header for user and password, which are masked from now on."""
    from base64 import b64encode

    encoded = b64encode(f"{user}:{password}".encode()).decode()
    SECRETS.learn_values(password, encoded)
    return f"Basic {encoded}"
