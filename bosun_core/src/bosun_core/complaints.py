"""What is wrong, told to a person: one line on stderr."""

from __future__ import annotations

import sys

from bosun_core.errors import one_line


def complain(message: str) -> None:
    """Write one line to stderr."""
    sys.stderr.write(f"bosun-plugin-runner: {one_line(message)}\n")
