"""A wire to a server that can be cut: a TCP proxy, so that what is sent through it, TLS too, stays as it is."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bosun_core.reporting import listen

_PIECE = 1 << 16
_AT_ONCE = struct.pack("ii", 1, 0)  # a closed connection is reset, whatever was under way on it

Address = tuple[str, int]


class Wire:
    """A proxy to `to`; `cut` breaks what is open and has nobody listen any more, until `mend`."""

    def __init__(self, to: Address, at: Address = ("127.0.0.1", 0)) -> None:
        self.break_after: int | None = None
        """How many bytes of a client pass on one connection before it breaks."""
        self.breaks = 0
        """How many connections are still to break so."""
        self.broken = 0
        """How many have."""
        self._to = to
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = self._listening(at)
        self.address: Address = self._listener.getsockname()

    @property
    def name(self) -> str:
        """Host and port, as a registry is called."""
        return f"{self.address[0]}:{self.address[1]}"

    def cut(self) -> None:
        """Break all connections, and refuse new ones."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            found, self._open = self._open, set()
        for one in found:
            _break(one)

    def mend(self) -> None:
        """Have the proxy listen again where it did."""
        self._listener = self._listening(self.address)

    def _listening(self, at: Address) -> socket.socket:
        made = socket.create_server(at)
        threading.Thread(target=self._accept, args=(made,), daemon=True).start()
        return made

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # it was cut
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target(client), timeout=10)
        except OSError:
            _break(client)
            return
        server.settimeout(None)
        with self._lock:
            self._open |= {client, server}
        back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
        back.start()
        self._pump(client, server, counted=True)
        back.join()
        with self._lock:
            self._open -= {client, server}
        client.close()
        server.close()

    def _target(self, client: socket.socket) -> Address:
        """Return where a connection leads to."""
        return self._to

    def _pump(self, source: socket.socket, sink: socket.socket, *, counted: bool = False) -> None:
        """Pass on what comes until its end, which is passed on too."""
        passed = 0
        with suppress(OSError):  # one of the two has broken
            while piece := source.recv(_PIECE):
                passed += len(piece)
                if counted and self.break_after is not None and passed > self.break_after and self._takes_a_break():
                    _break(source)
                    _break(sink)
                    break
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)

    def _takes_a_break(self) -> bool:
        with self._lock:
            takes = self.breaks > 0
            self.breaks -= takes
            self.broken += takes
        return takes


def _break(one: socket.socket) -> None:
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@contextmanager
def wired(to: Address, at: Address = ("127.0.0.1", 0)) -> Iterator[Wire]:
    """Yield a wire, which is cut in the end."""
    made = Wire(to, at)
    try:
        yield made
    finally:
        with suppress(OSError):  # it may be cut already
            made.cut()


@contextmanager
def cut_at(wire: Wire, step: str, seconds: float | None) -> Iterator[list[str]]:
    """Cut a wire when an action of this process comes to a step, for so long; yields the step once that happened."""
    happened: list[str] = []
    mending = None if seconds is None else threading.Timer(seconds, wire.mend)

    def noticed(now: str, _done: float, _total: float | None) -> None:
        if now == step and not happened:
            happened.append(now)
            wire.cut()
            if mending is not None:
                mending.start()

    end = listen(noticed)
    try:
        yield happened
    finally:
        end()
        if happened and mending is not None:
            mending.join()
