"""How the API server is reached, and as whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import urllib3


class Login(NamedTuple):
    """What requests to the API server need."""

    host: str
    namespace: str
    """Where its context works."""
    pool: urllib3.PoolManager
    headers: Callable[[], dict[str, str]]
    """Return those that say who asks, renewed where they expire."""


POOL_SIZE = 8
"""How many connections are kept: a rollout has some watches open beside what it asks."""
