"""Images, taken apart and put together: references, layers, manifests."""

import hashlib
import io
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
from bosun_core.errors import EnvironmentFailure
from bosun_core.packages import measured
from bosun_k8s.images import append, credentials
from bosun_k8s.images.layer import Checked, Layer
from bosun_k8s.images.reference import Reference, parse
from hypothesis import given
from hypothesis import strategies as st

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pps", Reference("docker.io", "library/pps", "latest")),
        ("datarobot/pps:1", Reference("docker.io", "datarobot/pps", "1", None, True)),
        ("10.244.0.1:5000/pps:1", Reference("10.244.0.1:5000", "pps", "1", None, True)),
        ("localhost/a/b", Reference("localhost", "a/b", "latest")),
        (f"r.example.com/a@{DIGEST}", Reference("r.example.com", "a", "latest", DIGEST)),
        (f"r.example.com/a:1@{DIGEST}", Reference("r.example.com", "a", "1", DIGEST, True)),
    ],
)
def test_a_reference_is_taken_apart(text: str, expected: Reference) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text", ["", "A", "a b", "a:", "a@sha256:1", "r.example.com/", "r.example.com/A", "a//b", "-a"]
)
def test_what_names_no_image_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no image"):
        parse(text)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("packages") / "m.mlpkg"
    path.write_bytes(bytes(range(256)) * 33 + b"x")
    return path


def test_a_layer_is_a_tar_with_the_package(package: Path) -> None:
    layer = Layer(measured(package), "/opt/ml/model/model.mlpkg")
    content = b"".join(layer.pieces())
    assert len(content) == layer.size
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        (member,) = archive.getmembers()
        assert (member.name, member.mode, member.mtime) == ("opt/ml/model/model.mlpkg", 0o644, 0)
        assert archive.extractfile(member).read() == package.read_bytes()


@given(st.data())
def test_a_layer_goes_on_from_any_offset(package: Path, data: st.DataObject) -> None:
    layer = Layer(measured(package), "/m")
    whole = b"".join(layer.pieces())
    offset = data.draw(st.integers(0, layer.size))
    assert b"".join(layer.pieces(offset)) == whole[offset:]


def test_a_package_that_changed_since_it_was_measured_is_told(tmp_path: Path) -> None:
    path = tmp_path / "m.mlpkg"
    path.write_bytes(b"one")
    layer = Layer(measured(path), "/m")
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    with pytest.raises(EnvironmentFailure, match="changed while it was read; run the action again"):
        list(layer.pieces())


@given(st.lists(st.binary(max_size=50), max_size=8), st.data())
def test_bytes_that_are_sent_twice_are_counted_once(pieces: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(pieces)
    checked = Checked()
    list(checked.passing(iter(pieces), 0))
    offset = data.draw(st.integers(0, len(whole)))
    list(checked.passing(iter([whole[offset:]]), offset))
    assert checked.digest == f"sha256:{hashlib.sha256(whole).hexdigest()}"


LAYER = {"mediaType": append.OCI_LAYER, "digest": DIGEST, "size": 3}


def test_a_configuration_gets_one_layer_more_and_keeps_the_rest() -> None:
    config = {"os": "linux", "config": {"User": "1000"}, "rootfs": {"type": "layers", "diff_ids": ["sha256:1"]}}
    assert append.configured(config, LAYER) == {
        "os": "linux",
        "config": {"User": "1000"},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:1", DIGEST]},
        "history": [{"created_by": "bosun: the model package"}],
    }
    assert config["rootfs"] == {"type": "layers", "diff_ids": ["sha256:1"]}


def test_a_manifest_of_docker_becomes_one_of_oci() -> None:
    docker = "application/vnd.docker"
    part: dict[str, Any] = {"mediaType": f"{docker}.image.rootfs.diff.tar.gzip", "digest": "sha256:1", "size": 1}
    made = append.manifest({"layers": [part]}, {"config": 1}, LAYER, {"a": "b"})
    assert made == {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"config": 1},
        "layers": [{**part, "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"}, LAYER],
        "annotations": {"a": "b"},
    }


def test_attestations_are_no_platform() -> None:
    assert append.is_for_a_platform({"platform": {"os": "linux", "architecture": "arm64"}})
    assert append.is_for_a_platform({})
    assert not append.is_for_a_platform({"platform": {"os": "unknown", "architecture": "unknown"}})


def test_credentials_are_found_by_their_registry() -> None:
    found = credentials.parse(
        {
            "auths": {
                "https://index.docker.io/v1/": {"auth": "aHViOnNlY3JldHB3"},
                "http://10.0.0.1:5000": {"username": "u", "password": "p:w"},
                "empty.example.com": {},
            }
        }
    )
    assert found == {
        "docker.io": credentials.Login("hub", "secretpw"),
        "10.0.0.1:5000": credentials.Login("u", "p:w"),
    }
