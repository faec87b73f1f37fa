"""The strict reader of tar streams: what it reads, and what it refuses before it has read much of it."""

import gzip
import io
import tarfile
import time
from typing import Any

import pytest
from archive_making import BYPASSES, special, tar
from bosun_core.model_sources.tars import Tar, Unusable
from hypothesis import given
from hypothesis import strategies as st


def members(archive: bytes) -> list[tuple[str, str, bytes]]:
    reader = Tar(io.BytesIO(archive))
    return [(one.name, one.kind, b"".join(reader.content())) for one in reader]


LONG = "/".join(["folder"] * 40 + ["ü.txt"])


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_format_is_read(form: int) -> None:
    name = LONG if form != tarfile.USTAR_FORMAT else "a" * 90 + "/" + "b" * 90
    archive = tar(("a", b"1" * 513), special("d", tarfile.DIRTYPE), (name, b""), ("b", b"2"), form=form)
    assert members(archive) == [
        ("a", "a file", b"1" * 513), ("d/", "a folder", b""), (name, "a file", b""), ("b", "a file", b"2"),
    ]  # fmt: skip


def test_what_is_not_read_of_a_content_is_passed_over() -> None:
    reader = Tar(io.BytesIO(tar(("a", b"1" * 1000), ("b", b"2"))))
    assert [one.name for one in reader] == ["a", "b"]


@pytest.mark.parametrize("name", BYPASSES)
def test_links_are_told_by_their_kind_and_not_followed(name: str) -> None:
    found = members(BYPASSES[name]())
    assert any(kind.endswith("link") or ".." in path or path.startswith("/") for path, kind, _ in found)


def header(**fields: bytes) -> bytes:
    """A header block with some of its fields as they are given, and a checksum that is right."""
    block = bytearray(tarfile.TarInfo("a").tobuf(tarfile.GNU_FORMAT)[:512])
    places = {"size": 124, "type": 156, "magic": 257, "name": 0, "mtime": 136}
    for field, value in fields.items():
        block[places[field] : places[field] + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def extension(kind: bytes, content: bytes, size: int | None = None) -> bytes:
    block = header(type=kind, size=b"%011o\0" % (len(content) if size is None else size))
    return block + content + bytes(-len(content) % 512)


REFUSED = {
    "is cut off in its content": (tar(("a", b"1" * 600))[:700], "is cut off"),
    "is cut off between two entries": (tar(("a", b"1"))[:1024], "is cut off"),
    "is cut off in a header": (tar(("a", b"1"))[:200], "is cut off"),
    "has a wrong checksum": (b"x" + tar(("a", b""))[1:], "header is none"),
    "has a negative size": (header(size=b"\xff" * 12) + bytes(1024), "number in a header is none"),
    "has a size that is no number": (header(size=b"1_0 ") + bytes(1024), "number in a header is none"),
    "has a header of 4 GiB": (extension(b"x", b"", 1 << 32), "header that is too large"),
    "has a name of 1 MiB": (extension(b"L", b"a" * (1 << 20)) + header(), "header that is too large"),
    "has nothing but headers of headers": (extension(b"x", b"") * 1000, "too many headers"),
    "has a PAX record that is none": (extension(b"x", b"99 path=a\n") + header(), "record in a header is none"),
    "has a PAX record of no length": (extension(b"x", b"0 path=a\n") + header(), "record in a header is none"),
    "has a negative PAX size": (extension(b"x", b"11 size=-9\n") + header() + bytes(1024), "size in a header is none"),
    "has a PAX path for all": (extension(b"g", b"9 path=a\n") + header() + bytes(1024), "names all its entries alike"),
    "has a sparse file by PAX": (extension(b"x", b"22 GNU.sparse.major=1\n") + header(), "sparse file"),
    "has a name that is not UTF-8": (header(name=b"\xff\xfe") + bytes(1024), "not UTF-8"),
    "has a type that nobody knows": (header(type=b"Z") + bytes(1024), "unknown type"),
    "has a folder with content": (header(type=b"5", size=b"%011o\0" % 9) + bytes(2048), "a folder with content"),
    "has a link with content": (header(type=b"2", size=b"%011o\0" % 9) + bytes(2048), "a symbolic link with content"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_refused_at_once(case: str) -> None:
    archive, message = REFUSED[case]
    with pytest.raises(Unusable, match=message):
        members(archive)


def test_reading_ends_with_its_time() -> None:
    with pytest.raises(Unusable, match="takes too long to read; raise buildLimit"):
        list(Tar(io.BytesIO(tar(("a", b"1"))), time.monotonic() - 1))


@given(st.binary(max_size=2048), st.integers(0, 1535))
def test_whatever_stands_in_a_file_there_is_an_answer(noise: bytes, at: int) -> None:
    sound = tar(("a", b"1" * 100))
    for content in (noise, sound[:at] + noise, gzip.compress(noise)):
        try:
            found: Any = members(content)
        except Unusable as error:
            found = str(error)
        assert isinstance(found, list | str)
