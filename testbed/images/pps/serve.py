"""The prediction server with a reporter: each prediction becomes a message where its monitoring settings say."""

import logging
import os
import queue
import sys
import threading

import pika
from messages import message, say
from pika.exceptions import AMQPError
from prediction_server.__main__ import main
from prediction_server.monitoring import MonitoringError, MonitoringSettings, PredictionReport, read_monitoring
from spool import SpoolReporter

LARGEST_BACKLOG = 10_000
FLUSH_SECONDS = 5.0
RETRY_SECONDS = 1.0
# How often an idle connection looks after its heartbeats.
IDLE_SECONDS = 1.0


class RabbitMQReporter:
    """Takes reports from many threads and publishes them from one, in order; what came first waits for the broker.

    Past `LARGEST_BACKLOG` waiting reports, new ones are dropped and counted.
    """

    def __init__(self, url: str, queue_name: str) -> None:
        self._parameters = pika.URLParameters(url)
        self._queue_name = queue_name
        self._waiting: queue.Queue[PredictionReport] = queue.Queue(LARGEST_BACKLOG)
        self._closing = threading.Event()
        self._dropped = 0
        self._thread = threading.Thread(target=self._publish_all, name="reporter", daemon=True)
        self._thread.start()

    def report(self, report: PredictionReport) -> None:
        """Take one report; neither waits nor raises."""
        try:
            self._waiting.put_nowait(report)
        except queue.Full:
            self._dropped += 1
            if self._dropped == 1:
                say(f"{LARGEST_BACKLOG} reports wait for the broker: dropping what comes now")

    def close(self) -> None:
        """Publish what waits, for at most `FLUSH_SECONDS`."""
        self._closing.set()
        self._thread.join(FLUSH_SECONDS)
        lost = self._waiting.qsize() + self._dropped
        if lost:
            say(f"{lost} reports are lost")

    def _publish_all(self) -> None:
        report: PredictionReport | None = None
        while not (self._closing.is_set() and report is None and self._waiting.empty()):
            try:
                with pika.BlockingConnection(self._parameters) as connection:
                    channel = connection.channel()
                    channel.queue_declare(self._queue_name, durable=True)
                    # With confirmations publishing returns once the broker has the message, or raises.
                    channel.confirm_delivery()
                    say(f"reporting to queue {self._queue_name}")
                    while (report := report or self._next(connection)) is not None:
                        channel.basic_publish("", self._queue_name, message(report), _PERSISTENT)
                        report = None
            except (AMQPError, OSError) as error:
                # The error's text may hold the address, and so a password.
                say(f"the broker cannot be reached ({type(error).__name__}): trying again")
                self._closing.wait(RETRY_SECONDS)

    def _next(self, connection: pika.BlockingConnection) -> PredictionReport | None:
        """Return the next report as soon as there is one; None when there will be none."""
        while True:
            try:
                return self._waiting.get(timeout=0 if self._closing.is_set() else IDLE_SECONDS)
            except queue.Empty:
                if self._closing.is_set():
                    return None
                connection.process_data_events(0)


_PERSISTENT = pika.BasicProperties(content_type="application/json", delivery_mode=2)


def serve() -> int:
    """Serve until told to stop; return the exit code."""
    # pika tells of each failed connection with a traceback; one line of ours says it.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    reporters: list[RabbitMQReporter | SpoolReporter] = []

    def make_reporter(settings: MonitoringSettings) -> RabbitMQReporter | SpoolReporter:
        reporters.append(_reporter(settings))
        return reporters[0]

    code = main(make_reporter=make_reporter if _is_reported() else None)
    for reporter in reporters:
        reporter.close()
    return code


def _reporter(settings: MonitoringSettings) -> RabbitMQReporter | SpoolReporter:
    if settings.spooler_type == "filesystem":
        assert settings.directory is not None
        return SpoolReporter(settings.directory)
    assert settings.rabbitmq_queue_url is not None
    assert settings.rabbitmq_queue_name is not None
    return RabbitMQReporter(settings.rabbitmq_queue_url, settings.rabbitmq_queue_name)


def _is_reported() -> bool:
    try:
        settings = read_monitoring(os.environ)
    except MonitoringError:
        return False  # the server itself says what is wrong
    return settings is not None and settings.spooler_type in ("rabbitmq", "filesystem")


if __name__ == "__main__":
    sys.exit(serve())
