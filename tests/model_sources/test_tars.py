"""The strict reader of tar streams: what it reads, and what it refuses before it has read much of it."""

import gzip
import io
import subprocess
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest
from archive_making import BYPASSES, special, tar
from bosun_core.model_sources.tars import Tar, Unusable, opened
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
    places = {
        "name": 0,
        "size": 124,
        "mtime": 136,
        "type": 156,
        "link": 157,
        "magic": 257,
        "prefix": 345,
        "trailer": 508,
    }
    for field, value in fields.items():
        block[places[field] : places[field] + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def pax(*records: bytes, kind: bytes = b"x") -> bytes:
    """A PAX header with these records."""
    return extension(kind, b"".join(map(record, records)))


def record(text: bytes) -> bytes:
    length = next(count for count in range(len(text), 10_000) if len(b"%d %b\n" % (count, text)) == count)
    return b"%d %b\n" % (length, text)


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
    "has nothing but headers of headers": (extension(b"g", b"") * 1000, "too many headers"),
    "has a PAX record that is none": (extension(b"x", b"99 path=a\n") + header(), "record in a header is none"),
    "has a PAX record of no length": (extension(b"x", b"0 path=a\n") + header(), "record in a header is none"),
    "has a negative PAX size": (extension(b"x", b"11 size=-9\n") + header() + bytes(1024), "size in a header is none"),
    "has a PAX path for all": (extension(b"g", b"9 path=a\n") + header() + bytes(1024), "names all its entries alike"),
    "has a sparse file by PAX": (extension(b"x", b"22 GNU.sparse.major=1\n") + header(), "sparse file"),
    "has a name that is not UTF-8": (header(name=b"\xff\xfe") + bytes(1024), "not UTF-8"),
    "has a type that nobody knows": (header(type=b"Z") + bytes(1024), "unknown type"),
    "has a folder with content": (header(type=b"5", size=b"%011o\0" % 9) + bytes(2048), "a folder with content"),
    "has a sparse file": (header(type=b"S") + bytes(1024), "sparse file"),
    "has a sparse file of star": (pax(b"SCHILY.realsize=9") + header() + bytes(1024), "sparse file"),
    "has a PAX record without a key": (pax(b"=a") + header() + bytes(1024), "record in a header is none"),
    "has a PAX record without a value": (pax(b"comment") + header() + bytes(1024), "record in a header is none"),
    "has a PAX key with a zero": (pax(b"pa\0th=a") + header() + bytes(1024), "record in a header is none"),
    "has a PAX size for all": (pax(b"size=9", kind=b"g") + header() + bytes(1024), "names all its entries alike"),
    "has a charset for all": (pax(b"hdrcharset=BINARY", kind=b"g") + header() + bytes(1024), "all its entries alike"),
    "has an empty PAX size": (pax(b"size=") + header() + bytes(1024), "size in a header is none"),
    "has an extension and no entry": (pax(b"path=b") + bytes(1024), "is cut off"),
    "has a size after zeros": (header(size=b"\0\0000000017") + bytes(1024), "number in a header is none"),
    "has a size after a tab": (header(size=b"\t0000000017") + bytes(1024), "number in a header is none"),
    "has a size with a sign": (header(size=b"+0000000017") + bytes(1024), "number in a header is none"),
    "has a size of 2 to the 63rd": (
        header(size=b"\x80\0\0\0\x80" + bytes(7)) + bytes(1024),
        "number in a header is none",
    ),
    "has a size in Go's base-256 alone": (header(size=b"\x81" + bytes(11)) + bytes(1024), "number in a header is none"),
    "has an old contiguous file": (header(type=b"7") + bytes(1024), "unknown type"),
    "has a PAX header of Solaris": (header(type=b"X") + bytes(1024), "unknown type"),
    "has an entry after one block of zeros": (bytes(512) + header() + bytes(1024), "something after its end"),
    "has an entry after its end": (tar(("a", b"")) + tar(("b", b"")), "something after its end"),
    "has a text after its end": (bytes(1024) + b"x", "something after its end"),
    "has zeros without an end": (bytes(17 << 20), "something after its end"),
    "has a link with content": (header(type=b"2", size=b"%011o\0" % 9) + bytes(2048), "a symbolic link with content"),
}


