"""The layer that puts a package into an image: an uncompressed tar with one file, made while it is sent."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterator
from typing import NamedTuple

from bosun_core.packages import CHUNK, Package, changed
from bosun_core.reporting import progress

_BLOCK = 512
_END = 2 * _BLOCK  # two empty blocks end an archive


class Layer(NamedTuple):
    """A layer of one package; the same package always makes the same bytes."""

    package: Package
    path: str
    """Where the package is in the image."""

    @property
    def header(self) -> bytes:
        """What stands before the package's bytes."""
        member = tarfile.TarInfo(self.path.lstrip("/"))
        member.size = self.package.size
        member.mode = 0o644
        return member.tobuf(tarfile.PAX_FORMAT)

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return len(self.header) + -(-self.package.size // _BLOCK) * _BLOCK + _END

    def pieces(self, offset: int = 0) -> Iterator[bytes]:
        """Yield its bytes from an offset on.

        Raises:
            EnvironmentFailure: the package is no longer what was measured.
        """
        header = self.header
        if offset < len(header):
            yield header[offset:]
        start = max(0, offset - len(header))
        left = self.package.size - start
        with self.package.path.open("rb", buffering=0) as file:
            file.seek(start)
            while left > 0:
                piece = file.read(min(CHUNK, left))
                if not piece:
                    raise changed(self.package)
                left -= len(piece)
                progress("sending the package", self.package.size - left, self.package.size)
                yield piece
            # To hash it once more would cost as much as all the rest.
            if os.fstat(file.fileno()).st_mtime_ns != self.package.modified:
                raise changed(self.package)
        position = max(offset, len(header) + self.package.size)
        yield bytes(self.size - position)


class Checked:
    """The hash of bytes that are sent, some of them perhaps more than once, each counted once."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._to = 0

    def passing(self, pieces: Iterator[bytes], offset: int) -> Iterator[bytes]:
        """Yield the pieces, which begin at `offset`, and count what was not counted yet."""
        for piece in pieces:
            new = self._to - offset
            if new < len(piece):
                self._hash.update(memoryview(piece)[max(0, new) :])
                self._to = offset + len(piece)
            offset += len(piece)
            yield piece

    @property
    def digest(self) -> str:
        """The digest of all bytes so far."""
        return f"sha256:{self._hash.hexdigest()}"
