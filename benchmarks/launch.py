"""Runs the command that it is given, and prints how long it took, how long it computed, its memory, and its exit code.

A process of its own: the kernel counts a child's memory from before it became another program, so what a large
benchmark starts would seem as large as the benchmark.
"""

import json
import os
import sys
import time

quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
began = time.perf_counter()
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, usage = os.wait4(process, 0)
seconds = time.perf_counter() - began
computed = usage.ru_utime + usage.ru_stime
print(json.dumps([seconds, computed, usage.ru_maxrss * 1024, os.waitstatus_to_exitcode(status)]))
