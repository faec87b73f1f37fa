"""The engine that `make testbed-docker` made, as a fixture."""

import json
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest


@dataclass
class Engine:
    """A Docker engine through its CLI, and what one test made on it."""

    variables: dict[str, str]
    network: str = field(default_factory=lambda: f"bosun-test-{uuid.uuid4().hex[:8]}")
    containers: list[str] = field(default_factory=list)

    def __call__(self, *words: str | Path, seconds: float = 60) -> str:
        """What `docker WORDS` prints."""
        command = ["docker", *map(str, words)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=seconds, env=self.variables)
        assert ended.returncode == 0, f"{' '.join(command)}\n{ended.stderr}"
        return ended.stdout.strip()

    def create(self, image: str, *options: str, command: tuple[str, ...] = ()) -> str:
        """A container on the network, by its id; the image is named by its variable."""
        made = self("create", "--network", self.network, *options, self.variables[image], *command)
        self.containers.append(made)
        return made

    def run(self, image: str, *options: str, command: tuple[str, ...] = ()) -> str:
        made = self.create(image, *options, command=command)
        self("start", made)
        return made

    @property
    def host(self) -> str:
        """Where published ports are reached."""
        return urlsplit(self.variables.get("DOCKER_HOST", "")).hostname or "127.0.0.1"

    def publish(self, port: int) -> str:
        """The option that publishes `port`: to others only where the engine is on another machine."""
        return f"--publish={'127.0.0.1' if self.host == '127.0.0.1' else '0.0.0.0'}::{port}"

    def address(self, container: str, port: int) -> tuple[str, int]:
        return self.host, int(self("port", container, str(port)).splitlines()[0].rpartition(":")[2])

    def ended(self, container: str) -> int:
        """The exit code, once it has ended."""
        return int(self("wait", container, seconds=30))

    def request(
        self,
        container: str,
        path: str,
        body: bytes | None = None,
        content_type: str = "application/json",
        port: int = 8080,
    ) -> tuple[int, bytes]:
        """Status and content of the answer; (0, b"") where nothing listens yet."""
        host, published = self.address(container, port)
        headers = {"Content-Type": content_type} if body is not None else {}
        try:
            with urlopen(Request(f"http://{host}:{published}{path}", body, headers), timeout=10) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            with error:
                return error.code, error.read()
        except OSError:
            return 0, b""

    def story(self) -> str:
        """State and last words of every container."""
        told = []
        for container in self.containers:
            state = self("inspect", "--format", "{{.Config.Image}} {{json .State}}", container)
            command = ["docker", "logs", "--tail", "30", container]
            both = subprocess.run(command, env=self.variables, stdout=-1, stderr=subprocess.STDOUT, text=True)
            told.append(f"{state}\n{both.stdout}")
        return "\n".join(told)

    def clear(self) -> None:
        if self.containers:
            self("rm", "--force", "--volumes", *self.containers)
        self("network", "rm", self.network)


@pytest.fixture(scope="module")
def docker(request: pytest.FixtureRequest, docker_variables: dict[str, str]) -> Iterator[Engine]:
    """The engine, with a network of this module's own; all that was made on it is removed afterwards."""
    engine = Engine(docker_variables)
    try:
        engine("network", "create", engine.network)
    except (AssertionError, OSError) as error:
        pytest.fail(f"the engine does not answer, run `make testbed-docker` again: {error}", pytrace=False)
    failed_before = request.session.testsfailed
    try:
        yield engine
        if request.session.testsfailed > failed_before:
            print(engine.story())
    finally:
        engine.clear()


@pytest.fixture(scope="session")
def says_amqp() -> Callable[[tuple[str, int]], bool]:
    """Whether a broker greets us at an address; a published port accepts connections before the broker does."""

    def greets(address: tuple[str, int]) -> bool:
        try:
            with socket.create_connection(address, timeout=5) as connection:
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                return connection.recv(1) == b"\x01"
        except OSError:
            return False

    return greets


@pytest.fixture(scope="session")
def json_lines() -> Callable[[bytes], list[dict[str, Any]]]:
    return lambda content: [json.loads(line) for line in content.splitlines()]
