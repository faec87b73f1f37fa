"""An image archive brought to a registry: its layers are streamed out of it, those that are there already left out."""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Iterator

from bosun_core.errors import InvalidRequest
from bosun_core.model_sources.sources import Archived, origin
from bosun_core.model_sources.tars import FILE, Member, Tar, Unusable, opened
from bosun_core.packages import Package, changed
from bosun_core.reporting import progress

from bosun_k8s import names
from bosun_k8s.images.archive_layout import Blob, Laid, Saved, layout
from bosun_k8s.images.media_types import of_layer
from bosun_k8s.images.registry import Place, Unexpected

OTHERWISE = "push the image to it yourself, and name it in keyValueConfig.image"
"""What to do about a registry that cannot be reached from here."""


def pushed(target: Place, source: Archived) -> str:
    """Return the digest of an archive's image in a registry; one that is there already is not sent again.

    Raises:
        InvalidRequest: the archive cannot be used.
        EnvironmentFailure: the registry cannot be asked, or refuses; the archive is no longer what was measured.
    """
    progress("reading the image archive", 0)
    registry, repository, tag = target.registry, target.reference.repository, target.reference.tag
    annotations = {names.PACKAGE: source.package.sha256, names.ORIGIN: origin(source)}
    there = target.made_of(annotations)
    if there is not None:
        return there
    try:
        found = layout(source.package.path, source.archive)
        top = found.top(_sent(target, source.package, found))
    except Unusable as error:
        raise InvalidRequest(f"modelArtifact {source.package.path} {error}") from error
    for content in found.documents:
        registry.put_blob(repository, content)
    for media_type, content in found.below:
        registry.put_content(repository, "", media_type, content)
    top["annotations"] = {**(top.get("annotations") or {}), **annotations}
    return registry.put_manifest(repository, tag, top)[0]


def _sent(target: Place, package: Package, found: Saved | Laid) -> dict[str, Blob]:
    """Send the blobs in the order in which they come, and return them by their paths."""
    blobs: dict[str, Blob] = {}
    with opened(package.path) as stream:
        tar = Tar(stream)
        for number, member in enumerate(tar):
            name = posixpath.normpath(member.name)
            if member.kind == FILE and name in found.wanted and name not in blobs:
                blobs[name] = _blob(target, found, name, member, _Content(package, tar, number))
    if package.path.stat().st_mtime_ns != package.modified:
        raise changed(package)
    return blobs


class _Content:
    """The content of an archive's entry: as it comes, and once more from an offset on where sending it broke."""

    def __init__(self, package: Package, tar: Tar, number: int) -> None:
        self._package = package
        self._number = number
        self._rest: Iterator[bytes] | None = tar.content()
        self.begin = next(self._rest, b"")

    def pieces(self, offset: int) -> Iterator[bytes]:
        """Yield the bytes from an offset on."""
        if not offset and self._rest is not None:
            rest, self._rest = self._rest, None
            return itertools.chain([self.begin], rest)
        return self._again(offset)

    def _again(self, offset: int) -> Iterator[bytes]:
        with opened(self._package.path) as stream:
            tar = Tar(stream)
            next(itertools.islice(tar, self._number, None))
            for piece in tar.content():
                yield piece[offset:]
                offset = max(0, offset - len(piece))


def _blob(target: Place, found: Saved | Laid, path: str, member: Member, content: _Content) -> Blob:
    repository = target.reference.repository
    expected = found.expected(path, content.begin)
    if expected is not None and target.registry.has(repository, expected):
        return Blob(expected, member.size, of_layer(content.begin))

    def told(offset: int) -> Iterator[bytes]:
        for piece in content.pieces(offset):
            yield piece
            offset += len(piece)
            progress("sending the image", offset, member.size)

    try:
        digest = target.registry.upload(repository, member.size, told, expected)
    except Unexpected as error:
        raise Unusable(f"is damaged ({path[:80]}: {error}); save the image again") from error
    return Blob(digest, member.size, of_layer(content.begin))
