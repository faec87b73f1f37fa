"""What of an image archive reaches the engine: entries that are written anew, and our name alone; or it is refused."""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from archive_making import CONFIG, image_archive, special, tar, written
from bosun_core.model_sources.image_archives import recognised
from bosun_core.model_sources.tars import Unusable
from bosun_core.packages import measured
from bosun_docker.images.building import moved_names
from bosun_docker.images.naming import named
from hostile_tars import CONFIG as CONFIGURATION
from hostile_tars import CONFIG_NAME, LAYER_NAME, OTHER_LAYER, VICTIM, file, pax
from hostile_tars import LAYER as CONTENT

NAME = "registry.example.com/ours:1"
HEX = "a" * 64
IMAGE = {"Config": CONFIG_NAME, "Layers": [LAYER_NAME]}
DIGEST = f"sha256:{'d' * 64}"


class Sent(NamedTuple):
    """An entry that the engine is sent."""

    header: tarfile.TarInfo
    content: bytes


def sent(folder: Path, archive: bytes, name: str | None = NAME) -> dict[str, Sent]:
    """What the engine is sent of an archive that is taken for one of an image."""
    package = measured(written(folder, archive))
    assert recognised(package, float("inf")) is not None
    found: dict[str, Sent] = {}
    with tarfile.open(fileobj=io.BytesIO(b"".join(named(package, name))), mode="r:") as opened:
        for member in opened:
            assert member.isdir() or member.name not in found
            file = opened.extractfile(member) if member.isreg() else None
            found[member.name] = Sent(member, file.read() if file else b"")
    return found


def document(found: dict[str, Sent], name: str) -> Any:
    return json.loads(found[name].content)


def saved(*more: bytes, manifest: Any = (IMAGE,), first: bytes = b"") -> bytes:
    """An archive of one layer, with more entries after or before its own."""
    content = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    own = (
        file(CONFIG_NAME.encode(), CONFIGURATION),
        file(LAYER_NAME.encode(), CONTENT),
        file(b"manifest.json", content),
    )
    return first + b"".join(own) + b"".join(more) + bytes(1024)


CLAIM = json.dumps([{**IMAGE, "RepoTags": [VICTIM]}]).encode()
LOADED_MANIFEST = file(b"manifest.json", CLAIM)


def index(*manifests: Any, **more: Any) -> bytes:
    return file(b"index.json", json.dumps({"manifests": list(manifests), **more}).encode())


