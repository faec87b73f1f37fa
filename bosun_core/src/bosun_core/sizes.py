"""Sizes as people write them, 512m or 2g. Pure."""

from __future__ import annotations

import re

_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([kmgt]?)i?b?", re.IGNORECASE)


def parse(text: str) -> int | None:
    """Return a size in bytes, or None where the text is none."""
    match = _SIZE.fullmatch(text.strip())
    return None if match is None else int(float(match[1]) * _UNITS[match[2].lower()])


def checked(key: str, text: str) -> int:
    """Return a size in bytes.

    Raises:
        ValueError: the text is none; `key` begins the sentence.
    """
    size = parse(text)
    if size is None:
        raise ValueError(f"{key} {text!r} is no size; write say 500m")
    return size
