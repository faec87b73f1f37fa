"""The engine: the only module that talks to the Docker SDK. Raw documents in and out, errors turned into ours.

Each call raises an audit event `bosun.step` first, so that a test can end the process before any of them.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Self

import docker  # noqa: TID251  # this is the one module
import docker.errors  # noqa: TID251  # this is the one module
import requests.exceptions  # what the SDK lets through
from bosun_core.errors import EnvironmentFailure

from bosun_docker.engine_errors import Missing, NameTaken, Refused, lost, refused, unreachable
from bosun_docker.engine_host import EngineHost

__all__ = ["Engine", "Missing", "NameTaken", "Refused"]

Document = dict[str, Any]
OLDEST_API = (1, 40)  # Docker 19.03
ANSWER_SECONDS = 120
_PIECE = 65536


class Engine:
    """A connection to an engine.

    Raises:
        EnvironmentFailure: each call, where the engine refuses (`Refused`) or cannot be asked.
    """

    def __init__(self, host: EngineHost, version: str | None = None) -> None:
        self.host = host
        try:
            _reach(host)
            self._client = docker.APIClient(
                base_url=host.url, version=version or "auto", timeout=ANSWER_SECONDS, tls=_tls(host)
            )
        except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as error:
            raise unreachable(host, error) from error
        found = tuple(int(part) for part in self._client.api_version.split("."))
        if found < OLDEST_API:
            raise EnvironmentFailure(
                f"the engine at {host.url} is too old (its API is {self._client.api_version}); "
                "install Docker 19.03 or later"
            )

    def again(self) -> Engine:
        """Return a connection of its own to the same engine, for another thread."""
        return Engine(self.host, self._client.api_version)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @contextmanager
    def _step(self, doing: str) -> Iterator[None]:
        sys.audit("bosun.step", doing)
        try:
            yield
        except docker.errors.APIError as error:
            raise refused(doing, error.status_code or 0, str(error.explanation or error)) from error
        except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as error:
            raise lost(doing) from error

    # Containers

    def containers(self, filters: Mapping[str, Any]) -> list[Document]:
        """Return the containers, running or not, that the filters let through."""
        with self._step("list containers"):
            return list(self._client.containers(all=True, filters=dict(filters)))

    def container(self, container: str) -> Document | None:
        """Return what the engine knows of one container; None where it is not there."""
        try:
            with self._step(f"look at container {container}"):
                return dict(self._client.inspect_container(container))
        except Missing:
            return None

    def create(self, name: str, body: Document) -> str:
        """Create a container and return its id.

        Raises:
            NameTaken: a container of that name is there.
            Missing: its image is not.
        """
        with self._step(f"create container {name}"):
            return str(self._client.create_container_from_config(body, name)["Id"])

    def start(self, container: str, name: str) -> None:
        """Start a container; one that runs stays as it is."""
        with self._step(f"start container {name}"):
            self._client.start(container)

    def signal(self, container: str, name: str) -> None:
        """Send a container a signal; one that has ended, or is gone, is left alone."""
        try:
            with self._step(f"send {name} to container {container}"):
                self._client.kill(container, name)
        except Refused as error:
            if "is not running" not in error.explanation and not isinstance(error, Missing):
                raise

    def wait(self, container: str, limit: float) -> bool:
        """Wait until a container has ended; False where it has not within `limit` seconds."""
        try:
            with self._step(f"wait for container {container}"):
                self._client.wait(container, timeout=max(limit, 0.001))
        except Missing:
            return True
        except EnvironmentFailure as error:
            if isinstance(error.__cause__, requests.exceptions.ReadTimeout | requests.exceptions.ConnectionError):
                return False
            raise
        return True

    def remove(self, container: str) -> None:
        """Remove a container and its own volumes, ending it first; one that is gone already is fine."""
        try:
            with self._step(f"remove container {container}"):
                self._client.remove_container(container, force=True, v=True)
        except Refused as error:
            if not isinstance(error, Missing) and "already in progress" not in error.explanation:
                raise

    def rename(self, container: str, name: str) -> None:
        """Give a container another name."""
        with self._step(f"rename container {container} to {name}"):
            self._client.rename(container, name)

    def touch(self, container: str) -> None:
        """Change nothing of a container, and have the engine tell of it as an event."""
        with self._step(f"touch container {container}"):
            self._client.update_container(container, cpu_shares=2)

    def last_lines(self, container: str, count: int) -> str:
        """Return the last lines that a container wrote."""
        with self._step(f"read the log of container {container}"):
            return bytes(self._client.logs(container, tail=count)).decode("utf-8", "replace")

    def put(self, container: str, folder: str, archive: bytes | Iterable[bytes]) -> None:
        """Unpack a tar archive in a folder of a container, running or not."""
        with self._step(f"write into container {container}"):
            self._client.put_archive(container, folder, archive)

    def get(self, container: str, path: str) -> Iterator[bytes] | None:
        """Return a path of a container as a tar archive, in pieces; None where it is not there."""
        try:
            with self._step(f"read from container {container}"):
                content: Iterator[bytes] = self._client.get_archive(container, path)[0]
                return content
        except Missing:
            return None

    @contextmanager
    def events(self, filters: Mapping[str, Any], since: int) -> Iterator[Iterator[Document]]:
        """Yield the events that the filters let through, as they come; `since` is the engine's time in seconds.

        They end with the block, also for another thread that waits for the next one.
        """
        with self._step("follow events"):
            stream = self._client.events(decode=True, filters=dict(filters), since=since)
        try:
            yield stream
        finally:
            with suppress(Exception):  # it may have ended by itself, in whatever way the SDK finds
                stream.close()

    def run_inside(self, container: str, command: list[str]) -> tuple[int, str]:
        """Run a command in a container, wait for its end, and return its exit code and what it wrote."""
        with self._step(f"run a command in container {container}"):
            made = self._client.exec_create(container, command, tty=True)["Id"]
            output = self._client.exec_start(made, tty=True, socket=True)
            try:
                wrote = b"".join(iter(lambda: _received(output), b""))
            finally:
                connection = getattr(output, "_sock", output)  # a raw file's own; else left to the garbage collector
                output.close()
                connection.close()
            return int(self._client.exec_inspect(made)["ExitCode"] or 0), wrote.decode("utf-8", "replace")

    # Images

    def image(self, reference: str) -> Document | None:
        """Return what the engine knows of an image; None where it has none."""
        try:
            with self._step(f"look at image {reference}"):
                return dict(self._client.inspect_image(reference))
        except Missing:
            return None

    def images(self, labels: list[str]) -> list[Document]:
        """Return the images that carry the labels."""
        with self._step("list images"):
            return list(self._client.images(filters={"label": labels}))

    def pull(self, reference: str) -> Iterator[Document]:
        """Pull an image; yields the engine's reports as they come."""
        name, tag = _split(reference)
        with self._step(f"pull image {reference}"):
            for report in self._client.pull(name, tag=tag, stream=True, decode=True):
                if "error" in report:
                    raise refused(f"pull image {reference}", 0, str(report["error"]))
                yield report

    def commit(self, container: str, repository: str, tag: str, changes: list[str]) -> str:
        """Make an image of a container and return its id."""
        with self._step(f"make image {repository}:{tag}"):
            return str(self._client.commit(container, repository, tag, changes=changes)["Id"])

    def remove_image(self, image: str, *, force: bool = False) -> None:
        """Remove an image; one that is gone, or that a container uses, is left as it is."""
        try:
            with self._step(f"remove image {image}"):
                self._client.remove_image(image, force=force)
        except Refused as error:
            if not isinstance(error, Missing) and error.code != 409:  # HTTP's Conflict: it is in use
                raise

    # Networks and volumes

    def network(self, name: str) -> Document | None:
        """Return what the engine knows of a network; None where it has none of that name."""
        try:
            with self._step(f"look at network {name}"):
                return dict(self._client.inspect_network(name))
        except Missing:
            return None

    def create_network(self, name: str, labels: Mapping[str, str]) -> None:
        """Create a bridge network; one of that name is an error."""
        with self._step(f"create network {name}"):
            self._client.create_network(name, driver="bridge", check_duplicate=True, labels=dict(labels))

    def volume(self, name: str) -> Document | None:
        """Return what the engine knows of a volume; None where it has none of that name."""
        try:
            with self._step(f"look at volume {name}"):
                return dict(self._client.inspect_volume(name))
        except Missing:
            return None

    def create_volume(self, name: str, labels: Mapping[str, str]) -> Document:
        """Return the volume of that name, created where it was missing."""
        with self._step(f"create volume {name}"):
            return dict(self._client.create_volume(name, labels=dict(labels)))

    def remove_volume(self, name: str) -> None:
        """Remove a volume; one that is gone already is fine."""
        try:
            with self._step(f"remove volume {name}"):
                self._client.remove_volume(name)
        except Missing:
            return

    def version(self) -> Document:
        """Return what the engine says of itself."""
        with self._step("ask the engine for its version"):
            return dict(self._client.version())


def _reach(host: EngineHost) -> None:
    """Connect to a Unix socket once: a missing one, or one that we may not use, is told by its own error.

    Raises:
        OSError: it cannot be connected to.
    """
    if host.url.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(ANSWER_SECONDS)
            probe.connect(host.url.removeprefix("unix://"))


def _received(connection: Any) -> bytes:
    """Return the next bytes of a connection, which is a raw file by a Unix socket and a socket otherwise."""
    read = connection.recv if hasattr(connection, "recv") else connection.read
    return bytes(read(_PIECE) or b"")


def _split(reference: str) -> tuple[str, str]:
    """Return name and tag (or digest) of an image's reference; `latest` where it has neither."""
    if "@" in reference:
        name, _, digest = reference.partition("@")
        return name, digest
    name, colon, tag = reference.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (reference, "latest")


def _tls(host: EngineHost) -> docker.tls.TLSConfig | bool:
    if host.tls is None:
        return False
    client = (host.tls.certificate, host.tls.key) if host.tls.certificate and host.tls.key else None
    return docker.tls.TLSConfig(client_cert=client, ca_cert=host.tls.ca, verify=host.tls.verify)
