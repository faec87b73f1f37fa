"""What an image archive holds for a registry: which of its files are blobs, and the manifests that name them.

As `docker save` writes it, an archive tells configuration and layers by their paths, and the manifest is made here; as
tools of OCI do, it holds the manifests themselves.
"""

from __future__ import annotations

import json
import posixpath
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from bosun_core.model_sources import image_archives, image_documents
from bosun_core.model_sources.image_archives import ImageArchive
from bosun_core.model_sources.tars import Unusable

from bosun_k8s.images.media_types import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, of_layer, to_oci
from bosun_k8s.images.registry import digest_of

Document = dict[str, Any]
Digest = Annotated[str, msgspec.Meta(pattern=r"^sha256:[0-9a-f]{64}$")]

_BLOBS = "blobs/sha256/"


class Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    """What a manifest says of a blob, or an index of a manifest."""

    digest: Digest
    media_type: str = ""


class _Manifest(msgspec.Struct, frozen=True):
    """A manifest, or with `manifests` an index."""

    config: Descriptor | None = None
    layers: list[Descriptor] = []
    manifests: list[Descriptor] = []


class _Rootfs(msgspec.Struct, frozen=True):
    diff_ids: list[Digest] = []


class _Config(msgspec.Struct, frozen=True):
    rootfs: _Rootfs = _Rootfs()


class _Named(msgspec.Struct, frozen=True, rename="pascal"):
    config: str
    layers: list[str]


class Blob(NamedTuple):
    """A blob as it was found in an archive."""

    digest: str
    size: int
    media_type: str

    @property
    def descriptor(self) -> Document:
        """What a manifest says of it."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


class Saved(NamedTuple):
    """An image as `docker save` writes it."""

    config: bytes
    layers: tuple[tuple[str, str], ...]
    """The path of each layer, and the digest of its tar."""
    below: tuple[tuple[str, bytes], ...] = ()
    """The manifests that an index leads to, each after its media type."""

    @property
    def wanted(self) -> set[str]:
        """The paths of the files that are blobs."""
        return {path for path, _ in self.layers}

    @property
    def documents(self) -> list[bytes]:
        """The blobs that are no files of their own."""
        return [self.config]

    def expected(self, path: str, begin: bytes) -> str | None:
        """Return the digest that a blob is to have, where that can be told, by the first bytes of its file."""
        if of_layer(begin) == OCI_LAYER:
            return dict(self.layers)[path]
        return _digest(path) if path.startswith(_BLOBS) else None

    def top(self, found: dict[str, Blob]) -> Document:
        """Return what the tag is to name; `found` are the blobs by their paths.

        Raises:
            Unusable: one is not there.
        """
        by_digest = {blob.digest: blob for blob in found.values()}
        layers = []
        for path, digest in self.layers:
            blob = found.get(path) or by_digest.get(digest)  # the file may be a link to one that has the same content
            if blob is None:
                raise Unusable(f"lacks the layer {path[:80]}; save the image again")
            layers.append(blob.descriptor)
        config = Blob(digest_of(self.config), len(self.config), OCI_CONFIG)
        return {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config.descriptor, "layers": layers}


class Laid(NamedTuple):
    """An image as tools of OCI write it."""

    document: Document
    wanted: set[str]
    """The paths of the files that are blobs."""
    below: tuple[tuple[str, bytes], ...] = ()
    """The manifests that an index leads to, each after its media type."""
    documents: tuple[bytes, ...] = ()
    """None: all blobs are files."""

    def expected(self, path: str, begin: bytes) -> str | None:  # noqa: ARG002  # as `Saved.expected`
        """Return the digest that a blob is to have."""
        return _digest(path)

    def top(self, found: dict[str, Blob]) -> Document:
        """Return what the tag is to name, as `Saved.top`."""
        lacking = sorted(self.wanted - set(found))
        if lacking:
            raise Unusable(f"lacks {lacking[0]}; save the image again, whole")
        return self.document


def layout(path: Path, archive: ImageArchive) -> Saved | Laid:
    """Return what an archive holds; what Docker tells of it goes first, since that is one image alone.

    Raises:
        Unusable: it is damaged, or not whole.
    """
    return _laid(path, archive.oci) if archive.docker is None else _saved(path, archive.docker)


def _saved(path: Path, docker: Document) -> Saved:
    told = _read(_Named, docker, image_documents.MANIFEST)
    name = posixpath.normpath(told.config)
    config = _files(path, {name})[name]
    diff_ids = _read(_Config, _document(config, name), name).rootfs.diff_ids
    if len(diff_ids) != len(told.layers):
        raise Unusable(f"names {len(told.layers)} layers and its configuration {len(diff_ids)}; save the image again")
    return Saved(config, tuple(zip(map(posixpath.normpath, told.layers), diff_ids, strict=True)))


def _laid(path: Path, oci: Document | None) -> Laid:
    first = _read(_Manifest, oci, image_documents.INDEX).manifests[0]
    name = _path(first.digest)
    document = _document(_files(path, {name})[name], name)
    top = _read(_Manifest, document, name)
    children = _files(path, {_path(one.digest) for one in top.manifests})
    below = [(one.media_type or OCI_MANIFEST, children[_path(one.digest)]) for one in top.manifests]
    manifests = [top, *(_read(_Manifest, _document(content, name), name) for _, content in below)]
    if any(one.manifests for one in manifests[1:]):
        raise Unusable("has an index in an index; save one image")
    wanted = {_path(one.config.digest) for one in manifests if one.config is not None}
    wanted |= {_path(layer.digest) for one in manifests for layer in one.layers}
    whole = {**document, "schemaVersion": 2, "mediaType": OCI_INDEX if top.manifests else OCI_MANIFEST}
    for key in ("config", "layers"):
        whole = {**whole, **_in_oci(key, document)}
    return Laid(whole, wanted, tuple(below))


def _in_oci(key: str, document: Document) -> Document:
    """Return a part of a manifest with OCI's media types in the place of Docker's."""
    part = document.get(key)
    if isinstance(part, dict):
        return {key: {**part, "mediaType": to_oci(str(part.get("mediaType", "")))}}
    if isinstance(part, list):
        return {key: [{**one, "mediaType": to_oci(str(one.get("mediaType", "")))} for one in part]}
    return {}


def _path(digest: str) -> str:
    return _BLOBS + digest.removeprefix("sha256:")


def _digest(path: str) -> str:
    return f"sha256:{path.removeprefix(_BLOBS)}"


def _files(path: Path, names: set[str]) -> dict[str, bytes]:
    found = image_archives.files(path, names)
    for name in sorted(names - set(found)):
        raise Unusable(f"lacks {name[:80]!r}; save the image again, whole")
    return found


def _document(content: bytes, name: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise Unusable(f"has a {name[:80]!r} that is no document; save the image again") from None


def _read(shape: Any, document: Any, name: str) -> Any:
    try:
        return msgspec.convert(document, shape)
    except msgspec.ValidationError as error:
        raise Unusable(f"has a {name[:80]!r} that names no image ({error}); save the image again") from None