# Each shows one reader another entry than the next one.
AMBIGUOUS = {
    "an empty PAX path": pax(b"path=") + header(),
    "an empty PAX link": pax(b"linkpath=") + header(type=b"2", link=b"b"),
    "an empty long name": extension(b"L", b"") + header(),
    "a long name of zeros": extension(b"L", b"\0") + header(),
    "two PAX headers": pax(b"path=b") + pax(b"comment=x") + header(),
    "two long names": extension(b"L", b"b\0") + extension(b"L", b"c\0") + header(),
    "two long links": extension(b"K", b"b\0") * 2 + header(type=b"2"),
    "a PAX path and a long name": pax(b"path=b") + extension(b"L", b"c\0") + header(),
    "a long name and a PAX path": extension(b"L", b"c\0") + pax(b"path=b") + header(),
    "a PAX link and a long link": pax(b"linkpath=b") + extension(b"K", b"c\0") + header(type=b"2"),
    "a PAX header for all after one for an entry": pax(b"path=b") + pax(b"comment=x", kind=b"g") + header(),
    "a PAX key twice": pax(b"path=b", b"path=c") + header(),
    "a PAX path with a zero": pax(b"path=b\0c") + header(),
    "a long name with a zero": extension(b"L", b"b\0c\0") + header(),
    "a charset that is not known": pax(b"path=b", b"hdrcharset=KOI8-R") + header(),
    "a PAX size and another one": pax(b"size=512") + header(size=b"%011o\0" % 1024) + bytes(1024),
    "a PAX size and none": pax(b"size=512") + header() + bytes(512),
    "a PAX size of nothing and another one": pax(b"size=0") + header(size=b"%011o\0" % 512) + bytes(512),
    "a large PAX size and another one": pax(b"size=%d" % 8**11) + header(size=b"%011o\0" % 512),
    "a prefix of GNU's": header(prefix=b"p"),
    "a prefix without a format": header(magic=bytes(8), prefix=b"p"),
    "a prefix as long as star has none": header(magic=b"ustar\x0000", prefix=b"p" * 140, trailer=b"tar\0"),
    "a file with a slash": header(type=b"0", name=b"a/"),
    "a file with a slash by PAX": pax(b"path=b/") + header(type=b"0"),
    "an old file with a slash by PAX": pax(b"path=b/") + header(type=b"\0"),
    "an old folder with a name without a slash": extension(b"L", b"b\0") + header(type=b"\0", name=b"a/"),
    "a link with a slash": header(type=b"2", name=b"a/", link=b"b"),
}


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_what_readers_interpret_differently_is_refused(case: str) -> None:
    with pytest.raises(Unusable, match=r"^has headers that readers interpret differently; save the image again"):
        members(AMBIGUOUS[case] + bytes(1024))


# As tools write them: GNU tar, bsdtar, git archive, star, Go, and tars of the oldest kind.
ACCEPTED = {
    "a PAX header with times and attributes": (pax(b"mtime=1.5", b"SCHILY.xattr.user.a=\0") + header(), "a"),
    "a PAX path": (pax(b"path=b", b"LIBARCHIVE.creationtime=1") + header(type=b"0"), "b"),
    "a PAX path in a charset that is known": (pax(b"hdrcharset=BINARY", b"path=b") + header(), "b"),
    "a long name": (extension(b"L", b"b\0") + header(type=b"0"), "b"),
    "a long name, not terminated": (extension(b"L", b"b") + header(), "b"),
    "a long link and a long name": (extension(b"K", b"c\0") + extension(b"L", b"b\0") + header(type=b"2"), "b"),
    "a PAX header and a long name": (pax(b"mtime=1.5") + extension(b"L", b"b\0") + header(), "b"),
    "a comment for all": (pax(b"comment=4711", kind=b"g") + header(), "a"),
    "a comment for all and a PAX header": (pax(b"comment=4711", kind=b"g") + pax(b"path=b") + header(), "b"),
    "a PAX size that repeats the size": (pax(b"size=0") + header(), "a"),
    "a size in spaces": (header(size=b"          0 "), "a"),
    "a size without an end": (header(size=b"000000000000"), "a"),
    "a size in base-256": (header(size=b"\x80" + bytes(11)), "a"),
    "a prefix": (header(magic=b"ustar\x0000", prefix=b"p"), "p/a"),
    "a prefix of star's": (header(magic=b"ustar\x0000", prefix=b"p", trailer=b"tar\0"), "p/a"),
    "an old folder": (header(type=b"\0", name=b"a/", magic=bytes(8)), "a/"),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_tools_write_is_read(case: str) -> None:
    archive, name = ACCEPTED[case]
    ends = (bytes(1024), bytes(512), bytes(10_240), bytes(1024 + 7))
    assert [[one[0] for one in members(archive + end)] for end in ends] == [[name]] * 4


@pytest.mark.parametrize("form", ["gnu", "oldgnu", "pax", "ustar", "v7"])
def test_what_gnu_tar_writes_of_folders_and_long_names_is_read(form: str, tmp_path: Path) -> None:
    name = "a" * 90 if form == "v7" else "f" * 60 + "/" + "a" * 90
    path = tmp_path / "d" / (name if form in ("v7", "ustar") else f"{name}/{'ü' * 60}")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"1" * 600)
    archive = subprocess.run(["tar", "-C", tmp_path, f"--format={form}", "-c", "d"], check=True, capture_output=True)
    found = {one[0].rstrip("/"): one[2] for one in members(archive.stdout)}
    assert found[str(path.relative_to(tmp_path))] == b"1" * 600
    assert "d" in found


def test_a_size_that_needs_pax_is_read() -> None:
    archive = pax(b"size=%d" % 8**11) + header(size=bytes(12))
    assert next(iter(Tar(io.BytesIO(archive)))).size == 8**11


def test_a_zipped_archive_of_two_members_is_one_and_what_follows_it_is_refused(tmp_path: Path) -> None:
    archive = tar(("a", b""))
    path = tmp_path / "archive"
    path.write_bytes(gzip.compress(archive[:700]) + gzip.compress(archive[700:]))
    with opened(path) as stream:
        assert [member.name for member in Tar(stream)] == ["a"]
    path.write_bytes(gzip.compress(archive) + b"more")
    with pytest.raises(Unusable, match="is damaged"), opened(path) as stream:
        list(Tar(stream))


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
