"""The server's end, and the requests that are under way then."""

import http.client
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from one_model import ROW, connect
from prediction_server.launch import RunningServer, running_server


def in_flight(running: RunningServer, count: int, pool: ThreadPoolExecutor) -> list[Any]:
    """Start requests that take a second, and return their futures once the server has them all."""
    sent = threading.Barrier(count + 1)

    def ask() -> object:
        with connect(running) as connection:
            connection.request("POST", "/predictions?delay=1", json.dumps([ROW]))
            sent.wait()
            try:
                response = connection.getresponse()
            except OSError as error:
                return type(error)
            return response.status, response.getheader("Connection"), len(response.read()) > 0

    asked = [pool.submit(ask) for _ in range(count)]
    sent.wait()
    return asked


def test_sigterm_finishes_what_is_in_flight_and_ends_with_0(model: Path) -> None:
    with running_server("--model", model) as running, ThreadPoolExecutor(40) as pool:
        asked = in_flight(running, 40, pool)
        running.process.send_signal(signal.SIGTERM)
        assert [future.result() for future in asked] == [(200, "close", True)] * 40
        assert running.process.wait(20) == 0


def test_sigterm_accepts_no_more_connections(model: Path, until: Callable[..., Any]) -> None:
    with running_server("--model", model) as running, ThreadPoolExecutor(1) as pool:
        in_flight(running, 1, pool)
        running.process.send_signal(signal.SIGTERM)

        def refused() -> bool:
            try:
                return running.request("GET", "/ping").status != 200
            except OSError:
                return True

        until(refused)
        assert running.process.wait(20) == 0


def test_an_idle_connection_holds_nothing_up(model: Path) -> None:
    with running_server("--model", model) as running, connect(running) as connection:
        connection.request("GET", "/ping")
        connection.getresponse().read()
        assert running.stop(timeout=5) == 0


def test_drop_cuts_what_is_in_flight(model: Path) -> None:
    with running_server("--model", model, "--on-sigterm", "drop") as running, ThreadPoolExecutor(4) as pool:
        asked = in_flight(running, 4, pool)
        assert running.stop() == 128 + signal.SIGTERM
        cut = {http.client.RemoteDisconnected, ConnectionResetError}
        assert {future.result() for future in asked} <= cut


def test_interrupt_ends_it_quietly(model: Path) -> None:
    with running_server("--model", model) as running:
        assert (running.stop(signal.SIGINT), running.stderr()) == (0, "")


def test_sigterm_ends_a_closed_server_that_still_loads(model: Path) -> None:
    arguments = ["--model", str(model), "--load-seconds", "60", "--loading-mode", "closed", "--port", "0"]
    command = [sys.executable, "-m", "prediction_server", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line == "loading for 60 s before listening: loading_mode is closed\n"
        process.terminate()
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0
