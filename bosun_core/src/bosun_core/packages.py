"""A model package on this machine: measured once, then read in pieces and seen to be what was measured."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bosun_core.errors import EnvironmentFailure, InvalidRequest
from bosun_core.reporting import progress

CHUNK = 1024 * 1024


class Package(NamedTuple):
    """A model package on this machine."""

    path: Path
    size: int
    sha256: str
    modified: int = 0
    """When its content last changed, in nanoseconds, as it was hashed."""


def measured(path: Path) -> Package:
    """Return a package with its size and hash.

    Raises:
        InvalidRequest: it is empty, or cannot be read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            modified = os.fstat(file.fileno()).st_mtime_ns
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError as error:
        raise InvalidRequest(f"modelArtifact {path} cannot be read: {error.strerror}; check it") from error
    if size == 0:
        raise InvalidRequest(f"modelArtifact {path} is empty; fetch the model package again")
    return Package(path, size, digest, modified)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex.

    Raises:
        InvalidRequest: it cannot be read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InvalidRequest(f"modelArtifact {path} cannot be read: {error.strerror}; check it") from error


def changed(package: Package) -> EnvironmentFailure:
    """Return the error for a package that is no longer what was measured."""
    return EnvironmentFailure(f"package {package.path} changed while it was read; run the action again")


def content(package: Package) -> Iterator[bytes]:
    """Yield the package's bytes, and see that they are those that were hashed.

    Raises:
        EnvironmentFailure: they are not.
    """
    digest, done = hashlib.sha256(), 0
    with package.path.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK):
            done += len(chunk)
            if done > package.size:
                raise changed(package)
            digest.update(chunk)
            progress("sending the package", done, package.size)
            yield chunk
    if done != package.size or digest.hexdigest() != package.sha256:
        raise changed(package)
