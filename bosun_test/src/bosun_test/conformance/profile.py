"""How thorough a run of the kit is, and its seed: from the variables BOSUN_CONFORMANCE and BOSUN_CONFORMANCE_SEED."""

from __future__ import annotations

import os
import random
from typing import NamedTuple

DEFAULT_SEED = 20260101


class Profile(NamedTuple):
    """How much of the random and of the exhaustive is tried; None: all of it."""

    name: str
    sequences: int
    """Random sequences of actions."""
    steps: int
    """Actions in one sequence."""
    kills: int | None
    """Steps of an action at which it is killed, or looked at, spread evenly."""
    replacements: int
    """Replacements under load."""
    hostile_ids: int | None = None
    """Hostile ids, the most telling first."""
    removals: int | None = None
    """Parts of a workload of which one is removed, for each promise about it; which ones hangs on the seed."""


PROFILES = {
    "quick": Profile("quick", sequences=10, steps=8, kills=12, replacements=1),
    "default": Profile("default", sequences=60, steps=15, kills=None, replacements=3),
    "thorough": Profile("thorough", sequences=10_000, steps=15, kills=None, replacements=20),
}


def chosen_profile() -> Profile:
    """Return the profile that BOSUN_CONFORMANCE names; `default` without it.

    Raises:
        ValueError: there is no such profile.
    """
    name = os.environ.get("BOSUN_CONFORMANCE", "default")
    if name not in PROFILES:
        raise ValueError(f"BOSUN_CONFORMANCE={name} is no profile; the profiles are {', '.join(PROFILES)}")
    return PROFILES[name]


def chosen_seed() -> int:
    """Return the seed that BOSUN_CONFORMANCE_SEED gives: a number, `random`, or without it always the same.

    Raises:
        ValueError: it is neither.
    """
    given = os.environ.get("BOSUN_CONFORMANCE_SEED", str(DEFAULT_SEED))
    if given == "random":
        # Chosen once in a process, so that what is printed is what was used.
        os.environ["BOSUN_CONFORMANCE_SEED"] = given = str(random.SystemRandom().randrange(2**32))
    if not given.isdecimal():
        raise ValueError(f"BOSUN_CONFORMANCE_SEED={given} is no seed; write a number, or random")
    return int(given)
