"""Knows which connections wait for a request and which have one in work, so that a server can finish."""

import enum
import select
import socket
import threading
from contextlib import suppress

# A client that has just connected gets so long, in seconds, to send what it connected for.
FIRST_REQUEST_GRACE = 0.5


class _Use(enum.Enum):
    NEW = enum.auto()
    IDLE = enum.auto()
    WORKING = enum.auto()


class Connections:
    """The open connections of a server."""

    def __init__(self) -> None:
        self._uses: dict[socket.socket, _Use] = {}
        self._changed = threading.Condition()
        self._finishing = False

    @property
    def finishing(self) -> bool:
        """Whether each connection is to end with the answer that it is at."""
        return self._finishing

    def opened(self, connection: socket.socket) -> None:
        """Count a connection that was accepted."""
        with self._changed:
            self._uses[connection] = _Use.NEW

    def answered(self, connection: socket.socket) -> bool:
        """Note that an answer was sent; return whether to wait for another request."""
        with self._changed:
            self._uses[connection] = _Use.IDLE
            return not self._finishing or _has_request(connection)

    def working(self, connection: socket.socket) -> None:
        """Note that a request has begun to arrive."""
        with self._changed:
            self._uses[connection] = _Use.WORKING
            self._changed.notify_all()

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection that has ended."""
        with self._changed:
            self._uses.pop(connection, None)
            self._changed.notify_all()

    def finish(self) -> None:
        """End the connections that wait for a request, and return when all others have had their answer."""
        with self._changed:
            self._finishing = True
            self._changed.wait_for(lambda: _Use.NEW not in self._uses.values(), FIRST_REQUEST_GRACE)
            for connection, use in self._uses.items():
                if use is not _Use.WORKING and not _has_request(connection):
                    with suppress(OSError):
                        # The thread that reads this connection sees its end.
                        connection.shutdown(socket.SHUT_RD)
            self._changed.wait_for(lambda: not self._uses)


def _has_request(connection: socket.socket) -> bool:
    poller = select.poll()
    poller.register(connection, select.POLLIN)
    return bool(poller.poll(0))
