"""Stands in for the monitoring agent: reads the queue and records each message as one line of JSON.

The lines are on standard output, in `MESSAGES`, and at `GET /messages` on port 8080; `GET /ping` answers 200 while it
reads the queue and 503 otherwise. Everything else that it says is on standard error.
"""

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pika
from pika.exceptions import AMQPError, AuthenticationError, ProbableAuthenticationError

MESSAGES = Path("/var/log/agent/messages.jsonl")
PORT = 8080
NEEDED = (
    "MLOPS_SERVICE_URL",
    "MLOPS_API_TOKEN",
    "MLOPS_SPOOLER_TYPE",
    "MLOPS_RABBITMQ_QUEUE_URL",
    "MLOPS_RABBITMQ_QUEUE_NAME",
)
RETRY_SECONDS = 1.0
LOOK_UP_SECONDS = 0.5


class Reader(threading.Thread):
    """Reads one queue for as long as the process runs, across the broker's restarts.

    A message is acknowledged once it is recorded. `reading` says whether it reads now; `refused`, that the broker did
    not accept the credentials, which also ends the process.
    """

    def __init__(self, url: str, queue_name: str) -> None:
        super().__init__(name="reader", daemon=True)
        self._parameters = pika.URLParameters(url)
        self._queue_name = queue_name
        self._stopping = threading.Event()
        self.reading = False
        self.refused = False

    def run(self) -> None:
        """Read until told to stop."""
        while not self._stopping.is_set():
            try:
                with pika.BlockingConnection(self._parameters) as connection:
                    self._read(connection.channel())
            except (AuthenticationError, ProbableAuthenticationError):
                _say("the broker refused the credentials")
                self.refused = True
                os.kill(os.getpid(), signal.SIGTERM)
                return
            except (AMQPError, OSError) as error:
                # The error's text may hold the address, and so a password.
                _say(f"the broker cannot be reached ({type(error).__name__}): trying again")
            finally:
                self.reading = False
            self._stopping.wait(RETRY_SECONDS)

    def stop(self) -> None:
        """Let go of the queue, and wait for that."""
        self._stopping.set()
        self.join(5)

    def _read(self, channel: Any) -> None:
        channel.queue_declare(self._queue_name, durable=True)
        channel.basic_qos(prefetch_count=100)
        _say(f"reading queue {self._queue_name}")
        self.reading = True
        for method, _properties, body in channel.consume(self._queue_name, inactivity_timeout=LOOK_UP_SECONDS):
            if method is not None:
                _record(body)
                channel.basic_ack(method.delivery_tag)
            if self._stopping.is_set():
                return


def _record(body: bytes) -> None:
    try:
        content = json.loads(body)
    except ValueError:
        content = {"unreadable": body.decode("utf-8", "backslashreplace")}
    line = json.dumps(content)
    with MESSAGES.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    print(line, flush=True)


def _handler(reader: Reader) -> type[BaseHTTPRequestHandler]:
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
    missing = [name for name in NEEDED if not environ.get(name)]
    if missing:
        return f"not set: {', '.join(missing)}"
    if environ["MLOPS_SPOOLER_TYPE"] != "RABBITMQ":
        return "MLOPS_SPOOLER_TYPE: this agent reads RABBITMQ alone"
    return None


def _say(text: str) -> None:
    print(f"monitoring-agent: {text}", file=sys.stderr, flush=True)


def main() -> int:
    """Read until SIGTERM or SIGINT; return the exit code."""
    problem = _problem(os.environ)
    if problem:
        _say(problem)
        return 2
    signals = (signal.SIGTERM, signal.SIGINT)
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    # pika tells of each failed connection with a traceback; one line of ours says it.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    MESSAGES.touch()
    reader = Reader(os.environ["MLOPS_RABBITMQ_QUEUE_URL"], os.environ["MLOPS_RABBITMQ_QUEUE_NAME"])
    reader.start()
    server = ThreadingHTTPServer(("", PORT), _handler(reader))
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    signal.sigwait(signals)
    reader.stop()
    return 1 if reader.refused else 0


if __name__ == "__main__":
    sys.exit(main())
