"""`python -m bosun_test.conformance.kill -TERM 20 ARGUMENTS`: run an action, which gets a signal at its 20th step.

The arguments are those of bosun-plugin-runner. The kit prints such commands, so that what it found can be seen again.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

from bosun_core import cli
from bosun_test.conformance.steps import at, watch_steps

_USAGE = "usage: python -m bosun_test.conformance.kill -SIGNAL STEP ARGUMENTS-OF-BOSUN-PLUGIN-RUNNER\n"


def words(number: signal.Signals, step: int) -> list[str]:
    """Return the command up to the arguments of bosun-plugin-runner."""
    return ["python", "-m", "bosun_test.conformance.kill", f"-{number.name.removeprefix('SIG')}", str(step)]


def main(arguments: Sequence[str]) -> int:
    """Run the command line that stands behind signal and step, and return its exit code."""
    name, step = [*arguments, "", ""][:2]
    number = signal.Signals.__members__.get(f"SIG{name.removeprefix('-')}")
    if number is None or not step.isdecimal():
        sys.stderr.write(_USAGE)
        return 64
    watch_steps(at(int(step), lambda: os.kill(os.getpid(), number)))
    return cli.main(arguments[2:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
