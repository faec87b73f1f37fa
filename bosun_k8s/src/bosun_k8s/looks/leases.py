"""Whether the Lease of a deployment stands for an action that is under way, or for one that was killed. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bosun_core.holders import is_surely_dead

_CLOCKS_DIFFER = timedelta(seconds=60)  # between two machines, at most


def is_live(lease: dict[str, Any], now: datetime | None = None) -> bool:
    """Tell whether a Lease's holder may live: it is not known to be dead, and has not been silent for too long."""
    spec = lease.get("spec") or {}
    if is_surely_dead(str(spec.get("holderIdentity") or "")):
        return False
    try:
        renewed = datetime.fromisoformat(spec["renewTime"])
        lasts = timedelta(seconds=spec["leaseDurationSeconds"])
        return (now or datetime.now(UTC)) < renewed + lasts + _CLOCKS_DIFFER
    except (KeyError, TypeError, ValueError):  # it says nothing of its time
        return True
