"""A strict reader of tar streams, plain or gzipped: what it does not know it refuses, and nothing is ever unpacked.

The standard library's reader takes headers of any size into memory and follows the maps of sparse files without bounds,
so it is not for archives that come from elsewhere; each header here is checked before anything of its size is read.
"""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO, Protocol, cast

from bosun_core.model_sources import tar_headers
from bosun_core.model_sources.tar_headers import (
    BLOCK,
    FILE,
    FOLDER,
    HARD_LINK,
    SYMBOLIC_LINK,
    Extensions,
    Member,
    Unusable,
)

__all__ = ["FILE", "FOLDER", "HARD_LINK", "SYMBOLIC_LINK", "Member", "Tar", "Unusable", "is_tar", "opened"]

_LARGEST_EXTENSION = 64 * 1024
_MOST_EXTENSIONS = 8  # before one entry
_LONGEST_END = 16 * 1024 * 1024  # of zeros; tools fill their last record up, by default to 10 KiB
_PIECE = 256 * 1024
_GZIP = b"\x1f\x8b"


class Readable(Protocol):
    """What can be read."""

    def read(self, count: int, /) -> bytes:
        """Return the next `count` bytes, or fewer at the end."""


@contextmanager
def opened(path: Path, through: Callable[[BufferedReader], Readable] = lambda file: file) -> Iterator[Readable]:
    """Open a tar file, unzipping what is gzipped.

    Args:
        path: the file.
        through: what its bytes are read through, before they are unzipped.

    Raises:
        Unusable: from the block: it is damaged.
    """
    with path.open("rb") as file:
        is_gzip = file.peek(2)[:2] == _GZIP
        stream = through(file)
        try:
            yield gzip.GzipFile(fileobj=cast("IO[bytes]", stream), mode="rb") if is_gzip else stream
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Unusable(f"is damaged ({error}); make it again") from error


def is_tar(path: Path) -> bool:
    """Tell whether a file begins as a tar archive does, plain or gzipped."""
    try:
        with opened(path) as stream:
            block = stream.read(BLOCK)
    except Unusable:
        return False
    return len(block) == BLOCK and (tar_headers.is_sound(block) or not any(block))


class Tar:
    """The entries of a tar stream, in order.

    Args:
        stream: the archive, unzipped.
        deadline: when, by `time.monotonic`, reading has to have ended.
    """

    def __init__(self, stream: Readable, deadline: float = float("inf")) -> None:
        self._stream = stream
        self._deadline = deadline
        self._left = 0
        self._padding = 0

    def __iter__(self) -> Iterator[Member]:
        """Yield the entries; what was not read of one's content is passed over.

        Raises:
            Unusable: the archive is damaged, cut off, or holds what is refused here.
        """
        while True:
            for _ in self.content():
                pass
            member = self._member()
            if member is None:
                return
            yield member

    def content(self) -> Iterator[bytes]:
        """Yield what has not been read of the current entry's content."""
        while self._left:
            piece = self._read(min(self._left, _PIECE))
            self._left -= len(piece)
            yield piece
        self._read(self._padding)
        self._padding = 0

    def _read(self, count: int) -> bytes:
        if time.monotonic() > self._deadline:
            raise Unusable("takes too long to read; raise buildLimit")
        found = self._stream.read(count) if count else b""
        if len(found) < count:
            raise Unusable("is cut off; make it again")
        return found

    def _member(self) -> Member | None:
        extensions = Extensions()
        for _ in range(_MOST_EXTENSIONS + 1):
            block = self._read(BLOCK)
            if not any(block):
                self._end(extensions)
                return None
            if not tar_headers.is_sound(block):
                raise Unusable("is damaged (an entry's header is none); make it again")
            kind = tar_headers.kind_of(block)
            if kind not in tar_headers.EXTENSIONS:
                member = tar_headers.member(block, extensions)
                self._left, self._padding = member.size, -member.size % BLOCK
                return member
            size = tar_headers.size_of(block)
            if size > _LARGEST_EXTENSION:
                raise Unusable("has an entry with a header that is too large")
            extensions.take(kind, self._read(size))
            self._read(-size % BLOCK)
        raise Unusable("has an entry with too many headers")

    def _end(self, extensions: Extensions) -> None:
        """Read on to the end of the stream: some readers take what is there for more entries."""
        if extensions.are_pending:
            raise Unusable("is cut off; make it again")
        left = _LONGEST_END
        while piece := self._stream.read(_PIECE):
            left -= len(piece)
            if left < 0 or any(piece):
                raise Unusable("has something after its end; make it again")
