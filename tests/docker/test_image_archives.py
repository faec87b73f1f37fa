"""Image archives on a real engine: what is loaded has our name, and no archive moves the name of another image."""

import hashlib
import io
import json
import tarfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from archive_making import tar
from bosun_docker.images import naming
from hostile_tars import CONFIG, CONFIG_NAME, LAYER, LAYER_NAME, file, pax
from model_kinds import CUSTOM, Maker

pytestmark = pytest.mark.docker

Act = Callable[..., dict[str, Any]]
WAYS = {"empty": pax(b"path="), "twice": pax(b"path=" + b"e" * 64 + b"/VERSION") + pax(b"comment=x")}


@pytest.fixture
def victim(clean: Any) -> Iterator[tuple[str, str]]:
    """The name of an image of somebody else's, and its id."""
    name = f"victim-{uuid.uuid4().hex[:8]}:1"
    clean("tag", clean.variables["BOSUN_TEST_PPS_IMAGE"], name)
    yield name, leads_to(clean, name)
    clean("image", "rm", "--force", name, check=False)


def leads_to(place: Any, name: str) -> str:
    return str(place("image", "inspect", "--format", "{{.Id}}", name))


def manifest(*tags: str) -> bytes:
    image = {"Config": CONFIG_NAME, "Layers": [LAYER_NAME], "RepoTags": list(tags)}
    return file(b"manifest.json", json.dumps([image]).encode())


def image(*manifests: bytes) -> bytes:
    own = file(CONFIG_NAME.encode(), CONFIG) + file(LAYER_NAME.encode(), LAYER)
    return own + b"".join(manifests) + bytes(1024)


def info(folder: Path, archive: bytes) -> dict[str, Any]:
    path = folder / "image.tar"
    path.write_bytes(archive)
    return {"id": "d1", "modelId": "A", "modelExecutionType": CUSTOM, "modelArtifact": str(path)}


@pytest.mark.parametrize("way", WAYS)
def test_a_manifest_that_only_the_engine_reads_moves_no_name(
    clean: Any, act: Act, victim: tuple[str, str], tmp_path: Path, way: str
) -> None:
    name, theirs = victim
    brought = info(tmp_path, image(manifest("mine:1"), WAYS[way], manifest(name)))
    status = act("deployment_start", brought)
    assert status["status"] == "failing"
    assert "has headers that readers interpret differently; save the image again" in status["msg"]
    assert "\n" not in status["msg"]
    assert leads_to(clean, name) == theirs
    assert clean("image", "ls", "--quiet", "--filter", f"reference={clean.prefix}*") == ""


def test_a_name_that_moved_while_an_archive_was_loaded_makes_the_action_failing(
    clean: Any, act: Act, victim: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, theirs = victim
    monkeypatch.setattr(naming, "named", lambda package, own: iter([image(manifest(own, name))]))
    status = act("deployment_start", info(tmp_path, image(manifest("mine:1"))))
    assert status["status"] == "failing"
    assert f"{name} moved to another image; unless somebody else moved it, give it back: " in status["msg"]
    assert status["msg"].endswith(f"docker tag {theirs} {name}")
    assert clean("image", "ls", "--quiet", "--filter", f"reference={clean.prefix}*") == ""


def as_newer_engines_save(archive: bytes, name: str) -> bytes:
    """What `docker save` wrote, as it is written from version 25 on: blobs, and what tools of OCI read."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        content = {one.name: opened.extractfile(one).read() for one in opened if one.isreg()}  # type: ignore[union-attr]
    (saved,) = json.loads(content["manifest.json"])
    config, layers = content[saved["Config"]], [content[path] for path in saved["Layers"]]
    oci = "application/vnd.oci.image"
    document = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": f"{oci}.manifest.v1+json",
            "config": described(config, f"{oci}.config.v1+json"),
            "layers": [described(layer, f"{oci}.layer.v1.tar") for layer in layers],
        }
    ).encode()
    top = {**described(document, f"{oci}.manifest.v1+json"), "annotations": {"io.containerd.image.name": name}}
    image = {"Config": blob(config), "RepoTags": [name], "Layers": [blob(layer) for layer in layers]}
    return tar(
        *{(blob(one), one) for one in (config, document, *layers)},
        ("index.json", json.dumps({"schemaVersion": 2, "manifests": [top]}).encode()),
        ("manifest.json", json.dumps([{**image, "LayerSources": {}}]).encode()),
        ("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'),
        ("repositories", b"{}"),
    )


def described(content: bytes, kind: str) -> dict[str, Any]:
    return {"mediaType": kind, "digest": f"sha256:{hashlib.sha256(content).hexdigest()}", "size": len(content)}


def blob(content: bytes) -> str:
    return f"blobs/sha256/{hashlib.sha256(content).hexdigest()}"


@pytest.mark.parametrize("saved", ["with two names", "by a newer engine"])
def test_an_archive_that_was_saved_is_loaded_under_our_name_alone(
    clean: Any, act: Act, maker: Maker, predict: Callable[..., str], tmp_path: Path, saved: str
) -> None:
    theirs = maker.image(tmp_path / "saved", "A", {})
    other = theirs.replace(":1", ":2")
    clean("tag", theirs, other)
    maker.users.append(other)
    names = [theirs, other] if saved == "with two names" else [theirs]
    clean("save", "--output", tmp_path / "saved.tar", *names)
    archive = (tmp_path / "saved.tar").read_bytes()
    clean("image", "rm", theirs, other)
    status = act(
        "deployment_start", info(tmp_path, as_newer_engines_save(archive, theirs) if len(names) == 1 else archive)
    )
    assert (status["status"], predict(status["data"]["predictionUrl"])) == ("passing", "A"), status
    assert [clean("image", "inspect", one, check=False) for one in (theirs, other)] == ["[]", "[]"]
    assert len(clean("image", "ls", "--filter", f"reference={clean.prefix}*", "--quiet").split()) == 1
