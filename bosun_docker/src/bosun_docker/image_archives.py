"""Image archives, as `docker save` writes them: sent on unread but for the files that name the image.

The names that an archive brings are dropped and ours takes their place, in the same stream: loading it never moves a
name that a user's image has, and never leaves an image without a name.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import tarfile
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from bosun_core.packages import changed
from bosun_core.reporting import progress

from bosun_docker.packages import Package
from bosun_docker.tars import FILE, FOLDER, Member, Tar, Unusable, is_gzip, opened, unzipped

MANIFEST, INDEX, REPOSITORIES, LAYOUT = "manifest.json", "index.json", "repositories", "oci-layout"
_HEX = r"(sha256[:-])?[0-9a-f]{64}"
_LAYER_OR_CONFIG = re.compile(
    rf"{_HEX}(/|/VERSION|/json|/layer\.tar|\.json|\.tar(\.gz)?)?|blobs/?|blobs/sha256(/|/[0-9a-f]{{64}})?"
)
_LAYER = re.compile(rf"{_HEX}/layer\.tar|{_HEX}\.tar")
_MOST_ENTRIES = 10_000
_LARGEST_FILE = 4 * 1024 * 1024
_IMAGE_NAME, _REF_NAME = "io.containerd.image.name", "org.opencontainers.image.ref.name"


class ImageArchive(NamedTuple):
    """What an image archive tells of its image; `config` is the image's id on engines that count by configuration."""

    config: str


def recognised(package: Package, deadline: float) -> ImageArchive | None:
    """Return what an archive tells of its image, or None where it is no image archive.

    Raises:
        Unusable: it is one, and cannot be used.
    """
    files: dict[str, Any] = {}
    with opened(package.path) as stream:
        tar = Tar(stream, deadline)
        for count, member in enumerate(tar):
            name = posixpath.normpath(member.name)
            if count >= _MOST_ENTRIES or not _is_of_an_image(member):
                return None
            if name in (MANIFEST, INDEX):
                files[name] = _document(member, tar)
    if MANIFEST in files:
        return ImageArchive(_config(files[MANIFEST]))
    if INDEX in files:
        _check_one_image({str(one.get("digest")) for one in _manifests(files[INDEX])})
        return ImageArchive("")
    return None


def _is_of_an_image(member: Member) -> bool:
    """Tell whether an entry is one that an image archive has; links lead from one layer to another alone."""
    name = member.name.removeprefix("./")
    if name in (MANIFEST, INDEX, REPOSITORIES, LAYOUT):
        return member.kind == FILE
    if member.kind not in (FILE, FOLDER):
        return bool(_LAYER.fullmatch(name)) and member.kind.endswith("link")
    return name in ("", ".") or bool(_LAYER_OR_CONFIG.fullmatch(name))


def _document(member: Member, tar: Tar) -> Any:
    if member.size > _LARGEST_FILE:
        raise Unusable(f"has a {member.name} of {member.size} bytes, so it is no image archive; save the image again")
    try:
        return json.loads(b"".join(tar.content()))
    except (ValueError, RecursionError):
        raise Unusable(f"has a {member.name} that is none; save the image again") from None


def _config(manifest: Any) -> str:
    images = manifest if isinstance(manifest, list) else []
    if not images or not all(isinstance(one, dict) and isinstance(one.get("Config"), str) for one in images):
        raise Unusable(f"has a {MANIFEST} that names no image; save the image again")
    _check_one_image({one["Config"] for one in images})
    found = re.search(r"([0-9a-f]{64})(\.json)?$", images[0]["Config"])
    return f"sha256:{found[1]}" if found else ""


def _manifests(index: Any) -> list[dict[str, Any]]:
    manifests = index.get("manifests") if isinstance(index, dict) else None
    if not isinstance(manifests, list) or not all(isinstance(one, dict) for one in manifests) or not manifests:
        raise Unusable(f"has an {INDEX} that names no image; save the image again")
    return manifests


def _check_one_image(images: set[str]) -> None:
    if len(images) > 1:
        raise Unusable(f"holds {len(images)} images; save the one that is to be served: docker save IMAGE")


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
            if not _is_of_an_image(member):
                raise changed(package)
            if own == MANIFEST:
                yield from _written(
                    member, [{**one, "RepoTags": [name] if name else []} for one in _document(member, tar)][:1]
                )
            elif own == INDEX:
                yield from _written(member, _index_named(_document(member, tar), name))
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
    one = _manifests(index)[0]
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
