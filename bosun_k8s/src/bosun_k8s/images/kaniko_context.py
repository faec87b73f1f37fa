"""What kaniko builds from: a gzipped tar, made while it is sent to its pod's standard input."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator

from bosun_core.errors import InvalidRequest
from bosun_core.model_sources import contexts
from bosun_core.model_sources.sources import Built, Packaged
from bosun_core.model_sources.tars import Unusable
from bosun_core.packages import Package, content

from bosun_k8s.images.reference import Reference

_ENOUGH = 256 * 1024  # bytes that are sent at a time
_QUICK, _AS_GZIP = 1, 31  # zlib's level and window


def dockerfile(source: Packaged[Package], base: str) -> str:
    """Return the Dockerfile of base and package."""
    return f"FROM {base}\nCOPY {_file_of(source)} {source.path}\n"


def packed(source: Packaged[Package] | Built, base: Reference | None) -> Iterator[bytes]:
    """Yield the build context of a source, gzipped, in large pieces.

    Args:
        source: a package, or a build context that was checked; it is checked once more while it is read.
        base: the base image of a package; None for a build context, which names its own.

    Raises:
        InvalidRequest: the context cannot be used.
        EnvironmentFailure: the file is no longer what was measured.
    """
    if isinstance(source, Built):
        pieces = _of_context(source)
    else:
        pieces = _of_package(source, source.base if base is None else base.whole)
    packing, waiting = zlib.compressobj(_QUICK, zlib.DEFLATED, _AS_GZIP), bytearray()
    for piece in pieces:
        waiting += packing.compress(piece)
        if len(waiting) >= _ENOUGH:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting) + packing.flush()


def _of_context(source: Built) -> Iterator[bytes]:
    try:
        yield from contexts.whole(source.package, source.context, source.limit)
    except Unusable as error:
        raise InvalidRequest(f"modelArtifact {source.package.path} {error}") from error


def _of_package(source: Packaged[Package], base: str) -> Iterator[bytes]:
    text = dockerfile(source, base).encode()
    yield from _entry("Dockerfile", len(text), iter([text]))
    yield from _entry(_file_of(source), source.package.size, content(source.package))
    yield bytes(2 * tarfile.BLOCKSIZE)


def _entry(name: str, size: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    yield member.tobuf(tarfile.PAX_FORMAT)
    yield from pieces
    yield bytes(-size % tarfile.BLOCKSIZE)


def _file_of(source: Packaged[Package]) -> str:
    return source.path.rpartition("/")[2]
