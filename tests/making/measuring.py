"""The memory that a runner takes for one action."""

import subprocess
import sys
from pathlib import Path

# A child's memory is counted from before it became another program: so it is begun by a small one.
_MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def megabytes_of(*arguments: str, seconds: float = 800) -> float:
    """The most memory, in megabytes, that `bosun-plugin-runner ARGUMENTS` took."""
    runner = str(Path(sys.executable).with_name("bosun-plugin-runner"))
    command = [sys.executable, "-I", "-c", _MEASURED, runner, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    return int(ended.stdout) / 1000
