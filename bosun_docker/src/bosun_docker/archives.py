"""Tar archives in both directions, streamed: pure functions of bytes."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

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


def files_in(archive: bytes) -> dict[str, str]:
    """Return the small text files of an archive by their names without folders."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return {
            Path(member.name).name: content.read().decode("utf-8", "replace")
            for member in opened
            if member.isreg() and (content := opened.extractfile(member)) is not None
        }


def of_one(name: str, size: int, content: Iterable[bytes], mode: int = 0o644) -> Iterator[bytes]:
    """Yield a tar archive of one file of `size` bytes, as its content comes."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, mode
    yield member.tobuf(tarfile.GNU_FORMAT)
    yield from content
    yield bytes(-size % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE)
