"""Build contexts: a tar (plain or gzipped) or a zip with a Dockerfile, checked whole, then sent without being unpacked.

What is sent is a tar of our own: of each entry only its path, its content, whether it may be run, and its time.
"""

from __future__ import annotations

import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from bosun_core.model_sources import zips
from bosun_core.model_sources.context_paths import Paths
from bosun_core.model_sources.tars import FILE, FOLDER, SYMBOLIC_LINK, Tar, Unusable, opened
from bosun_core.packages import Package, changed, measured
from bosun_core.reporting import progress

DOCKERFILE = "Dockerfile"
_OLDEST, _LATEST = 315_532_800, 4_102_444_800  # 1980 and 2100: what the tools of a build can write down again
_PIECE = 256 * 1024
_KINDS = {stat.S_IFREG: FILE, 0: FILE, stat.S_IFDIR: FOLDER, stat.S_IFLNK: SYMBOLIC_LINK}


class Context(NamedTuple):
    """A build context that was checked, by the number of its entries and the bytes of its files."""

    entries: int
    size: int


class Entry(NamedTuple):
    """An entry that was checked; the content is to be read before the next one is asked for."""

    path: str
    is_folder: bool
    size: int
    mode: int
    mtime: int
    content: Iterator[bytes]


def checked(path: Path, limit: int) -> Context:
    """Return what a context holds, once all of its entries were checked.

    Args:
        path: the archive.
        limit: how many bytes its files may have together, unpacked.

    Raises:
        Unusable: it is damaged, or has an entry that is refused.
    """
    paths = Paths(limit)
    for _ in _entries(path, paths):
        pass
    if DOCKERFILE not in paths.files:
        inner = next(
            (one for one in sorted(paths.files) if one.count("/") == 1 and one.endswith(f"/{DOCKERFILE}")), None
        )
        where = f"; its folder {inner.partition('/')[0]!r} has one: pack what is in that folder" if inner else ""
        raise Unusable(f"has no {DOCKERFILE}{where or ', so it is no build context; add one'}")
    return Context(len(paths.files) + len(paths.folders), paths.size)


def sent(path: Path, limit: int) -> Iterator[bytes]:
    """Yield a context as a tar archive, without the blocks at its end; it is checked once more while it is read.

    Raises:
        Unusable: as `checked`.
    """
    for entry in _entries(path, Paths(limit)):
        member = tarfile.TarInfo(entry.path)
        member.type = tarfile.DIRTYPE if entry.is_folder else tarfile.REGTYPE
        member.size = entry.size
        member.mode = 0o755 if entry.is_folder or entry.mode & 0o100 else 0o644
        member.mtime = min(max(entry.mtime, _OLDEST), _LATEST)
        yield member.tobuf(tarfile.GNU_FORMAT)
        yield from entry.content
        yield bytes(-entry.size % tarfile.BLOCKSIZE)


def whole(package: Package, context: Context, limit: int) -> Iterator[bytes]:
    """Yield a context as a whole tar archive, and see that it is the one that was measured.

    Raises:
        Unusable: as `checked`.
        EnvironmentFailure: it is not.
    """
    done = 0
    for piece in sent(package.path, limit):
        done += len(piece)
        progress("sending the build context", min(done, context.size), context.size)
        yield piece
    if measured(package.path) != package:
        raise changed(package)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _entries(path: Path, paths: Paths) -> Iterator[Entry]:
    return _of_zip(path, paths) if zips.is_zip(path) else _of_tar(path, paths)


def _of_tar(path: Path, paths: Paths) -> Iterator[Entry]:
    with opened(path) as stream:
        tar = Tar(stream)
        for member in tar:
            taken = paths.take(member.name, member.kind, member.size)
            if taken:
                yield Entry(taken, member.kind == FOLDER, member.size, member.mode, member.mtime, tar.content())


def _of_zip(path: Path, paths: Paths) -> Iterator[Entry]:
    zips.check_count(path, paths.most)
    with _told_as_unusable(), zipfile.ZipFile(path) as archive:
        for one in archive.infolist():
            mode = one.external_attr >> 16
            kind = _KINDS.get(stat.S_IFMT(mode), "a device")
            if kind == FILE and one.orig_filename.endswith("/"):
                kind = FOLDER
            if one.flag_bits & 1:
                raise Unusable(f"has {one.filename[:60]!r} under a password; pack it without")
            if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Unusable(
                    f"has {one.filename[:60]!r} packed in a way that is not known here; pack it with deflate"
                )
            taken = paths.take(one.orig_filename, kind, one.file_size)
            if taken:
                size = 0 if kind == FOLDER else one.file_size
                yield Entry(taken, kind == FOLDER, size, mode, _moment(one), _content(archive, one, size))


def _content(archive: zipfile.ZipFile, one: zipfile.ZipInfo, size: int) -> Iterator[bytes]:
    done = 0
    with _told_as_unusable(), archive.open(one) as file:
        while piece := file.read(_PIECE):
            done += len(piece)
            yield piece
    if done != size:
        raise Unusable(f"is damaged ({one.filename[:60]!r} is cut off); make it again")


def _moment(one: zipfile.ZipInfo) -> int:
    try:
        return int(datetime(*one.date_time, tzinfo=UTC).timestamp())
    except ValueError:
        return _OLDEST


@contextmanager
def _told_as_unusable() -> Iterator[None]:
    """Tell what the library finds wrong with a zip in our way."""
    try:
        yield
    except Unusable:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, struct.error) as error:
        raise Unusable(f"is damaged ({error}); make it again") from error
