"""Samples of what takes too long to be tried whole: BOSUN_SEED repeats one, BOSUN_THOROUGH=1 takes all."""

import os
import random
import time
from collections.abc import Iterator, Sequence, Sized

THOROUGH = bool(os.environ.get("BOSUN_THOROUGH"))
SEED = os.environ["BOSUN_SEED"]  # tests/conftest.py chooses one where none is given


def chosen(calls: int, name: str, budget_seconds: float, killed: Sized, least: int = 2) -> Iterator[int]:
    """Every call, in an order that the seed gives, until the budget is spent and so many were killed at one.

    An action that waits makes more calls one time than another: it may end before it comes to the one that was chosen.
    """
    began = time.monotonic()
    for number in random.Random(f"{SEED} {name}").sample(range(1, calls + 1), calls):
        if not THOROUGH and len(killed) >= least and time.monotonic() > began + budget_seconds:
            return
        yield number


def sampled(cases: Sequence[str], name: str, number: int = 1) -> list[str]:
    """All cases, or so many that the seed chooses."""
    return (
        list(cases)
        if THOROUGH
        else sorted(random.Random(f"{SEED} {name}").sample(list(cases), min(number, len(cases))))
    )
