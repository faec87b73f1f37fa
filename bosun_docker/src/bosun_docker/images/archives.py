"""Tar archives in both directions, streamed: pure functions of bytes."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator
from typing import NamedTuple

CHUNK = 1024 * 1024


def of_files(files: dict[str, str | bytes], mode: int = 0o644) -> bytes:
    """Return a tar archive of small files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            encoded = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(encoded), mode
            archive.addfile(member, io.BytesIO(encoded))
    return buffer.getvalue()


class Member(NamedTuple):
    """A file of an archive, whose content comes in pieces; a folder where `size` is None."""

    name: str
    size: int | None = None
    content: Iterable[bytes] = ()
    mode: int = 0o644


def streamed(members: Iterable[Member]) -> Iterator[bytes]:
    """Yield a tar archive, as the content of its members comes."""
    for member in members:
        header = tarfile.TarInfo(member.name)
        header.mode, header.size = member.mode, member.size or 0
        if member.size is None:
            header.type = tarfile.DIRTYPE
        yield header.tobuf(tarfile.GNU_FORMAT)
        yield from member.content
        yield bytes(-header.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def only_file(archive: Iterable[bytes], name: str) -> Member:
    """Return the one file that an archive holds, under another name, as its pieces come.

    Raises:
        ValueError: it holds no file.
    """
    opened = tarfile.open(fileobj=_Pieces(archive), mode="r|", bufsize=CHUNK)  # noqa: SIM115  # it is read later on
    first = opened.next()
    content = None if first is None else opened.extractfile(first)
    if first is None or content is None:
        raise ValueError(f"no file {name} is in the archive")
    return Member(name, first.size, iter(lambda: content.read(CHUNK), b""))


class _Pieces(io.RawIOBase):
    """Bytes that come in pieces, read as a file."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._piece = memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, and none only at the end."""
        while not self._piece:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._piece = memoryview(piece)
        taken = bytes(self._piece[:size] if size >= 0 else self._piece)
        self._piece = self._piece[len(taken) :]
        return taken
