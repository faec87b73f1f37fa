"""HTTP exchanges that end in time and show credentials only to whom they are meant for."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import urllib.request
from collections.abc import Callable
from typing import IO, Any
from urllib.parse import urlsplit

from bosun_core.errors import EnvironmentFailure

SCHEMES = {"http": 80, "https": 443}  # and their ports
_STALLED = 60.0  # seconds without a byte after which a connection counts as cut

Authorise = Callable[[urllib.request.Request], None]


def opened(request: urllib.request.Request, authorise: Authorise, watch: Watch) -> http.client.HTTPResponse:
    """Send the request and return the answer, of which only the head has been read; redirects are followed.

    `authorise` adds credentials to a request by its target: to this one, and to each that a redirect makes of it.

    Raises:
        OSError, http.client.HTTPException: as urllib and what is below it say it.
        EnvironmentFailure: a redirect leads where none is followed.
    """
    authorise(request)
    opener = urllib.request.build_opener(_Redirects(authorise), _Connections(watch), _SecureConnections(watch))
    response: http.client.HTTPResponse = opener.open(request, timeout=watch.stalled_after)
    return response


class Watch:
    """Closes the connections of an exchange when its time, in seconds, is up, whatever they are waiting for."""

    def __init__(self, seconds: float) -> None:
        self.stalled_after = max(0.001, min(_STALLED, seconds))
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(max(0.0, seconds), self._close)
        self._timer.daemon = True
        self._timer.start()

    def over(self, connection: socket.socket) -> None:
        """Watch over this connection too."""
        self._sockets.append(connection)

    def end(self) -> None:
        """Watch no longer."""
        self._timer.cancel()
        self._timer.join()

    def _close(self) -> None:
        for connection in self._sockets:
            with contextlib.suppress(OSError):  # it has ended by itself
                # Not the method of a TLS socket, which the reading thread is in the middle of.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _Connections(urllib.request.HTTPHandler):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_watched(http.client.HTTPConnection, self._watch), req)


class _SecureConnections(urllib.request.HTTPSHandler):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_watched(http.client.HTTPSConnection, self._watch), req)


def _watched(kind: type[http.client.HTTPConnection], watch: Watch) -> Any:
    class Watched(kind):  # type: ignore[valid-type, misc]  # either of the two kinds
        def connect(self) -> None:
            super().connect()
            watch.over(self.sock)

    return Watched


class _Redirects(urllib.request.HTTPRedirectHandler):
    def __init__(self, authorise: Authorise) -> None:
        self._authorise = authorise

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        fp.close()  # else the body of the redirect, which nobody needs, would be read whole
        target = urlsplit(newurl)
        if target.scheme not in SCHEMES or (req.type == "https" and target.scheme == "http"):
            raise EnvironmentFailure(
                f"{req.host} redirects from {req.type} to {target.scheme}, which is not followed; "
                "give the URL of the package itself"
            )
        plain = target._replace(netloc=target.netloc.rpartition("@")[2]).geturl()
        request = super().redirect_request(req, fp, code, msg, headers, plain)
        if request is not None:
            self._authorise(request)
        return request
