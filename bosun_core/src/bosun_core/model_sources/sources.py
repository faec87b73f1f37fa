"""Where the image of a deployment comes from, as small values; a plugin makes an image of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from bosun_core.packages import Package

if TYPE_CHECKING:
    from bosun_core.model_sources.contexts import Context
    from bosun_core.model_sources.image_archives import ImageArchive

P = TypeVar("P", covariant=True)


class Packaged(NamedTuple, Generic[P]):
    """A base image, with a package put at `path` in it."""

    base: str
    key: str
    """The setting that names the base."""
    path: str
    package: P
    sha256: str
    """Of the package."""


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
    """The image of what is there."""

    image: str
    origin: str
    package: str


class Unfetched(NamedTuple):
    """A package behind a URL, which a dry run does not fetch."""

    url: str
    origin: str


Given = Packaged[Package] | Referenced | Archived | Built | Unfetched
"""What an action brings itself."""


def origin(source: Packaged[object] | Given | Kept) -> str:
    """Return what a source's image is made from, as it is kept with the deployment."""
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


def package(source: Packaged[object] | Given | Kept) -> str:
    """Return the hash of the package in a source's image; empty where it has none, or none that is known."""
    match source:
        case Packaged():
            return source.sha256
        case Archived() | Built():
            return source.package.sha256
        case Kept():
            return source.package
        case _:
            return ""
