"""A place of its own on the engine for the benchmarks: a network, a prefix, images; all of it is gone at the end."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from environment import CACHE, Installed, set_variables, testbed_variables

VARIABLES = CACHE / "docker.env"
LABEL = "com.datarobot.bosun"
_SECONDS = 120


class Place(NamedTuple):
    """What the Docker plugin's settings lead to."""

    installed: Installed
    variables: dict[str, str]
    name: str
    port: int

    @property
    def prefix(self) -> str:
        """What the names of containers, volumes and images begin with."""
        return f"{self.name}_"

    def image(self, part: str) -> str:
        """Return an image of the testbed: TRAEFIK, RABBITMQ, PPS, AGENT."""
        return self.variables[f"BOSUN_TEST_{part}_IMAGE"]

    def docker(self, *words: str | Path) -> str:
        """Return what `docker WORDS` prints."""
        command = ["docker", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, env=self.variables, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
        return done.stdout.strip()

    def runner(
        self, action: str, info: dict[str, Any] | None = None, settings: dict[str, Any] | None = None
    ) -> list[str | Path]:
        """Return the command of one action, which ends with 0 unless it is failing; `settings` are further ones."""
        config = {"deploymentInfo": info, "pluginConfig": {"mlopsUrl": "http://127.0.0.1:9"}}
        command = self.installed.command_of("docker", action, config, self._settings() | (settings or {}))
        return [*command, "--exit-codes"]

    def _settings(self) -> dict[str, Any]:
        return {
            "dockerNetwork": self.name,
            "containerNamePrefix": self.prefix,
            "generatedImagePrefix": self.prefix,
            "traefikImage": self.image("TRAEFIK"),
            "rabbitmqImage": self.image("RABBITMQ"),
            "ppsBaseImage": self.image("PPS"),
            "outfacingPredictionURLPrefix": f"http://127.0.0.1:{self.port}",
        }

    def clear(self) -> None:
        """Remove all that is here but the network."""
        if containers := self.docker("ps", "-aq", "--filter", f"name=^{self.prefix}").split():
            self.docker("rm", "--force", "--volumes", *containers)
        for kind in ("volume", "image"):
            found = self.docker(kind, "ls", "-q", "--filter", f"label={LABEL}.place={self.name}/{self.prefix}").split()
            if found:
                self.docker(kind, "rm", "--force", *sorted(set(found)))


def variables() -> dict[str, str] | None:
    """Return the environment that leads to the testbed's engine and images; None where there is none."""
    written = testbed_variables(VARIABLES)
    return None if written is None else {**written, **os.environ, "MLOPS_API_TOKEN": "benchmark"}


@contextmanager
def place(installed: Installed, variables: dict[str, str]) -> Iterator[Place]:
    """Yield a place, which is removed at the end; the commands of `measure` get its variables too."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    made = Place(installed, variables, f"bench{secrets.token_hex(3)}", port)
    with set_variables(variables):
        made.docker("network", "create", made.name)
        try:
            yield made
        finally:
            made.clear()
            made.docker("network", "rm", made.name)


def published(place: Place, container: str, port: int) -> tuple[str, int]:
    """Return the address at which a container's port is published."""
    host, _, number = place.docker("port", container, f"{port}/tcp").splitlines()[0].rpartition(":")
    return host, int(number)


def answers(address: tuple[str, int], request: bytes, beginning: bytes) -> bool:
    """Tell whether what listens at an address answers a request by these first bytes."""
    try:
        with socket.create_connection(address, timeout=5) as connection:
            connection.sendall(request)
            return connection.recv(len(beginning)) == beginning
    except OSError:
        return False


def seconds_until_it_answers(
    place: Place, image: str, port: int, request: bytes, beginning: bytes, *words: str
) -> float:
    """Return how long `docker run` of an image takes until its port answers; its container is removed."""
    name = f"{place.prefix}floor"
    began = time.perf_counter()
    place.docker("run", "--detach", "--name", name, "--publish", f"127.0.0.1::{port}", *words, image)
    try:
        address = published(place, name, port)
        while not answers(address, request, beginning):
            if time.perf_counter() > began + _SECONDS:
                raise RuntimeError(f"{image} does not answer within {_SECONDS} s")
            time.sleep(0.01)
        return time.perf_counter() - began
    finally:
        place.docker("rm", "--force", "--volumes", name)
