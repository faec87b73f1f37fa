"""`append`: one layer with the package put on the base image, by the registry's API alone: no pod, no privilege."""

from __future__ import annotations

import copy
import json
from typing import Any

from bosun_core.errors import EnvironmentFailure
from bosun_core.model_sources.sources import Packaged
from bosun_core.packages import Package
from bosun_core.reporting import progress

from bosun_k8s import names
from bosun_k8s.images.layer import Layer
from bosun_k8s.images.media_types import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, to_oci
from bosun_k8s.images.reference import Reference
from bosun_k8s.images.registry import Manifest, Place

Document = dict[str, Any]


def appended(base: Place, target: Place, source: Packaged[Package]) -> str:
    """Return the digest of an image of base and package; one that is there already is not made again.

    Raises:
        EnvironmentFailure: a registry cannot be asked, or refuses; the base image is not there.
    """
    progress("making the image", 0)
    found = base.registry.manifest(base.reference.repository, base.reference.selector)
    if found is None:
        raise EnvironmentFailure(
            f"{source.key} {base.reference.name}:{base.reference.selector} is not in its registry; push it, or correct "
            "its name"
        )
    annotations = told(base.reference, found.digest, source.sha256)
    there = target.made_of({key: annotations[key] for key in (names.BASE_DIGEST, names.PACKAGE)})
    if there is not None:
        return there
    layer = Layer(source.package, source.path)
    repository = target.reference.repository
    digest = target.registry.upload(repository, layer.size, layer.pieces)
    descriptor = {"mediaType": OCI_LAYER, "digest": digest, "size": layer.size}
    document = _built(base, target, found, descriptor, annotations)
    made, _ = target.registry.put_manifest(repository, target.reference.tag, document)
    return made


def told(base: Reference, digest: str, package: str) -> dict[str, str]:
    """Return the annotations that say what an image is made of. Pure."""
    return {names.BASE_NAME: f"{base.name}:{base.tag}", names.BASE_DIGEST: digest, names.PACKAGE: package}


def _built(base: Place, target: Place, found: Manifest, layer: Document, annotations: dict[str, str]) -> Document:
    """Put together what the tag is to name: an index stays an index."""
    if not found.is_index:
        return _with_layer(base, target, found.document, layer, annotations)
    entries = []
    for entry in found.document["manifests"]:
        if not is_for_a_platform(entry):
            continue
        one = base.registry.manifest(base.reference.repository, entry["digest"])
        if one is None:
            raise EnvironmentFailure(f"the base image {base.reference.name} lacks a part of its index; push it again")
        document = _with_layer(base, target, one.document, layer, annotations)
        digest, size = target.registry.put_manifest(target.reference.repository, "", document)
        entries.append({**_bare(entry), "mediaType": OCI_MANIFEST, "digest": digest, "size": size})
    return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries, "annotations": annotations}


def is_for_a_platform(entry: Document) -> bool:
    """Tell whether an index's entry is an image, and no attestation of one. Pure."""
    platform = entry.get("platform") or {}
    return bool(platform.get("os") != "unknown")


def _bare(entry: Document) -> Document:
    return {"platform": entry["platform"]} if "platform" in entry else {}


def _with_layer(
    base: Place, target: Place, document: Document, layer: Document, annotations: dict[str, str]
) -> Document:
    """Put configuration and base layers into the target's repository; return the manifest of the new image."""
    if "layers" not in document or "config" not in document:
        raise EnvironmentFailure(
            f"the base image {base.reference.name} has an old format; pull it and push it again with a current tool"
        )
    config = base.registry.json_blob(base.reference.repository, document["config"]["digest"])
    content = json.dumps(configured(config, layer), separators=(",", ":"), sort_keys=True).encode()
    for part in document["layers"]:
        _carry(base, target, part)
    digest = target.registry.put_blob(target.reference.repository, content)
    return manifest(document, {"mediaType": OCI_CONFIG, "digest": digest, "size": len(content)}, layer, annotations)


def configured(config: Document, layer: Document) -> Document:
    """Return an image's configuration with one more layer, which is not compressed. Pure."""
    made = copy.deepcopy(config)
    made.setdefault("rootfs", {"type": "layers"}).setdefault("diff_ids", []).append(layer["digest"])
    made.setdefault("history", []).append({"created_by": "bosun: the model package"})
    return made


def manifest(document: Document, config: Document, layer: Document, annotations: dict[str, str]) -> Document:
    """Return the manifest of an image with one more layer, as OCI writes it. Pure."""
    layers = [{**part, "mediaType": to_oci(part["mediaType"])} for part in document["layers"]]
    return {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config,
        "layers": [*layers, layer],
        "annotations": annotations,
    }


def _carry(base: Place, target: Place, part: Document) -> None:
    """See that the target's repository has a layer of the base: there already, mounted, or sent."""
    digest, repository = part["digest"], target.reference.repository
    source = base.reference.repository
    here = base.registry.name == target.registry.name
    if here and (source == repository or target.registry.mount(repository, digest, source)):
        return
    if target.registry.has(repository, digest):
        return
    progress("sending the base image", 0, part["size"])
    target.registry.upload(repository, part["size"], lambda offset: base.registry.blob(source, digest, offset))
