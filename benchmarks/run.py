"""`make bench`: every measurement with its mark; ends with 1 where one is missed.

`python benchmarks/run.py NAME...` measures only by the modules that are named, say `docker_actions`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import docker_actions
import docker_large
import docker_looking
import large_package
import listing
import startup
from docker_place import VARIABLES, place, variables
from environment import ROOT, Installed, add, install
from measure import Row

_ON_FILES = (startup, listing, large_package)
_ON_DOCKER = (docker_actions, docker_looking, docker_large)


def main(names: Sequence[str]) -> int:
    """Run the benchmarks, or those that are named, and return the exit code."""
    # Beside the checkout, not in /tmp, which may be memory: the disk is part of what is measured.
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=ROOT) as folder:
        missed = 0
        for row in _rows(install(Path(folder)), names):
            print(row, flush=True)
            missed += not row.met
    print(f"{missed} marks missed" if missed else "every mark is met")
    return 1 if missed else 0


def _rows(installed: Installed, names: Sequence[str]) -> Iterator[Row]:
    for module in _ON_FILES:
        if not names or module.__name__ in names:
            yield from module.rows(installed)
    chosen = [module for module in _ON_DOCKER if not names or module.__name__ in names]
    engine = variables()
    if chosen and engine is None:
        print(f"left out: what needs Docker ({VARIABLES} is not there; run `make testbed-docker` first)", flush=True)
    elif chosen and engine is not None:
        add(installed, "bosun-docker")
        with place(installed, engine) as made:
            for docker_module in chosen:
                yield from docker_module.rows(made)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
