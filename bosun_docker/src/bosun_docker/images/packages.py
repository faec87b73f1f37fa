"""Model packages: on this machine, or kept on the engine; their content is streamed from wherever it is."""

from __future__ import annotations

from typing import NamedTuple

from bosun_core.errors import EnvironmentFailure
from bosun_core.model_sources.sources import Given, Kept, Packaged
from bosun_core.packages import Package, content

from bosun_docker.engine.client import Engine
from bosun_docker.images import archives
from bosun_docker.images.archives import Member


class KeptPackage(NamedTuple):
    """A model package that a container of the deployment keeps."""

    container: str
    path: str


AnyPackage = Package | KeptPackage
Source = Given | Packaged[AnyPackage] | Kept
"""Where the image of a deployment's container comes from."""


def member(package: AnyPackage, engine: Engine, name: str) -> Member:
    """Return a package as a file of an archive.

    Raises:
        EnvironmentFailure: it is not there any more.
    """
    if isinstance(package, Package):
        return Member(name, package.size, content(package))
    kept = engine.get(package.container, package.path)
    if kept is None:
        raise EnvironmentFailure(
            "the package that was kept of the deployment is gone; give deploymentInfo.modelArtifact"
        )
    return archives.only_file(kept, name)
