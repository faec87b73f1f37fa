"""What other readers make of a tar archive: Go's archive/tar, which container engines have, and Python's tarfile."""

import base64
import io
import json
import os
import struct
import subprocess
import tarfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from testbed.golang import build_own, present_go
from testbed.parts import digest, part

SOURCE = Path(__file__).with_name("go_tar")
FOR_ALL = "g"  # Go tells these headers as entries


class Entry(NamedTuple):
    """An entry as a reader tells it; folders without a slash at their end."""

    name: str
    kind: str
    size: int
    link: str
    content: bytes


KINDS = {
    "0": "a file",
    "5": "a folder",
    "2": "a symbolic link",
    "1": "a hard link",
    "3": "a device",
    "4": "a device",
    "6": "a FIFO",
}


class GoReader:
    """Go's reader, one process for any number of archives."""

    def __init__(self) -> None:
        if present_go() is None:
            if "BOSUN_REQUIRE_ALL" in os.environ:
                pytest.fail("BOSUN_REQUIRE_ALL is set, and there is no Go: run `make testbed-docker` first")
            pytest.skip("needs Go: run `make testbed-docker` first")
        program = part("go-tar", digest(files=[SOURCE]), lambda folder: build_own(SOURCE, folder / "go-tar")) / "go-tar"
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def read(self, archive: bytes) -> list[Entry] | None:
        """The entries, or None where it refuses the archive."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(struct.pack(">I", len(archive)) + archive)
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return None if answer["Error"] else [_of_go(one) for one in answer["Entries"] or [] if one["Type"] != FOR_ALL]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


def _of_go(read: dict[str, Any]) -> Entry:
    kind = KINDS.get(read["Type"], read["Type"])
    content = base64.b64decode(read["Content"] or b"")
    return entry(_text(read["Name"]), kind, read["Size"], _text(read["Link"]), content)


def _text(encoded: str | None) -> str:
    return base64.b64decode(encoded or b"").decode(errors="surrogateescape")


def read_by_python(archive: bytes) -> list[Entry] | None:
    """The entries, or None where it refuses the archive."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as opened:
            return [_of_python(opened, one) for one in opened]
    except (tarfile.TarError, ValueError, OSError):
        return None


def _of_python(opened: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    kind = KINDS.get(member.type.decode("latin-1").replace("\0", "0"), member.type.decode("latin-1"))
    file = opened.extractfile(member) if member.isreg() else None
    return entry(member.name, kind, member.size, member.linkname, file.read() if file else b"")


def entry(name: str, kind: str, size: int, link: str, content: bytes) -> Entry:
    """An entry whose name and link are told as all readers can."""
    is_link = kind.endswith("link")
    return Entry(name.rstrip("/") if kind == "a folder" else name, kind, size, link if is_link else "", content)
