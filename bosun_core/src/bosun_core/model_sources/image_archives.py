"""Image archives, as `docker save` and tools of OCI write them: read only as far as the files that name the image."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

from bosun_core.model_sources.image_documents import (
    CONFIG,
    FILES,
    FOLDERS,
    INDEX,
    LAYER,
    LAYOUT,
    MANIFEST,
    REPOSITORIES,
    docker_image,
    oci_image,
)
from bosun_core.model_sources.tars import FILE, FOLDER, HARD_LINK, SYMBOLIC_LINK, Member, Tar, Unusable, opened
from bosun_core.packages import Package

_DOCUMENTS = (MANIFEST, INDEX, REPOSITORIES, LAYOUT)
_MOST_ENTRIES = 10_000
_LARGEST_FILE = 4 * 1024 * 1024


class ImageArchive(NamedTuple):
    """What an image archive tells of its image."""

    config: str
    """The image's id on engines that count by configuration; empty where it cannot be told. Paths are not believed."""
    docker: dict[str, Any] | None = None
    """What `docker save` tells: the paths of configuration and layers."""
    oci: dict[str, Any] | None = None
    """What tools of OCI tell: an index of one manifest."""


class Entry(NamedTuple):
    """An entry of an image archive, by the path that every reader gives it."""

    path: str
    kind: str
    size: int
    target: str
    """The path that a link leads to, from the root of the archive."""


class Entries:
    """Takes the entries of an image archive one after the other."""

    def __init__(self) -> None:
        self._count = 0
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def take(self, member: Member) -> Entry | None:
        """Return an entry, or None where it is not one that an image archive has.

        Raises:
            Unusable: it is there twice, or below a file, or a link does not lead to a layer.
        """
        self._count += 1
        if self._count > _MOST_ENTRIES or not _is_of_an_image(member):
            return None
        path = posixpath.normpath(member.name)
        if path in self._files or (member.kind != FOLDER and path in self._folders):
            raise Unusable(f"has {path} twice; save the image again")
        folders = {path[:at] for at, letter in enumerate(path) if letter == "/"}
        if folders & self._files:
            raise Unusable(f"has {path} below a file; save the image again")
        self._folders |= folders
        (self._folders if member.kind == FOLDER else self._files).add(path)
        return Entry(path, member.kind, member.size, _target(member, path))


def _is_of_an_image(member: Member) -> bool:
    name = member.name.removeprefix("./")
    if name in _DOCUMENTS:
        return member.kind == FILE
    if member.kind == FOLDER:
        return bool(FOLDERS.fullmatch(name))
    shape = FILES if member.kind == FILE else LAYER
    return member.kind in (FILE, SYMBOLIC_LINK, HARD_LINK) and bool(shape.fullmatch(name))


def _target(member: Member, path: str) -> str:
    if member.kind not in (SYMBOLIC_LINK, HARD_LINK):
        return ""
    folder = posixpath.dirname(path) if member.kind == SYMBOLIC_LINK else ""
    target = posixpath.normpath(posixpath.join(folder, member.link))
    if not LAYER.fullmatch(target) or target == path:
        raise Unusable(f"has {path}, a link that does not lead to another layer; save the image again")
    return target


def recognised(package: Package, deadline: float) -> ImageArchive | None:
    """Return what an archive tells of its image, or None where it is no image archive.

    Raises:
        Unusable: it is one, and cannot be used.
    """
    contents: dict[str, bytes] = {}
    digests: dict[str, str] = {}
    entries = Entries()
    with opened(package.path) as stream:
        tar = Tar(stream, deadline)
        for member in tar:
            entry = entries.take(member)
            if entry is None:
                return None
            if entry.path in (MANIFEST, INDEX):
                contents[entry.path] = small(member, tar)
            elif entry.kind == FILE and entry.size <= _LARGEST_FILE and CONFIG.fullmatch(entry.path):
                digests[entry.path] = f"sha256:{hashlib.sha256(small(member, tar)).hexdigest()}"
    docker = docker_image(contents[MANIFEST]) if MANIFEST in contents else None
    oci = {"manifests": [oci_image(contents[INDEX])]} if INDEX in contents else None
    if docker is None and oci is None:
        return None
    return ImageArchive("" if docker is None else digests.get(docker["Config"], ""), docker, oci)


def files(path: Path, names: Collection[str]) -> dict[str, bytes]:
    """Return the content of some of an archive's files; those that it lacks are left out.

    Raises:
        Unusable: it is damaged, or one is too large.
    """
    found: dict[str, bytes] = {}
    with opened(path) as stream:
        tar = Tar(stream)
        for member in tar:
            name = posixpath.normpath(member.name)
            if name in names and member.kind == FILE:
                found[name] = small(member, tar)
            if len(found) == len(names):
                break
    return found


def small(member: Member, tar: Tar) -> bytes:
    """Return the content of the current entry, a document.

    Raises:
        Unusable: it is too large for one.
    """
    if member.size > _LARGEST_FILE:
        raise Unusable(f"has a {member.name} of {member.size} bytes, so it is no image archive; save the image again")
    return b"".join(tar.content())
