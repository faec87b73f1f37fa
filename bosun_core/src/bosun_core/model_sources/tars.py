"""A strict reader of tar streams, plain or gzipped: what it does not know it refuses, and nothing is ever unpacked.

The standard library's reader takes headers of any size into memory and follows the maps of sparse files without bounds,
so it is not for archives that come from elsewhere; each header here is checked before anything of its size is read.
"""

from __future__ import annotations

import gzip
import re
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO, NamedTuple, Protocol, cast

BLOCK = 512
FILE, FOLDER = "a file", "a folder"
SYMBOLIC_LINK, HARD_LINK = "a symbolic link", "a hard link"
_KINDS = {
    b"0": FILE, b"\0": FILE, b"7": FILE, b"5": FOLDER, b"2": SYMBOLIC_LINK, b"1": HARD_LINK,
    b"3": "a device", b"4": "a device", b"6": "a FIFO", b"S": "a sparse file",
}  # fmt: skip
_PAX, _PAX_OF_ALL, _LONG_NAME, _LONG_LINK = b"x", b"g", b"L", b"K"
_EXTENSIONS = (_PAX, _PAX_OF_ALL, _LONG_NAME, _LONG_LINK)
_LARGEST_EXTENSION = 64 * 1024
_MOST_EXTENSIONS = 8  # before one entry
_PIECE = 256 * 1024
_GZIP = b"\x1f\x8b"


class Readable(Protocol):
    """What can be read."""

    def read(self, count: int, /) -> bytes:
        """Return the next `count` bytes, or fewer at the end."""


class Unusable(ValueError):
    """An archive that is not taken; its text follows the archive's name."""


class Member(NamedTuple):
    """An entry of an archive; `header` is all that stands before its content, as it stood there."""

    name: str
    kind: str
    size: int
    mode: int
    mtime: int
    header: bytes


@contextmanager
def opened(path: Path) -> Iterator[Readable]:
    """Open a tar file, unzipping what is gzipped.

    Raises:
        Unusable: from the block: it is damaged.
    """
    with path.open("rb") as file:
        try:
            yield unzipped(file) if is_gzip(file) else file
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Unusable(f"is damaged ({error}); make it again") from error


def is_gzip(file: BufferedReader) -> bool:
    """Tell whether what comes next in a file is gzipped."""
    return file.peek(2)[:2] == _GZIP


def unzipped(file: Readable) -> Readable:
    """Return the stream of a gzipped one."""
    return gzip.GzipFile(fileobj=cast("IO[bytes]", file), mode="rb")  # all that it asks of the file is to read


def is_tar(path: Path) -> bool:
    """Tell whether a file begins as a tar archive does, plain or gzipped."""
    try:
        with opened(path) as stream:
            block = stream.read(BLOCK)
    except Unusable:
        return False
    return len(block) == BLOCK and (_is_sound(block) or not any(block))


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
        header, name, size = b"", None, None
        for _ in range(_MOST_EXTENSIONS + 1):
            block = self._read(BLOCK)
            if not any(block):
                return None
            if not _is_sound(block):
                raise Unusable("is damaged (an entry's header is none); make it again")
            kind = block[156:157]
            own_size = _number(block[124:136])
            header += block
            if kind not in _EXTENSIONS:
                return self._entry(block, header, name, own_size if size is None else size)
            if own_size > _LARGEST_EXTENSION:
                raise Unusable("has an entry with a header that is too large")
            extension = self._read(own_size)
            header += extension + self._read(-own_size % BLOCK)
            if kind == _LONG_NAME:
                name = extension.rstrip(b"\0")
            elif kind != _LONG_LINK:
                records = dict(_records(extension))
                if kind == _PAX_OF_ALL and records.keys() & {b"path", b"linkpath", b"size"}:
                    raise Unusable("has a header that names all its entries alike")
                if any(key.startswith(b"GNU.sparse") for key in records):
                    raise Unusable("has a sparse file; pack it as it is")
                name = records.get(b"path", name)
                size = _decimal(records[b"size"]) if b"size" in records else size
        raise Unusable("has an entry with too many headers")

    def _entry(self, block: bytes, header: bytes, name: bytes | None, size: int) -> Member:
        kind = _KINDS.get(block[156:157])
        if kind is None:
            raise Unusable("has an entry of an unknown type")
        own = _text(block[:100])
        if block[257:263] == b"ustar\0" and _text(block[345:500]):
            own = _text(block[345:500]) + b"/" + own
        try:
            shown = (own if name is None else name).decode()
        except UnicodeDecodeError:
            raise Unusable("has an entry whose name is not UTF-8") from None
        if kind == FILE and shown.endswith("/"):  # how the oldest archives write a folder
            kind = FOLDER
        if kind != FILE and size:  # others read such an entry's size otherwise, and so other entries than we
            raise Unusable(f"has {kind} with content")
        self._left, self._padding = size, -size % BLOCK
        return Member(shown, kind, size, _number(block[100:108]), _number(block[136:148]), header)


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _is_sound(block: bytes) -> bool:
    """Tell whether a block is a header, by its checksum."""
    text = block[148:156].strip(b" \0")
    return bool(re.fullmatch(rb"[0-7]{1,8}", text)) and int(text, 8) == sum(block[:148]) + 256 + sum(block[156:])


def _number(field: bytes) -> int:
    if field[0] == 0x80:  # GNU's way to write large ones
        return int.from_bytes(field[1:], "big")
    text = _text(field).strip()
    if not re.fullmatch(rb"[0-7]*", text):
        raise Unusable("is damaged (a number in a header is none); make it again")
    return int(text or b"0", 8)


def _decimal(text: bytes) -> int:
    if not re.fullmatch(rb"[0-9]{1,18}", text):
        raise Unusable("is damaged (a size in a header is none); make it again")
    return int(text)


def _records(extension: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the records of a PAX header, each `LENGTH KEY=VALUE` and a line feed."""
    at = 0
    while at < len(extension):
        length = re.compile(rb"([0-9]{1,6}) ").match(extension, at)
        end = at + int(length[1]) if length else 0
        if length is None or not length.end() < end <= len(extension) or extension[end - 1 : end] != b"\n":
            raise Unusable("is damaged (a record in a header is none); make it again")
        key, _, value = extension[length.end() : end - 1].partition(b"=")
        yield key, value
        at = end
