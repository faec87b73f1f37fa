"""Image archives, as `docker save` and tools of OCI write them: read only as far as the files that name the image."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

from bosun_core.model_sources.tars import FILE, FOLDER, Member, Tar, Unusable, opened
from bosun_core.packages import Package

MANIFEST, INDEX, REPOSITORIES, LAYOUT = "manifest.json", "index.json", "repositories", "oci-layout"
_HEX = r"(sha256[:-])?[0-9a-f]{64}"
_LAYER_OR_CONFIG = re.compile(
    rf"{_HEX}(/|/VERSION|/json|/layer\.tar|\.json|\.tar(\.gz)?)?|blobs/?|blobs/sha256(/|/[0-9a-f]{{64}})?"
)
_LAYER = re.compile(rf"{_HEX}/layer\.tar|{_HEX}\.tar")
_MOST_ENTRIES = 10_000
_LARGEST_FILE = 4 * 1024 * 1024


class ImageArchive(NamedTuple):
    """What an image archive tells of its image."""

    config: str
    """The image's id on engines that count by configuration; empty where that cannot be told."""
    docker: dict[str, Any] | None = None
    """What `docker save` tells: the paths of configuration and layers."""
    oci: dict[str, Any] | None = None
    """What tools of OCI tell."""


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
            if count >= _MOST_ENTRIES or not is_of_an_image(member):
                return None
            if name in (MANIFEST, INDEX):
                files[name] = document(member, tar)
    index = files.get(INDEX)
    if MANIFEST in files:
        return ImageArchive(_config(files[MANIFEST]), files[MANIFEST][0], index)
    if INDEX in files:
        _check_one_image({str(one.get("digest")) for one in manifests(index)})
        return ImageArchive("", None, index)
    return None


def is_of_an_image(member: Member) -> bool:
    """Tell whether an entry is one that an image archive has; links lead from one layer to another alone."""
    name = member.name.removeprefix("./")
    if name in (MANIFEST, INDEX, REPOSITORIES, LAYOUT):
        return member.kind == FILE
    if member.kind not in (FILE, FOLDER):
        return bool(_LAYER.fullmatch(name)) and member.kind.endswith("link")
    return name in ("", ".") or bool(_LAYER_OR_CONFIG.fullmatch(name))


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
                found[name] = _small(member, tar)
            if len(found) == len(names):
                break
    return found


def document(member: Member, tar: Tar) -> Any:
    """Return what stands in the current entry, a JSON document.

    Raises:
        Unusable: none does.
    """
    try:
        return json.loads(_small(member, tar))
    except (ValueError, RecursionError):
        raise Unusable(f"has a {member.name} that is none; save the image again") from None


def _small(member: Member, tar: Tar) -> bytes:
    if member.size > _LARGEST_FILE:
        raise Unusable(f"has a {member.name} of {member.size} bytes, so it is no image archive; save the image again")
    return b"".join(tar.content())


def _config(manifest: Any) -> str:
    images = manifest if isinstance(manifest, list) else []
    if not images or not all(isinstance(one, dict) and isinstance(one.get("Config"), str) for one in images):
        raise Unusable(f"has a {MANIFEST} that names no image; save the image again")
    _check_one_image({one["Config"] for one in images})
    found = re.search(r"([0-9a-f]{64})(\.json)?$", images[0]["Config"])
    return f"sha256:{found[1]}" if found else ""


def manifests(index: Any) -> list[dict[str, Any]]:
    """Return what an index leads to.

    Raises:
        Unusable: nothing.
    """
    manifests = index.get("manifests") if isinstance(index, dict) else None
    if not isinstance(manifests, list) or not all(isinstance(one, dict) for one in manifests) or not manifests:
        raise Unusable(f"has an {INDEX} that names no image; save the image again")
    return manifests


def _check_one_image(images: set[str]) -> None:
    if len(images) > 1:
        raise Unusable(f"holds {len(images)} images; save the one that is to be served: docker save IMAGE")
