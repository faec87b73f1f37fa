"""What an image archive holds for a registry, and what is wrong with one, in one line."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from archive_making import special, tar, written
from bosun_core.model_sources.image_archives import recognised
from bosun_core.model_sources.tars import Unusable
from bosun_core.packages import measured
from bosun_k8s.images.archive_layout import Blob, Laid, Saved, layout
from bosun_k8s.images.media_types import DOCKER_MANIFEST, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, of_layer
from bosun_k8s.images.registry import digest_of

ONE, TWO = b"first layer", b"second layer"
HEX = "a" * 64
DIFF_IDS = (digest_of(ONE),)


def found(path: Path) -> Saved | Laid:
    archive = recognised(measured(path), float("inf"))
    assert archive is not None
    return layout(path, archive)


def saved(*, layers: Any = (f"{HEX}/layer.tar",), diff_ids: Any = DIFF_IDS, config: bytes | None = None) -> bytes:
    """What `docker save` writes of one layer, with something of it changed."""
    content = json.dumps({"rootfs": {"diff_ids": list(diff_ids)}}).encode() if config is None else config
    told = [{"Config": f"{HEX}.json", "Layers": list(layers), "RepoTags": None}]
    return tar((f"{HEX}/layer.tar", ONE), (f"{HEX}.json", content), ("manifest.json", json.dumps(told).encode()))


def blob(content: bytes) -> tuple[str, bytes]:
    return f"blobs/sha256/{digest_of(content).removeprefix('sha256:')}", content


def laid(document: Any, *more: tuple[str, bytes], kind: str = OCI_MANIFEST) -> bytes:
    content = json.dumps(document).encode()
    index = {"manifests": [{"mediaType": kind, "digest": digest_of(content), "size": len(content)}]}
    return tar(("oci-layout", b"{}"), blob(content), *more, ("index.json", json.dumps(index).encode()))


def part(content: bytes, kind: str = OCI_LAYER) -> dict[str, Any]:
    return {"mediaType": kind, "digest": digest_of(content), "size": len(content)}


def test_what_docker_saved_becomes_a_manifest_with_its_layers_as_they_are(tmp_path: Path) -> None:
    image = found(written(tmp_path, saved()))
    assert image.wanted == {f"{HEX}/layer.tar"}
    assert image.expected(f"{HEX}/layer.tar", ONE) == digest_of(ONE)
    assert image.expected(f"{HEX}/layer.tar", gzip.compress(ONE)) is None
    top = image.top({f"{HEX}/layer.tar": Blob(digest_of(ONE), len(ONE), OCI_LAYER)})
    (config,) = image.documents
    assert top == {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": part(config, "application/vnd.oci.image.config.v1+json"),
        "layers": [part(ONE)],
    }


def test_a_layer_that_is_there_twice_may_be_a_link_and_another_one_may_not(tmp_path: Path) -> None:
    twice = [f"{HEX}/layer.tar", f"{'b' * 64}/layer.tar"]
    image = found(written(tmp_path, saved(layers=twice, diff_ids=[digest_of(ONE)] * 2)))
    there = {twice[0]: Blob(digest_of(ONE), len(ONE), OCI_LAYER)}
    assert image.top(there)["layers"] == [part(ONE), part(ONE)]
    other = found(written(tmp_path, saved(layers=twice, diff_ids=[digest_of(ONE), digest_of(TWO)])))
    with pytest.raises(Unusable, match=r"lacks the layer b+/layer\.tar; save the image again"):
        other.top(there)


def test_a_manifest_of_docker_among_blobs_gets_ocis_types(tmp_path: Path) -> None:
    docker = "application/vnd.docker"
    document = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": part(TWO, f"{docker}.container.image.v1+json"),
        "layers": [part(ONE, f"{docker}.image.rootfs.diff.tar.gzip")],
    }
    image = found(written(tmp_path, laid(document, blob(ONE), blob(TWO), kind=DOCKER_MANIFEST)))
    assert image.wanted == {blob(ONE)[0], blob(TWO)[0]}
    assert image.top(dict.fromkeys(image.wanted, Blob("", 0, ""))) == {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": part(TWO, "application/vnd.oci.image.config.v1+json"),
        "layers": [part(ONE, f"{OCI_LAYER}+gzip")],
    }


def test_an_index_leads_to_its_manifests_as_they_are_written(tmp_path: Path) -> None:
    child = json.dumps({"config": part(TWO), "layers": [part(ONE)]}).encode()
    index = {"mediaType": OCI_INDEX, "manifests": [part(child, OCI_MANIFEST)]}
    image = found(written(tmp_path, laid(index, blob(child), blob(ONE), blob(TWO), kind=OCI_INDEX)))
    assert (image.below, image.wanted) == (((OCI_MANIFEST, child),), {blob(ONE)[0], blob(TWO)[0]})
    with pytest.raises(Unusable, match="lacks blobs/sha256/"):
        image.top({})


NESTED = json.dumps({"manifests": [part(ONE)]}).encode()
WITHOUT_CONFIG = tar(("manifest.json", json.dumps([{"Config": f"{HEX}.json", "Layers": []}]).encode()))
WITHOUT_MANIFEST = tar(("index.json", json.dumps({"manifests": [part(ONE)]}).encode()))
BAD = {
    "no configuration": (WITHOUT_CONFIG, "lacks"),
    "no layers": (saved(layers=[3]), "names no image"),
    "fewer layers than its configuration": (saved(diff_ids=[digest_of(ONE)] * 2), "names 1 layers and its config"),
    "a configuration that is none": (saved(config=b"x"), "is no document"),
    "a digest that is none": (saved(diff_ids=["sha256:../../x"]), "names no image"),
    "a manifest that is not there": (WITHOUT_MANIFEST, "lacks"),
    "an index without a digest": (tar(("index.json", b'{"manifests": [{}]}')), "names no image"),
    "an index in an index": (laid({"manifests": [part(NESTED)]}, blob(NESTED)), "an index in an index"),
    "nothing but numbers": (laid([1]), "names no image"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_told_in_one_line(tmp_path: Path, case: str) -> None:
    content, words = BAD[case]
    with pytest.raises(Unusable, match=words) as raised:
        found(written(tmp_path, content))
    assert "\n" not in str(raised.value)


def test_a_layer_is_known_by_its_first_bytes() -> None:
    assert [of_layer(one) for one in (gzip.compress(ONE), b"\x28\xb5\x2f\xfd..", ONE)] == [
        f"{OCI_LAYER}+gzip",
        f"{OCI_LAYER}+zstd",
        OCI_LAYER,
    ]


def test_a_folder_in_an_archive_is_no_blob(tmp_path: Path) -> None:
    folder = special("blobs/sha256", b"5")
    assert found(written(tmp_path, tar(folder)[:512] + saved())).wanted == {f"{HEX}/layer.tar"}
