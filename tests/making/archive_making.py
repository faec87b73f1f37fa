"""Archives for tests, good ones and hostile ones."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Entry = tuple[str, bytes] | tarfile.TarInfo


def tar(*entries: Entry, form: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar archive of files (name and content) and of whatever a TarInfo says."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                archive.addfile(entry, io.BytesIO(bytes(entry.size)))
            else:
                member = tarfile.TarInfo(entry[0])
                member.size = len(entry[1])
                archive.addfile(member, io.BytesIO(entry[1]))
    return buffer.getvalue()


def special(name: str, kind: bytes, link: str = "", **more: Any) -> tarfile.TarInfo:
    """An entry that is no file."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    for key, value in more.items():
        setattr(member, key, value)
    return member


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def zip_entry(name: str, mode: int) -> zipfile.ZipInfo:
    """An entry of a zip with a Unix mode."""
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, mode << 16
    entry.filename = name  # as it is, also with what the constructor cuts off
    return entry


DOCKERFILE = ("Dockerfile", b"FROM scratch\n")
CONFIG = "c" * 64


def image_archive(
    *more: Entry, tags: Iterable[str] = ("theirs:1",), config: str = CONFIG, images: int = 1, oci: bool = False
) -> bytes:
    """What `docker save` writes; with `oci` as newer engines do."""
    manifest = [
        {
            "Config": f"{config[:63]}{number}.json" if number else f"{config}.json",
            "RepoTags": list(tags),
            "Layers": [f"{'a' * 64}/layer.tar"],
        }
        for number in range(images)
    ]
    repositories = ("repositories", json.dumps({"theirs": {"1": "a" * 64}}).encode())
    index = {
        "schemaVersion": 2,
        "manifests": [
            {
                "digest": f"sha256:{'d' * 64}",
                "annotations": {
                    "io.containerd.image.name": "docker.io/library/theirs:1",
                    "org.opencontainers.image.ref.name": "1",
                },
            }
        ],
    }
    layouts: tuple[Entry, ...] = (("index.json", json.dumps(index).encode()), ("oci-layout", b"{}")) if oci else ()
    return tar(
        special("a" * 64, tarfile.DIRTYPE),
        (f"{'a' * 64}/layer.tar", b"layer" * 300),
        (f"{config}.json", b"{}"),
        *more,
        ("manifest.json", json.dumps(manifest).encode()),
        repositories,
        *layouts,
    )


SYMLINK, HARD_LINK = tarfile.SYMTYPE, tarfile.LNKTYPE
_OUT = "/tmp/bosun-was-here"  # where a hostile archive would write


def many_files(count: int) -> bytes:
    """A tar of so many empty files."""
    return tar(DOCKERFILE, *((f"f{number}", b"") for number in range(count)))


def claims(size: int) -> bytes:
    """A gzipped tar whose one file is `size` zero bytes."""
    member = tarfile.TarInfo("zeros")
    member.size = size
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as packed:
        packed.write(tar(DOCKERFILE)[: 2 * tarfile.BLOCKSIZE])
        packed.write(member.tobuf(tarfile.GNU_FORMAT))
        left = size
        while left:
            packed.write(bytes(min(left, 1 << 20)))
            left -= min(left, 1 << 20)
        packed.write(bytes(1024))
    return buffer.getvalue()


# Each is a way out of the folder that an archive is unpacked in, by the number under which it was published.
BYPASSES: dict[str, Callable[[], bytes]] = {
    "CVE-2007-4559, a path with ..": lambda: tar(DOCKERFILE, ("../../../" + _OUT, b"x")),
    "CVE-2007-4559, an absolute path": lambda: tar(DOCKERFILE, (_OUT, b"x")),
    "CVE-2007-4559, through a link": lambda: tar(DOCKERFILE, special("a", SYMLINK, "/tmp"), ("a/bosun-was-here", b"x")),
    "CVE-2024-12718, the time of what is outside": lambda: tar(
        DOCKERFILE, special("a", SYMLINK, ".."), special("a/x", tarfile.DIRTYPE)
    ),
    "CVE-2025-4138, a link to outside": lambda: tar(
        DOCKERFILE, *_chain(), special("escape", SYMLINK, "/".join("a" * 16) + "/../../../tmp")
    ),
    "CVE-2025-4330, a hard link by a long way": lambda: tar(
        DOCKERFILE, *_chain(), special("x", HARD_LINK, "l/../../../etc/passwd")
    ),
    "CVE-2025-4435, an entry that is filtered and stays": lambda: tar(
        DOCKERFILE, special("x", HARD_LINK, "../outside"), ("x", b"x")
    ),
    "CVE-2025-4517, through a path that is too long": lambda: tar(
        DOCKERFILE, *_chain(), ("l/../../bosun-was-here", b"x")
    ),
}


def _chain() -> list[tarfile.TarInfo]:
    """Folders with long names, and short links to each: what makes a path longer than a system resolves."""
    entries, folder = [], ""
    for letter in "abcdefghijklmnop":
        folder = f"{folder}{'d' * 247}/"
        entries += [
            special(folder.rstrip("/")[-1000:].lstrip("/"), tarfile.DIRTYPE),
            special(f"l{letter}", SYMLINK, folder),
        ]
    return entries


def written(folder: Path, content: bytes, name: str = "artifact") -> Path:
    """The archive as a file."""
    path = folder / name
    path.write_bytes(content)
    return path
