"""`python -m bosun_test.conformance.kill STEP ARGUMENTS`: run an action as bosun-plugin-runner does, killed at a step.

The kit prints such commands, so that what it found can be seen again by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bosun_core import cli
from bosun_test.conformance.steps import at, end_at_once, watch_steps


def main(arguments: Sequence[str]) -> int:
    """Run the command line that stands behind the step, and return its exit code."""
    if not arguments or not arguments[0].isdecimal():
        sys.stderr.write("usage: python -m bosun_test.conformance.kill STEP ARGUMENTS-OF-BOSUN-PLUGIN-RUNNER\n")
        return 64
    watch_steps(at(int(arguments[0]), end_at_once))
    return cli.main(arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
