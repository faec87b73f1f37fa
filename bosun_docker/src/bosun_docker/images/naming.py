"""An image archive on its way to the engine: its image gets our name in the place of those that it brings.

It is sent on unread but for the files that name the image. So loading it never moves a name that a user's image has,
and never leaves an image without a name.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import tarfile
from collections.abc import Iterator
from typing import IO, Any

from bosun_core.model_sources.image_archives import INDEX, MANIFEST, REPOSITORIES, document, is_of_an_image, manifests
from bosun_core.model_sources.tars import Member, Tar, is_gzip, unzipped
from bosun_core.packages import Package, changed
from bosun_core.reporting import progress

_IMAGE_NAME, _REF_NAME = "io.containerd.image.name", "org.opencontainers.image.ref.name"


def named(package: Package, name: str | None) -> Iterator[bytes]:
    """Yield the archive, unzipped, with `name` as the only name of its image, or with none.

    Raises:
        EnvironmentFailure: it is not the file any more that was measured.
        Unusable: it is damaged.
    """
    with package.path.open("rb") as file:
        hashed = _Hashed(file, package)
        tar = Tar(unzipped(hashed) if is_gzip(file) else hashed)
        for member in tar:
            own = posixpath.normpath(member.name)
            if not is_of_an_image(member):
                raise changed(package)
            if own == MANIFEST:
                yield from _written(
                    member, [{**one, "RepoTags": [name] if name else []} for one in document(member, tar)][:1]
                )
            elif own == INDEX:
                yield from _written(member, _index_named(document(member, tar), name))
            elif own != REPOSITORIES:
                yield member.header
                yield from tar.content()
                yield bytes(-member.size % tarfile.BLOCKSIZE)
        hashed.check()
        yield bytes(2 * tarfile.BLOCKSIZE)


def _written(member: Member, document: Any) -> Iterator[bytes]:
    content = json.dumps(document).encode()
    header = tarfile.TarInfo(member.name)
    header.size, header.mode = len(content), 0o644
    yield header.tobuf(tarfile.GNU_FORMAT)
    yield content + bytes(-len(content) % tarfile.BLOCKSIZE)


def _index_named(index: Any, name: str | None) -> Any:
    one = manifests(index)[0]
    kept = {key: value for key, value in (one.get("annotations") or {}).items() if key not in (_IMAGE_NAME, _REF_NAME)}
    own = {_IMAGE_NAME: _whole(name), _REF_NAME: name.rpartition(":")[2]} if name else {}
    return {**index, "manifests": [{**one, "annotations": {**kept, **own}}]}


def _whole(name: str) -> str:
    """Return an image's name with its registry, as containerd writes it."""
    first, slash, _ = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"


class _Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes], package: Package) -> None:
        self._file = file
        self._package = package
        self._digest = hashlib.sha256()
        self._done = 0

    def read(self, count: int, /) -> bytes:
        found = self._file.read(count)
        self._digest.update(found)
        self._done += len(found)
        progress("sending the image archive", self._done, self._package.size)
        return found

    def check(self) -> None:
        """Check that all that was read, and what is left, is what was measured."""
        while self.read(1024 * 1024):
            pass
        if self._digest.hexdigest() != self._package.sha256:
            raise changed(self._package)
