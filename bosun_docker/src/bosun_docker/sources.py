"""Where the image of a deployment's container comes from, as small values; `images.made` makes an image of each."""

from __future__ import annotations

from typing import NamedTuple

from bosun_docker.contexts import Context
from bosun_docker.image_archives import ImageArchive
from bosun_docker.packages import KeptPackage, Package


class Packaged(NamedTuple):
    """A base image, with a package put at `path` in it."""

    base: str
    key: str
    """The setting that names the base."""
    path: str
    package: Package | KeptPackage


class Referenced(NamedTuple):
    """An image that the user names."""

    reference: str


class Archived(NamedTuple):
    """An image archive."""

    package: Package
    archive: ImageArchive


class Built(NamedTuple):
    """A build context that was checked; `limit` is how many bytes its files may have together."""

    package: Package
    context: Context
    limit: int


class Kept(NamedTuple):
    """The image of a container that is there."""

    image_id: str
    origin: str
    package: str


class Unfetched(NamedTuple):
    """A package behind a URL, which a dry run does not fetch."""

    url: str
    origin: str


Source = Packaged | Referenced | Archived | Built | Kept | Unfetched


def origin(source: Source) -> str:
    """Return what a source's image is made from, as it stands in a container's label."""
    match source:
        case Packaged():
            return f"package on {source.base}"
        case Referenced():
            return f"image {source.reference}"
        case Archived():
            return "image archive"
        case Built():
            return "build context"
        case _:
            return source.origin


def package(source: Source) -> str:
    """Return the hash of the package in a source's image; empty where it has none, or none that is known."""
    match source:
        case Packaged() | Archived() | Built():
            return source.package.sha256
        case Kept():
            return source.package
        case _:
            return ""
