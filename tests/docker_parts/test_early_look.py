"""A look without the SDK: what it takes from an engine's answers, and what it leaves to the SDK to tell."""

from __future__ import annotations

import socket
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from bosun_core.errors import EnvironmentFailure
from bosun_docker.environment import Environment, environment
from bosun_docker.looks.early_look import Seen, asked
from bosun_docker.settings import DockerSettings

NEW = "Api-Version: 1.41\r\n"


def environment_of(limit: float = 5) -> Environment:
    settings = DockerSettings(outfacing_prediction_url_prefix="http://127.0.0.1:81", engine_limit=limit)
    return environment(settings, {}, dry_run=False)


def answer(body: bytes, status: str = "200 OK", headers: str = NEW) -> bytes:
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def engine(monkeypatch: pytest.MonkeyPatch, containers: bytes, archive: bytes) -> Iterator[list[str]]:
    """A socket that answers the two questions by these bytes; yields the paths that were asked for."""
    paths: list[str] = []

    class Answering(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            path = self.rfile.readline().decode().split()[1]
            paths.append(path)
            while self.rfile.readline().strip():
                pass
            with suppress(BrokenPipeError):  # a look that took the other answer for a bad one has hung up
                self.wfile.write(archive if "/archive" in path else containers)

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

    with tempfile.TemporaryDirectory() as folder, Server(f"{folder}/engine", Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/engine")
        yield paths
        server.shutdown()


def seen_of(monkeypatch: pytest.MonkeyPatch, containers: bytes, archive: bytes = answer(b"tar")) -> Seen | None:
    with engine(monkeypatch, containers, archive), asked(environment_of()) as early:
        return early.seen()


def test_both_answers_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with engine(monkeypatch, answer(b'[{"Id": "1"}]'), answer(b"tar")) as paths, asked(environment_of()) as early:
        found = early.seen()
    assert found == Seen([{"Id": "1"}], b"tar")
    assert sorted(paths) == [
        "/containers/json?all=1&filters=%7B%22name%22%3A+%5B%22%5E%2F%3Fmlops_%22%5D%7D",
        "/containers/mlops_traefik/archive?path=/etc/bosun/routes",
    ]


def test_without_a_proxy_there_is_no_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    assert seen_of(monkeypatch, answer(b"[]"), answer(b"{}", "404 Not Found")) == Seen([], None)


@pytest.mark.parametrize(
    "containers",
    [
        answer(b"[]", headers="Api-Version: 1.39\r\n"),
        answer(b"[]", headers="Api-Version: new\r\n"),
        answer(b"[]", headers=""),
        answer(b"{}", "500 Internal Server Error"),
        answer(b"[{"),
        answer(b"[]").replace(b"Length: 2", b"Length: 3"),
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
)
def test_what_no_new_engine_answers_is_left_to_the_sdk(monkeypatch: pytest.MonkeyPatch, containers: bytes) -> None:
    assert seen_of(monkeypatch, containers) is None


@pytest.mark.parametrize("host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1"])
def test_where_no_socket_is_nothing_is_asked(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    with asked(environment_of()) as early:
        assert early.seen() is None


def test_an_engine_that_never_answers_is_told_after_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{folder}/engine")
        listening.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/engine")
        with asked(environment_of(limit=0.2)) as early, pytest.raises(EnvironmentFailure) as told:
            early.seen()
    assert str(told.value) == (
        f"the engine at {folder}/engine does not answer within engineLimit; see that it runs, and DOCKER_HOST names it"
    )
