"""Reads messages from a folder, where the server that writes them stands beside."""

import threading
from pathlib import Path

from recording import record, say

LOOK_SECONDS = 0.2


class SpoolReader(threading.Thread):
    """Reads the files of a folder in order of their names; each is removed once it is recorded.

    A name that begins with a dot is of a file that is being written. Before it ends it reads what is there.
    """

    refused = False

    def __init__(self, directory: str) -> None:
        super().__init__(name="reader", daemon=True)
        self._folder = Path(directory)
        self._stopping = threading.Event()

    def run(self) -> None:
        """Read until told to stop."""
        say(f"reading folder {self._folder}")
        while not self._stopping.wait(LOOK_SECONDS):
            self._read()
        self._read()

    def stop(self) -> None:
        """Read what is there, and end."""
        self._stopping.set()
        self.join(5)

    def _read(self) -> None:
        try:
            for path in sorted(self._folder.glob("[!.]*")):
                record(path.read_bytes())
                path.unlink()
        except OSError as error:
            say(f"the folder cannot be read ({error}): trying again")
