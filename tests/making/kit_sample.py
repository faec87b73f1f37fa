"""A sample of the conformance kit, for environments where an action takes seconds."""

from pathlib import Path

import pytest
from bosun_test.conformance.crashes import Crashes
from bosun_test.conformance.meanwhile import Meanwhile
from bosun_test.conformance.processes import Processes
from sampling import THOROUGH, sampled

_SLOW = (Crashes, Meanwhile, Processes)  # on actions that are killed, held, or at once


def sample_the_kit(
    config: pytest.Config, items: list[pytest.Item], adoption: Path, *, cases: int, slow_promises: int
) -> None:
    """Leave out what the seed does not choose of an adoption's tests, unless some tests were asked for by name.

    Of each promise so many cases stay, and of the slow promises so many.
    """
    if THOROUGH or config.option.keyword or any("::" in word for word in config.args):
        return
    found: dict[str, list[str]] = {}
    for item in items:
        if item.path == adoption and isinstance(item, pytest.Function):
            found.setdefault(item.originalname, []).append(item.nodeid)
    slow = [name for part in _SLOW for name in vars(part) if name in found]
    for name in set(slow) - set(sampled(slow, "slow promises", slow_promises)):
        del found[name]
    tried = {one for name, all_of in found.items() for one in sampled(all_of, name, cases)}
    left_out = [item for item in items if item.path == adoption and item.nodeid not in tried]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
