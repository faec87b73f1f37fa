"""Reports into a folder that the monitoring agent reads: each message is a file, whole from the moment it is seen."""

import itertools
import time
from pathlib import Path

from messages import message, say
from prediction_server.monitoring import PredictionReport

LARGEST_BACKLOG = 10_000
LOOK_EACH = 100


class SpoolReporter:
    """Writes reports from many threads, in order of their names; who reads one removes it.

    While about `LARGEST_BACKLOG` files wait in the folder, new reports are dropped and counted.
    """

    def __init__(self, directory: str) -> None:
        self._folder = Path(directory)
        self._numbers = itertools.count()
        self._is_full = False
        self._dropped = 0
        say(f"reporting to {directory}")

    def report(self, report: PredictionReport) -> None:
        """Write one report; never raises."""
        number = next(self._numbers)
        name = f"{time.time_ns()}-{number:09}.json"
        try:
            if number % LOOK_EACH == 0:
                self._is_full = sum(1 for _ in self._folder.iterdir()) >= LARGEST_BACKLOG
            if self._is_full:
                self._drop(f"{LARGEST_BACKLOG} reports wait to be read")
                return
            half = self._folder / f".{name}"
            half.write_bytes(message(report))
            half.rename(self._folder / name)
        except OSError as error:
            self._drop(f"the spool cannot be written ({error})")

    def close(self) -> None:
        """Say how many reports are lost."""
        if self._dropped:
            say(f"{self._dropped} reports are lost")

    def _drop(self, why: str) -> None:
        self._dropped += 1
        if self._dropped == 1:
            say(f"{why}: dropping what comes now")