DIFFERENTLY = "headers that readers interpret differently; save the image again"
HOSTILE = {
    "an empty PAX path before another manifest": (saved(pax(b"path="), LOADED_MANIFEST), DIFFERENTLY),
    "two PAX headers before another manifest": (
        saved(pax(b"path=" + b"e" * 64 + b"/VERSION"), pax(b"comment=x"), LOADED_MANIFEST),
        DIFFERENTLY,
    ),
    "another manifest": (saved(LOADED_MANIFEST), "has manifest.json twice; save the image again"),
    "another manifest by another path": (saved(file(b"./manifest.json", CLAIM)), "has manifest.json twice"),
    "another manifest before": (saved(first=LOADED_MANIFEST), "has manifest.json twice"),
    "another manifest by a long name": (
        saved(file(b"././@LongLink", b"manifest.json\0", type=b"L"), file(b"e" * 64, CLAIM)),
        "has manifest.json twice",
    ),
    "another manifest after a zero in a long name": (
        saved(file(b"././@LongLink", b"manifest.json\0x", type=b"L"), file(b"e" * 64, CLAIM)),
        DIFFERENTLY,
    ),
    "another manifest in a slash": (saved(file(b"manifest.json/", CLAIM)), DIFFERENTLY),
    "another manifest in the content of a folder": (saved(file(b"e" * 64, LOADED_MANIFEST, type=b"5")), "with content"),
    "another manifest after the end": (saved() + LOADED_MANIFEST + bytes(1024), "something after its end"),
    "another manifest after half of an end": (
        saved()[:-512] + LOADED_MANIFEST + bytes(1024),
        "something after its end",
    ),
    "another index": (saved(index({"digest": DIGEST}), index({"digest": DIGEST})), "has index.json twice"),
    "a layer twice": (saved(file(LAYER_NAME.encode(), b"other")), "has .*layer.tar twice"),
    "a file where a folder is": (saved(file(LAYER_NAME[:64].encode(), b"")), "twice"),
    "a file below a file": (saved(file(b"e" * 64, b""), file(b"e" * 64 + b"/json", b"{}")), "below a file"),
    "a link to a manifest": (
        saved(file(OTHER_LAYER.encode(), b"", type=b"2", link=b"../manifest.json")),
        "not lead to",
    ),
    "a link to outside": (saved(file(OTHER_LAYER.encode(), b"", type=b"2", link=b"/etc/passwd")), "not lead to"),
    "a link to above": (saved(file(OTHER_LAYER.encode(), b"", type=b"2", link=b"../../" + b"e" * 64)), "not lead to"),
    "a link to itself": (saved(file(OTHER_LAYER.encode(), b"", type=b"1", link=OTHER_LAYER.encode())), "not lead to"),
    "two images": (saved(manifest=[IMAGE, {**IMAGE, "Config": f"{HEX}.json"}]), "holds 2 images"),
    "two images in its index": (
        saved(index({"digest": DIGEST}, {"digest": f"sha256:{'e' * 64}"})),
        "holds 2 images; save the one",
    ),
    "a key twice": (
        saved(manifest=b'[{"Config": "%b", "Layers": [], "Config": "x"}]' % CONFIG_NAME.encode()),
        "a manifest.json that readers interpret differently .*'Config' is there twice",
    ),
    "a key in two cases": (saved(manifest=[{**IMAGE, "repotags": [VICTIM], "RepoTags": []}]), "is there twice"),
    "a key with a long s": (saved(manifest=[{**IMAGE, "Layer\u017f": []}]), "is there twice"),
    "a key of its index in two cases": (saved(index({"digest": DIGEST}, Manifests=[])), "an index.json that readers"),
    "a configuration that is another file": (saved(manifest=[{**IMAGE, "Config": "../x"}]), "names no image"),
    "a layer that is another file": (saved(manifest=[{**IMAGE, "Layers": ["manifest.json"]}]), "names no image"),
    "a layer that is a number": (saved(manifest=[{**IMAGE, "Layers": [3]}]), "names no image"),
    "a manifest in UTF-16": (saved(manifest=CLAIM.decode().encode("utf-16")), "manifest.json that is none"),
    "an index that leads nowhere": (saved(index({"digest": "sha256:../manifest.json"})), "names no image"),
    "an index of a type that is none": (saved(index({"digest": DIGEST, "mediaType": [1]})), "names no image"),
    "an index of a size that is none": (saved(index({"digest": DIGEST, "size": True})), "names no image"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_an_archive_that_could_move_a_name_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    archive, words = HOSTILE[case]
    for number, packed in enumerate((archive, gzip.compress(archive))):
        with pytest.raises(Unusable, match=words) as raised:
            sent(tmp_path, packed, f"ours:{number}")
        assert "\n" not in str(raised.value)


NOT_OF_AN_IMAGE = {
    "a name in another case": saved(file(b"MANIFEST.JSON", CLAIM)),
    "a name by way of a folder": saved(file(b"a/../manifest.json", CLAIM)),
    "a name with two slashes": saved(file(b".//manifest.json", CLAIM)),
    "a folder of the manifest's name": saved(file(b"manifest.json", b"", type=b"5")),
    "a link of the manifest's name": saved(file(b"manifest.json", b"", type=b"2", link=LAYER_NAME.encode())),
    "a device": saved(file(b"e" * 64, b"", type=b"3")),
    "a file in the place of the root": saved(file(b".", CLAIM)),
    "a file without a name": saved(file(b"", CLAIM)),
}


@pytest.mark.parametrize("case", NOT_OF_AN_IMAGE)
def test_an_archive_with_other_entries_is_not_taken_for_one_of_an_image(tmp_path: Path, case: str) -> None:
    assert recognised(measured(written(tmp_path, NOT_OF_AN_IMAGE[case])), float("inf")) is None


HARMLESS = {
    "other names": saved(manifest=[{**IMAGE, "RepoTags": [VICTIM, "mine:1"]}]),
    "other keys": saved(manifest=[{**IMAGE, "Parent": HEX, "LayerSources": {"x": {}}, "ReferredBy": [VICTIM]}]),
    "the same image twice": saved(manifest=[{**IMAGE, "RepoTags": [VICTIM]}, {**IMAGE, "RepoTags": ["mine:1"]}]),
    "a path with a dot": saved(manifest=[{**IMAGE, "Config": f"./{CONFIG_NAME}"}]),
    "repositories": saved(file(b"repositories", json.dumps({"victim": {"1": HEX}}).encode())),
    "a PAX header with more": saved(pax(b"mtime=1.5", b"SCHILY.xattr.user.x=y"), file(b"e" * 64 + b"/VERSION", b"1.0")),
    "a PAX header for all": saved(first=pax(b"comment=x", kind=b"g")),
    "a folder twice": saved(*[file(LAYER_NAME[:65].encode(), b"", type=b"5")] * 2),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_what_else_names_an_image_does_not_reach_the_engine(tmp_path: Path, case: str) -> None:
    found = sent(tmp_path, HARMLESS[case])
    assert document(found, "manifest.json") == [{**IMAGE, "RepoTags": [NAME]}]
    assert "repositories" not in found
    assert [one.header.pax_headers for one in found.values() if one.header.pax_headers] == []


def test_the_id_of_an_image_is_that_of_its_configuration_whatever_it_is_called(tmp_path: Path) -> None:
    claimed = f"{HEX}.json"
    archive = file(claimed.encode(), CONFIGURATION) + file(LAYER_NAME.encode(), CONTENT)
    for manifest, found in (({**IMAGE, "Config": claimed}, f"sha256:{CONFIG_NAME.removesuffix('.json')}"), (IMAGE, "")):
        brought = archive + file(b"manifest.json", json.dumps([manifest]).encode()) + bytes(1024)
        image = recognised(measured(written(tmp_path, brought)), float("inf"))
        assert image is not None
        assert image.config == found


def test_blobs_are_sent_as_they_are_since_their_digest_names_them(tmp_path: Path) -> None:
    nested = json.dumps(
        {"manifests": [{"digest": DIGEST, "annotations": {"io.containerd.image.name": VICTIM}}]}
    ).encode()
    path = f"blobs/sha256/{hashlib.sha256(nested).hexdigest()}"
    found = sent(tmp_path, file(path.encode(), nested) + index({"digest": DIGEST}) + bytes(1024))
    assert {name for name in found if VICTIM.encode() in found[name].content} == {path}
    assert found[path].content == nested


def test_an_index_names_our_image_alone_and_says_nothing_else(tmp_path: Path) -> None:
    annotations = {"io.containerd.image.name": VICTIM, "org.opencontainers.image.ref.name": "1", "other": "x"}
    one = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": DIGEST, "size": 7, "urls": ["x"]}
    layout = file(b"oci-layout", b'{"imageLayoutVersion": "1.0.0", "other": "x"}')
    blob = file(b"blobs/sha256/" + b"d" * 64, b"content")
    brought = index({**one, "annotations": annotations}, {**one, "annotations": {}}, annotations=annotations)
    found = sent(tmp_path, layout + brought + blob + bytes(1024))
    kept = {key: one[key] for key in ("mediaType", "digest", "size")}
    names = {"io.containerd.image.name": NAME, "org.opencontainers.image.ref.name": "1"}
    assert document(found, "index.json") == {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{**kept, "annotations": names}],
    }
    assert document(found, "oci-layout") == {"imageLayoutVersion": "1.0.0"}
    (unnamed,) = document(sent(tmp_path, brought + bytes(1024), None), "index.json")["manifests"]
    assert unnamed == {**kept, "annotations": {}}


def test_entries_are_written_anew_with_nothing_but_what_they_need(tmp_path: Path) -> None:
    odd = special(f"./{HEX}/", tarfile.DIRTYPE, mode=0o7777, uid=7, uname="someone", mtime=9)
    links = (
        special(OTHER_LAYER, tarfile.SYMTYPE, f"../{HEX}/layer.tar"),
        special(f"{'c' * 64}/layer.tar", tarfile.LNKTYPE, f"./{HEX}/layer.tar"),
        special(f"{'e' * 64}.tar", tarfile.SYMTYPE, f"{HEX}/layer.tar"),
    )
    found = sent(tmp_path, tar(odd)[:512] + image_archive(*links, oci=True))
    assert {name: (one.type, one.mode, one.linkname) for name, (one, _) in found.items()} == {
        HEX: (tarfile.DIRTYPE, 0o755, ""),
        f"{HEX}/layer.tar": (tarfile.REGTYPE, 0o644, ""),
        f"{CONFIG}.json": (tarfile.REGTYPE, 0o644, ""),
        OTHER_LAYER: (tarfile.SYMTYPE, 0o644, f"../{HEX}/layer.tar"),
        f"{'c' * 64}/layer.tar": (tarfile.LNKTYPE, 0o644, f"{HEX}/layer.tar"),
        f"{'e' * 64}.tar": (tarfile.SYMTYPE, 0o644, f"{HEX}/layer.tar"),
        "manifest.json": (tarfile.REGTYPE, 0o644, ""),
        "index.json": (tarfile.REGTYPE, 0o644, ""),
        "oci-layout": (tarfile.REGTYPE, 0o644, ""),
    }
    assert {(one.uid, one.gid, one.uname, one.gname, one.mtime) for one, _ in found.values()} == {(0, 0, "", "", 0)}


def test_a_name_that_leads_elsewhere_now_has_moved_unless_another_action_makes_its_image() -> None:
    before = {
        "victim:1": "old",
        "same:1": "one",
        "gone:1": "one",
        "ours_d1-12ab:m-A": "old",
        "ours_d1-12ab:mine": "old",
    }
    after = {"victim:1": "new", "same:1": "one", "more:1": "new", "ours_d1-12ab:m-A": "new", "ours_d1-12ab:mine": "new"}
    assert moved_names(before, after, "Ours_") == {"victim:1": "old", "ours_d1-12ab:mine": "old"}
