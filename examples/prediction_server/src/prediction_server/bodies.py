"""Reads request bodies off a connection: of known length, or chunked."""

from typing import BinaryIO

from prediction_server.exchange import HttpError

LONGEST_CHUNK_LINE = 4096


class SizedBody:
    """The next `length` bytes of a connection."""

    def __init__(self, source: BinaryIO, length: int) -> None:
        self._source = source
        self._left = length

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; see `Body.read`."""
        if not self._left:
            return b""
        piece = self._source.read(min(size, self._left))
        if not piece:
            raise HttpError(400, f"the body ended {self._left} bytes early")
        self._left -= len(piece)
        return piece


class ChunkedBody:
    """A body in chunks, each with its length before it (RFC 9112, section 7.1)."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._chunk: SizedBody | None = None
        self._ended = False

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; see `Body.read`."""
        while not self._ended:
            if self._chunk is None:
                self._chunk = self._next_chunk()
            elif piece := self._chunk.read(size):
                return piece
            else:
                self._line()
                self._chunk = None
        return b""

    def _next_chunk(self) -> SizedBody | None:
        written = self._line().partition(b";")[0].strip()
        # int() alone would take a sign and underscores.
        if not written or written.strip(b"0123456789abcdefABCDEF"):
            raise HttpError(400, "the body is not in chunks, as its Transfer-Encoding says")
        if length := int(written, 16):
            return SizedBody(self._source, length)
        while self._line().strip():
            pass
        self._ended = True
        return None

    def _line(self) -> bytes:
        line = self._source.readline(LONGEST_CHUNK_LINE)
        if not line.endswith(b"\n"):
            raise HttpError(400, "the chunked body ended early")
        return line
