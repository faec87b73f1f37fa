"""The archive of the route files, asked for before the SDK is imported and read after it.

The engine takes 57 ms to begin that answer (it starts a process of its own for an archive), and the SDK 70 ms to be
imported: one after the other, deployment_status took 1.54 times an import of the SDK and a ping, and side by side 1.26.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote

from bosun_core.errors import EnvironmentFailure

from bosun_docker import engine_host, routes
from bosun_docker.environment import Environment

_UNIX = "unix://"


class EarlyRoutes:
    """An answer of the engine that is on its way, or none where the engine is not reached by a Unix socket."""

    def __init__(self, connection: socket.socket | None) -> None:
        self._connection = connection

    def archive(self) -> bytes | None:
        """Return the tar archive of the route files; None where it has to be asked for again. Not repeatable."""
        if self._connection is None:
            return None
        from http.client import HTTPException, HTTPResponse  # 15 ms, and the SDK needs it too

        try:
            answer = HTTPResponse(self._connection)
            answer.begin()
            return answer.read() if answer.status == 200 else None
        except (HTTPException, OSError):
            return None


@contextmanager
def asked(env: Environment) -> Iterator[EarlyRoutes]:
    """Ask for the route files, and do not wait for them. What hinders it is left to the SDK to find and to tell."""
    connection = None
    with suppress(EnvironmentFailure, OSError):
        host = engine_host.find()
        if host.url.startswith(_UNIX):
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(env.settings.engine_limit)
            sys.audit("bosun.step", "ask for the route files")
            connection.connect(host.url.removeprefix(_UNIX))
            path = f"/containers/{quote(env.proxy_name)}/archive?path={routes.FOLDER}"
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n".encode())
    try:
        yield EarlyRoutes(connection)
    finally:
        if connection is not None:
            connection.close()
