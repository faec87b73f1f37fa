"""An image archive on its way to the engine: its image gets our name in the place of those that it brings.

Each entry is written anew, and so are the files that name the image: the engine reads no header and no name that we did
not write. So loading it never moves a name that a user's image has, and never leaves an image without a name.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterator
from typing import IO, Any

from bosun_core.model_sources.image_archives import Entries, Entry, small
from bosun_core.model_sources.image_documents import INDEX, LAYOUT, MANIFEST, REPOSITORIES, docker_image, oci_image
from bosun_core.model_sources.tars import FILE, FOLDER, HARD_LINK, SYMBOLIC_LINK, Member, Tar, opened
from bosun_core.packages import Package, changed
from bosun_core.reporting import progress

_IMAGE_NAME, _REF_NAME = "io.containerd.image.name", "org.opencontainers.image.ref.name"
_OCI_INDEX = "application/vnd.oci.image.index.v1+json"
_TYPES = {FILE: tarfile.REGTYPE, FOLDER: tarfile.DIRTYPE, SYMBOLIC_LINK: tarfile.SYMTYPE, HARD_LINK: tarfile.LNKTYPE}


def named(package: Package, name: str | None) -> Iterator[bytes]:
    """Yield the archive, unzipped, with `name` as the only name of its image, or with none.

    Raises:
        EnvironmentFailure: it is not the file any more that was measured.
        Unusable: it is damaged, or can be read in two ways.
    """
    hashed = _Hashed(package)
    entries = Entries()
    with opened(package.path, hashed.through) as stream:
        tar = Tar(stream)
        for member in tar:
            entry = entries.take(member)
            if entry is None:
                raise changed(package)
            if entry.path in (MANIFEST, INDEX, LAYOUT):
                yield from _written(entry, json.dumps(_document(entry.path, member, tar, name)).encode())
            elif entry.path not in (REPOSITORIES, "."):
                yield _header(entry)
                yield from tar.content()
                yield bytes(-entry.size % tarfile.BLOCKSIZE)
        hashed.check()
    yield bytes(2 * tarfile.BLOCKSIZE)


def _header(entry: Entry) -> bytes:
    header = tarfile.TarInfo(entry.path)
    header.type, header.size = _TYPES[entry.kind], entry.size
    header.mode = 0o755 if entry.kind == FOLDER else 0o644
    header.linkname = ("../" * entry.path.count("/") if entry.kind == SYMBOLIC_LINK else "") + entry.target
    return header.tobuf(tarfile.GNU_FORMAT)


def _written(entry: Entry, content: bytes) -> Iterator[bytes]:
    yield _header(entry._replace(size=len(content)))
    yield content + bytes(-len(content) % tarfile.BLOCKSIZE)


def _document(path: str, member: Member, tar: Tar, name: str | None) -> Any:
    """Return what a file is to say that names the image, or how the archive is laid out."""
    if path == LAYOUT:
        return {"imageLayoutVersion": "1.0.0"}
    if path == MANIFEST:
        return [{**docker_image(small(member, tar)), "RepoTags": [name] if name else []}]
    annotations = {_IMAGE_NAME: _whole(name), _REF_NAME: name.rpartition(":")[2]} if name else {}
    manifest = {**oci_image(small(member, tar)), "annotations": annotations}
    return {"schemaVersion": 2, "mediaType": _OCI_INDEX, "manifests": [manifest]}


def _whole(name: str) -> str:
    """Return an image's name with its registry, as containerd writes it."""
    first, slash, _ = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"


class _Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._digest = hashlib.sha256()
        self._done = 0

    def through(self, file: IO[bytes]) -> _Hashed:
        """Return what reads a file."""
        self._file = file
        return self

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
