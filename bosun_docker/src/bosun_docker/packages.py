"""Model packages: on this machine, or kept on the engine; their content is streamed from wherever it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bosun_core.errors import EnvironmentFailure, InvalidRequest
from bosun_core.reporting import progress

from bosun_docker import archives
from bosun_docker.archives import Member
from bosun_docker.engine import Engine


class Package(NamedTuple):
    """A model package, an image archive or a build context on this machine; `sha256` is of the whole file."""

    path: Path
    size: int
    sha256: str

    @property
    def changed(self) -> EnvironmentFailure:
        """The error for a file that is no longer what was measured."""
        return EnvironmentFailure(f"package {self.path} changed while it was read; run the action again")

    def member(self, engine: Engine, name: str) -> Member:  # noqa: ARG002  # as `KeptPackage.member`
        """Return it as a file of an archive."""
        return Member(name, self.size, self._content())

    def _content(self) -> Iterator[bytes]:
        """Yield the package's bytes, and see that they are those that were hashed."""
        digest, done = hashlib.sha256(), 0
        with self.path.open("rb", buffering=0) as file:
            while chunk := file.read(archives.CHUNK):
                done += len(chunk)
                if done > self.size:
                    raise self.changed
                digest.update(chunk)
                progress("sending the package", done, self.size)
                yield chunk
        if done != self.size or digest.hexdigest() != self.sha256:
            raise self.changed


class KeptPackage(NamedTuple):
    """A model package that a container of the deployment keeps."""

    container: str
    path: str
    sha256: str

    def member(self, engine: Engine, name: str) -> Member:
        """Return it as a file of an archive.

        Raises:
            EnvironmentFailure: it is not there any more.
        """
        content = engine.get(self.container, self.path)
        if content is None:
            raise EnvironmentFailure(
                "the package that was kept of the deployment is gone; give deploymentInfo.modelArtifact"
            )
        return archives.only_file(content, name)


def measured(path: Path) -> Package:
    """Return a package with its size and hash.

    Raises:
        InvalidRequest: it is empty, or cannot be read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError as error:
        raise InvalidRequest(f"modelArtifact {path} cannot be read: {error.strerror}; check it") from error
    if size == 0:
        raise InvalidRequest(f"modelArtifact {path} is empty; fetch the model package again")
    return Package(path, size, digest)
