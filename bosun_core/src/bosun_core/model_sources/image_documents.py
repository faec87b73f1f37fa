"""The documents that name the image of an archive, rebuilt from the keys that are known here and nothing else. Pure.

Readers differ on keys that are there twice or in another case: Go's encoding/json takes the last of them.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable
from typing import Any

from bosun_core.model_sources.tars import Unusable

MANIFEST, INDEX, REPOSITORIES, LAYOUT = "manifest.json", "index.json", "repositories", "oci-layout"
_HEX = r"(sha256[:-])?[0-9a-f]{64}"
_BLOB = r"blobs/sha256/[0-9a-f]{64}"
CONFIG = re.compile(rf"{_HEX}(\.json)?|{_BLOB}")
"""The paths that configurations have."""
LAYER = re.compile(rf"{_HEX}(/layer\.tar|\.tar(\.gz)?)?|{_BLOB}")
"""The paths that layers have."""
FILES = re.compile(rf"{CONFIG.pattern}|{LAYER.pattern}|{_HEX}/(VERSION|json)")
"""The paths of files, other than those that are documents."""
FOLDERS = re.compile(rf"(\.|{_HEX}|blobs|blobs/sha256)/?|")
"""The paths of folders."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_KEPT = ("mediaType", "digest", "size")
_MEDIA_TYPE = re.compile(r"[a-zA-Z0-9.+/_-]{1,127}")
_A = {MANIFEST: f"a {MANIFEST}", INDEX: f"an {INDEX}"}
_AGAIN = "save the image again"


def docker_image(content: bytes) -> dict[str, Any]:
    """Return the one image of a manifest.json: `Config` and `Layers`, paths in the archive.

    Raises:
        Unusable: it is not one, or names no image or several.
    """
    images = _document(content, MANIFEST)
    if not isinstance(images, list) or not images:
        raise _names_no_image(MANIFEST)
    rebuilt = [_docker_image(image) for image in images]
    _check_one_image(image["Config"] for image in rebuilt)
    return rebuilt[0]


def _docker_image(image: Any) -> dict[str, Any]:
    config = image.get("Config") if isinstance(image, dict) else None
    layers = (image.get("Layers") or []) if config else None
    if not isinstance(config, str) or not isinstance(layers, list):
        raise _names_no_image(MANIFEST)
    return {"Config": _path(config, CONFIG), "Layers": [_path(layer, LAYER) for layer in layers]}


def _path(path: Any, shape: re.Pattern[str]) -> str:
    clean = posixpath.normpath(path) if isinstance(path, str) else ""
    if not shape.fullmatch(clean):
        raise _names_no_image(MANIFEST)
    return clean


def oci_image(content: bytes) -> dict[str, Any]:
    """Return the one image of an index.json: `digest`, and `mediaType` and `size` where they are given; no annotations.

    Raises:
        Unusable: it is not one, or names no image or several.
    """
    index = _document(content, INDEX)
    manifests = index.get("manifests") if isinstance(index, dict) else None
    if not isinstance(manifests, list) or not manifests:
        raise _names_no_image(INDEX)
    rebuilt = [_oci_image(manifest) for manifest in manifests]
    _check_one_image(manifest["digest"] for manifest in rebuilt)
    return rebuilt[0]


def _oci_image(manifest: Any) -> dict[str, Any]:
    kept = {key: manifest[key] for key in _KEPT if key in manifest} if isinstance(manifest, dict) else {}
    digest, media_type, size = kept.get("digest"), kept.get("mediaType", "-"), kept.get("size", 0)
    if not (isinstance(digest, str) and _DIGEST.fullmatch(digest)) or type(size) is not int:
        raise _names_no_image(INDEX)
    if not (isinstance(media_type, str) and _MEDIA_TYPE.fullmatch(media_type)):
        raise _names_no_image(INDEX)
    return kept


def _document(content: bytes, name: str) -> Any:
    try:
        return json.loads(content.decode(), object_pairs_hook=lambda pairs: _distinct(pairs, name))
    except Unusable:
        raise
    except (ValueError, RecursionError):
        raise Unusable(f"has {_A[name]} that is none; {_AGAIN}") from None


def _distinct(pairs: list[tuple[str, Any]], name: str) -> dict[str, Any]:
    seen: set[str] = set()
    for key, _ in pairs:
        if key.casefold() in seen:
            raise Unusable(f"has {_A[name]} that readers interpret differently ({key[:40]!r} is there twice); {_AGAIN}")
        seen.add(key.casefold())
    return dict(pairs)


def _check_one_image(images: Iterable[str]) -> None:
    count = len(set(images))
    if count > 1:
        raise Unusable(f"holds {count} images; save the one that is to be served: docker save IMAGE")


def _names_no_image(name: str) -> Unusable:
    return Unusable(f"has {_A[name]} that names no image; {_AGAIN}")
