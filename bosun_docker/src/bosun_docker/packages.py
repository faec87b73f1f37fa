"""Model packages: on this machine, or kept on the engine; their content is streamed from wherever it is."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from bosun_core.errors import EnvironmentFailure

from bosun_core import packages
from bosun_docker import archives
from bosun_docker.archives import Member
from bosun_docker.engine import Engine


class Package(packages.Package):
    """A model package, an image archive or a build context on this machine; `sha256` is of the whole file."""

    __slots__ = ()

    def member(self, engine: Engine, name: str) -> Member:  # noqa: ARG002  # as `KeptPackage.member`
        """Return it as a file of an archive."""
        return Member(name, self.size, packages.content(self))


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
    return Package(*packages.measured(path))
