"""Image archives of a user's own, made by hand of an image that a registry has and of one more layer with a model."""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from archive_making import special, tar

INSIDE = "/opt/custom/model.mlpkg"
LAYER = "application/vnd.oci.image.layer.v1.tar"
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest"
ACCEPT = f"{INDEX}, {MANIFEST}, {DOCKER}.list.v2+json, {DOCKER}.v2+json"
CONFIG = "application/vnd.oci.image.config.v1+json"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def hex_of(content: bytes) -> str:
    return digest_of(content).removeprefix("sha256:")


def asked(name: str, path: str) -> bytes:
    """What a registry answers about `host:port/repository`."""
    registry, _, repository = name.partition("/")
    request = Request(f"http://{registry}/v2/{repository}/{path}", headers={"Accept": ACCEPT})
    with urlopen(request, timeout=30) as answer:
        found: bytes = answer.read()
    return found


def manifest(name: str, selector: str) -> tuple[str, dict[str, Any]]:
    """Digest and content of what a reference names, asked of the registry itself."""
    content = asked(name, f"manifests/{selector}")
    return digest_of(content), json.loads(content)


def config_of(name: str, selector: str) -> dict[str, Any]:
    """The configuration of an image, asked of the registry itself."""
    found: dict[str, Any] = json.loads(asked(name, f"blobs/{manifest(name, selector)[1]['config']['digest']}"))
    return found


def builds(place: Any, namespace: str) -> int:
    """How many of kaniko's pods there were in a namespace."""
    events = json.loads(place("get", "events", "-n", namespace, "-o", "json"))["items"]
    return len({one["involvedObject"]["uid"] for one in events if one["reason"] == "Scheduled"})


class Image:
    """An image with the layers of a base and one with a model package, which its configuration names."""

    def __init__(self, base: str, package: bytes) -> None:
        name, _, tag = base.rpartition(":")
        _, told = manifest(name, tag)
        packed = [asked(name, f"blobs/{layer['digest']}") for layer in told["layers"]]
        self.layers = [gzip.decompress(layer) for layer in packed] + [tar((INSIDE.lstrip("/"), package))]
        self.config = json.loads(asked(name, f"blobs/{told['config']['digest']}"))
        self.config["config"]["Env"] += [f"PREDICTION_API_MODEL_REPOSITORY_PATH={INSIDE}"]
        self.name_layers()

    def name_layers(self) -> None:
        """Have the configuration name the layers as they are now."""
        self.config["rootfs"]["diff_ids"] = [digest_of(layer) for layer in self.layers]

    def saved(self, path: Path, *, linked: bool = False) -> Path:
        """As `docker save` of an older engine writes it; with `linked` one layer is there twice, once as a link."""
        layers, config = list(self.layers), json.loads(json.dumps(self.config))
        if linked:
            layers.append(layers[-1])
            config["rootfs"]["diff_ids"].append(digest_of(layers[-1]))
        folders = [hex_of(bytes([number]) + layer[:99]) for number, layer in enumerate(layers)]
        content = json.dumps(config).encode()
        told = [
            {
                "Config": f"{hex_of(content)}.json",
                "RepoTags": ["theirs:1"],
                "Layers": [f"{folder}/layer.tar" for folder in folders],
            }
        ]
        with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
            for number, (folder, layer) in enumerate(zip(folders, layers, strict=True)):
                archive.addfile(special(folder, tarfile.DIRTYPE))
                if linked and number == len(layers) - 1:
                    archive.addfile(
                        special(f"{folder}/layer.tar", tarfile.SYMTYPE, f"../{folders[number - 1]}/layer.tar")
                    )
                else:
                    _add(archive, f"{folder}/layer.tar", layer)
            _add(archive, f"{hex_of(content)}.json", content)
            _add(archive, "manifest.json", json.dumps(told).encode())
        return path

    def laid(self, path: Path, *, architectures: tuple[str, ...] = (), leave_out: str = "") -> Path:
        """As tools of OCI write it, gzipped throughout; with architectures an index of them, all with one content."""
        layers = [gzip.compress(layer, 1, mtime=0) for layer in self.layers]
        blobs = {digest_of(layer): layer for layer in layers}

        def stored(document: dict[str, Any]) -> dict[str, Any]:
            content = json.dumps(document).encode()
            blobs[digest_of(content)] = content
            return {"digest": digest_of(content), "size": len(content)}

        parts = [{"mediaType": f"{LAYER}+gzip", "digest": digest_of(one), "size": len(one)} for one in layers]
        entries = []
        for architecture in architectures or ("amd64",):
            config = {"mediaType": CONFIG, **stored({**self.config, "architecture": architecture})}
            document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": parts}
            entry = {"mediaType": MANIFEST, **stored(document)}
            entries.append({**entry, "platform": {"os": "linux", "architecture": architecture}})
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        top = {"mediaType": INDEX, **stored(index)} if architectures else entries[0]
        with tarfile.open(path, "w:gz", compresslevel=1, format=tarfile.PAX_FORMAT) as archive:
            _add(archive, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
            for digest, content in blobs.items():
                if leave_out != digest:
                    _add(archive, f"blobs/sha256/{digest.removeprefix('sha256:')}", content)
            _add(archive, "index.json", json.dumps({"schemaVersion": 2, "manifests": [top]}).encode())
        return path


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))
