"""What is asked of the engine about containers. Raw documents in and out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bosun_core.errors import EnvironmentFailure

from bosun_docker.engine.connection import Connection, Document, is_no_answer
from bosun_docker.engine.errors import Missing, Refused

_PIECE = 65536


class Containers(Connection):
    """The calls on containers."""

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
            if is_no_answer(error):
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

    def size(self, container: str, path: str) -> int | None:
        """Return the size of a path in a container, running or not, in bytes; None where it is not there."""
        try:
            with self._step(f"look into container {container}"):
                return int(self._stat(container, path)["size"])
        except Missing:
            return None

    def events(self, filters: Mapping[str, Any], since: str | int) -> Iterator[Document]:
        """Return the events that the filters let through, as they come, from the engine's time `since` on, in seconds.

        They end when the connection is cut.
        """
        with self._step("follow events"):
            stream: Iterator[Document] = self._client.events(decode=True, filters=dict(filters), since=since)
            return stream

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


def _received(connection: Any) -> bytes:
    """Return the next bytes of a connection, which is a raw file by a Unix socket and a socket otherwise."""
    read = connection.recv if hasattr(connection, "recv") else connection.read
    return bytes(read(_PIECE) or b"")
