"""Reads messages from a queue of RabbitMQ."""

import os
import signal
import threading
from typing import Any

import pika
from pika.exceptions import AMQPError, AuthenticationError, ProbableAuthenticationError
from recording import record, say

RETRY_SECONDS = 1.0
LOOK_UP_SECONDS = 0.5


class QueueReader(threading.Thread):
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
                say("the broker refused the credentials")
                self.refused = True
                os.kill(os.getpid(), signal.SIGTERM)
                return
            except (AMQPError, OSError) as error:
                # The error's text may hold the address, and so a password.
                say(f"the broker cannot be reached ({type(error).__name__}): trying again")
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
        say(f"reading queue {self._queue_name}")
        self.reading = True
        for method, _properties, body in channel.consume(self._queue_name, inactivity_timeout=LOOK_UP_SECONDS):
            if method is not None:
                record(body)
                channel.basic_ack(method.delivery_tag)
            if self._stopping.is_set():
                return
