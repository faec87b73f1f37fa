"""`make bench`: every measurement with its mark; ends with 1 where one is missed.

`python benchmarks/run.py NAME...` measures only by the modules that are named, say `docker_actions`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import docker_actions
import docker_large
import docker_looking
import docker_place
import k8s_actions
import k8s_large
import k8s_looking
import k8s_place
import large_package
import listing
import startup
from environment import ROOT, Installed, add, install
from measure import Row

_ON_FILES = (startup, listing, large_package)
_ON_DOCKER = (docker_actions, docker_looking, docker_large)
_ON_KUBERNETES = (k8s_actions, k8s_looking, k8s_large)


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
    def chosen(modules: Sequence[ModuleType]) -> list[ModuleType]:
        return [module for module in modules if not names or module.__name__ in names]

    for module in chosen(_ON_FILES):
        yield from module.rows(installed)
    yield from _rows_at(docker_place, "docker", installed, chosen(_ON_DOCKER))
    yield from _rows_at(k8s_place, "k8s", installed, chosen(_ON_KUBERNETES))


def _rows_at(where: ModuleType, half: str, installed: Installed, modules: Sequence[ModuleType]) -> Iterator[Row]:
    """Measure by the modules that need a half of the testbed."""
    if not modules:
        return
    variables = where.variables()
    if variables is None:
        print(f"left out: {half} ({where.VARIABLES} is not there; run `make testbed-{half}` first)", flush=True)
        return
    add(installed, f"bosun-{half}")
    with where.place(installed, variables) as made:
        for module in modules:
            yield from module.rows(made)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
