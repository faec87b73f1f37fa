"""The copy of a package: the kernel moves the bytes, memory does not grow, and a changing source is noticed."""

import errno
import fcntl
import hashlib
import os
import sys
import threading
from pathlib import Path
from typing import NamedTuple

from bosun_core.errors import EnvironmentFailure
from bosun_core.reporting import progress

_FICLONE = 0x40049409  # linux/fs.h: share the blocks where the filesystem can
_CHUNK = 64 * 1024 * 1024
_HASH_CHUNK = 1024 * 1024
_NOT_THIS_WAY = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTTY, errno.EPERM, errno.EBADF}


class Copied(NamedTuple):
    """What was copied: size in bytes and SHA-256 in hex."""

    size: int
    sha256: str


def copy_package(source: Path, target: Path) -> Copied:
    """Copy `source` to the new file `target`, through to the disk, hashing it at the same time.

    Raises:
        EnvironmentFailure: the source changed or vanished meanwhile.
        OSError: as the system says it. Either way `target` may be left in part.
    """
    sys.audit("bosun.step", "open package")
    with source.open("rb", buffering=0) as reader, target.open("xb", buffering=0) as writer:
        before = os.fstat(reader.fileno())
        hashing = _Hashing(reader.fileno(), before.st_size)
        try:
            copied = _copy(reader.fileno(), writer.fileno(), before.st_size)
            sys.audit("bosun.step", "sync package")
            os.fsync(writer.fileno())
            digest = hashing.result()
        finally:
            hashing.stop()
        after = os.fstat(reader.fileno())
    if copied != before.st_size or _identity(after) != _identity(before) or not _still_there(source, before):
        raise EnvironmentFailure(f"package {source} changed or vanished while it was copied; run the action again")
    return Copied(copied, digest)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _identity(status: os.stat_result) -> tuple[int, int, int, bool]:
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_nlink > 0


def _still_there(source: Path, status: os.stat_result) -> bool:
    try:
        return os.path.samestat(source.stat(), status)
    except FileNotFoundError:
        return False


def _copy(reader: int, writer: int, size: int) -> int:
    try:
        sys.audit("bosun.step", "clone package")
        fcntl.ioctl(writer, _FICLONE, reader)
    except OSError as error:
        if error.errno not in _NOT_THIS_WAY:
            raise
        return _copy_bytes(reader, writer, size)
    progress("copying the package", size, size)
    return size


def _copy_bytes(reader: int, writer: int, size: int) -> int:
    """Copy chunk by chunk and return how many bytes there were; less than `size` where the source shrank."""
    done = 0
    by_range = hasattr(os, "copy_file_range")
    while done < size:
        wanted = min(_CHUNK, size - done)
        sys.audit("bosun.step", "copy package")
        if by_range:
            try:
                count = os.copy_file_range(reader, writer, wanted, done, done)
            except OSError as error:
                if error.errno not in _NOT_THIS_WAY or done:
                    raise
                by_range = False
                continue
        else:
            count = os.sendfile(writer, reader, done, wanted)
        if count == 0:
            break
        done += count
        progress("copying the package", done, size)
    return done


class _Hashing:
    """Hashes a file in a thread of its own: hashlib and the kernel's copy both run without the interpreter's lock."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self._size = size
        self._stopped = False
        self._failure: OSError | None = None
        self._hash = hashlib.sha256()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            offset = 0
            buffer = bytearray(_HASH_CHUNK)
            while offset < self._size and not self._stopped:
                count = os.preadv(self._descriptor, [buffer], offset)
                if count == 0:
                    break
                self._hash.update(memoryview(buffer)[:count])
                offset += count
        except OSError as error:  # told to whoever asks for the result
            self._failure = error

    def result(self) -> str:
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        return self._hash.hexdigest()

    def stop(self) -> None:
        self._stopped = True
        self._thread.join()
