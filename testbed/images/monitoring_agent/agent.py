"""Stands in for the monitoring agent: reads the spooler and records each message as one line of JSON.

The lines are on standard output and in `MESSAGES`. Where it reads a queue they are at `GET /messages` on port 8080
too, where `GET /ping` answers 200 while it reads the queue and 503 otherwise. Where it reads a folder it listens
nowhere: the server beside it has the port. Everything else that it says is on standard error.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from queue_reader import QueueReader
from recording import MESSAGES, say
from spool_reader import SpoolReader

PORT = 8080
NEEDED = ("MLOPS_SERVICE_URL", "MLOPS_API_TOKEN", "MLOPS_SPOOLER_TYPE")
NEEDED_FOR = {
    "RABBITMQ": ("MLOPS_RABBITMQ_QUEUE_URL", "MLOPS_RABBITMQ_QUEUE_NAME"),
    "FILESYSTEM": ("MLOPS_FILESYSTEM_DIRECTORY",),
}


def _handler(reader: QueueReader) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers what was recorded, and whether the queue is read."""

        def do_GET(self) -> None:
            if self.path == "/ping":
                self._answer(200 if reader.reading else 503, b"")
            elif self.path == "/messages":
                self._answer(200, MESSAGES.read_bytes())
            else:
                self._answer(404, b"")

        def _answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/jsonl")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            """Say nothing: a probe a second would bury the rest."""

    return Handler


def _problem(environ: Mapping[str, str]) -> str | None:
    spooler = environ.get("MLOPS_SPOOLER_TYPE", "")
    missing = [name for name in (*NEEDED, *NEEDED_FOR.get(spooler, ())) if not environ.get(name)]
    if missing:
        return f"not set: {', '.join(missing)}"
    if spooler not in NEEDED_FOR:
        return f"MLOPS_SPOOLER_TYPE: this agent reads {' and '.join(NEEDED_FOR)} alone"
    return None


def _reader(environ: Mapping[str, str]) -> QueueReader | SpoolReader:
    if environ["MLOPS_SPOOLER_TYPE"] == "FILESYSTEM":
        return SpoolReader(environ["MLOPS_FILESYSTEM_DIRECTORY"])
    return QueueReader(environ["MLOPS_RABBITMQ_QUEUE_URL"], environ["MLOPS_RABBITMQ_QUEUE_NAME"])


def main() -> int:
    """Read until SIGTERM or SIGINT; return the exit code."""
    problem = _problem(os.environ)
    if problem:
        say(problem)
        return 2
    signals = (signal.SIGTERM, signal.SIGINT)
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    # pika tells of each failed connection with a traceback; one line of ours says it.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    MESSAGES.touch()
    reader = _reader(os.environ)
    reader.start()
    if isinstance(reader, QueueReader):
        server = ThreadingHTTPServer(("", PORT), _handler(reader))
        threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    signal.sigwait(signals)
    reader.stop()
    return 1 if reader.refused else 0


if __name__ == "__main__":
    sys.exit(main())
