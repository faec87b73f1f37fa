"""Build contexts: what is sent of them, and what is refused in one line with nothing unpacked."""

import gzip
import io
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from archive_making import BYPASSES, DOCKERFILE, HARD_LINK, SYMLINK, claims, special, tar, written, zip_entry, zipped
from bosun_core.model_sources.contexts import Context, checked, sent
from bosun_core.model_sources.tars import Unusable
from hypothesis import given
from hypothesis import strategies as st

LIMIT = 1 << 20


def arrived(path: Path) -> dict[str, tuple[int, float, bytes | None]]:
    """What the engine unpacks: mode, time and content by path."""
    buffer = io.BytesIO(b"".join(sent(path, LIMIT)) + bytes(1024))
    with tarfile.open(fileobj=buffer) as archive:
        return {
            one.name: (one.mode, one.mtime, file.read() if (file := archive.extractfile(one)) else None)
            for one in archive
        }


def test_a_tar_arrives_without_owners_and_rights_but_the_one_to_be_run(tmp_path: Path) -> None:
    run = tarfile.TarInfo("./bin//run.sh")
    run.mode, run.mtime, run.uid, run.size = 0o6755, 1_700_000_000, 1000, 3
    content = tar(special(".", tarfile.DIRTYPE), DOCKERFILE, special("bin", tarfile.DIRTYPE, mode=0o777), run)
    for path in (written(tmp_path, content, "a"), written(tmp_path, gzip.compress(content), "b")):
        assert checked(path, LIMIT) == Context(3, 16)
        assert arrived(path) == {
            "Dockerfile": (0o644, 315532800, b"FROM scratch\n"),
            "bin": (0o755, 315532800, None),
            "bin/run.sh": (0o755, 1_700_000_000, bytes(3)),
        }


def test_a_zip_arrives_alike(tmp_path: Path) -> None:
    run = zip_entry("bin/run.sh", stat.S_IFREG | 0o755)
    run.date_time = (2023, 11, 14, 22, 13, 20)
    path = written(tmp_path, zipped(("Dockerfile", DOCKERFILE[1]), ("bin/", b""), (run, b"#!x")))
    assert checked(path, LIMIT).entries == 3
    assert {name: (mode, content) for name, (mode, _, content) in arrived(path).items()} == {
        "Dockerfile": (0o644, b"FROM scratch\n"),
        "bin": (0o755, None),
        "bin/run.sh": (0o755, b"#!x"),
    }
    assert arrived(path)["bin/run.sh"][1] == 1_700_000_000


def overlapping() -> bytes:
    """A zip whose list of entries names the same kilobytes a thousand times."""
    one = zipped(("Dockerfile", b""), ("zeros", bytes(100_000)))
    end = one.rindex(b"PK\x05\x06")
    begin = struct.unpack("<L", one[end + 16 : end + 20])[0]
    last = one.rindex(b"PK\x01\x02")
    entries = one[begin:last] + b"".join(one[last : last + 46] + b"z%04d" % number for number in range(1000))
    fields = struct.pack("<HHLL", 1001, 1001, len(entries), begin)
    return one[:begin] + entries + b"PK\x05\x06" + bytes(4) + fields + b"\0\0"


def encrypted() -> bytes:
    content = bytearray(zipped(("Dockerfile", b"x")))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + at] |= 1
    return bytes(content)


REFUSED = {
    **{
        name: (make, r"has .*, a (symbolic|hard) link, which|which leads out of it|an absolute path|twice|too long")
        for name, make in BYPASSES.items()
    },
    "a symbolic link": (lambda: tar(DOCKERFILE, special("a", SYMLINK, "b")), "has 'a', a symbolic link, which a build"),
    "a hard link": (
        lambda: tar(DOCKERFILE, special("a", HARD_LINK, "b")),
        "has 'a', a hard link, which a build context",
    ),
    "a block device": (lambda: tar(DOCKERFILE, special("a", tarfile.BLKTYPE)), "has 'a', a device, which"),
    "a character device": (lambda: tar(DOCKERFILE, special("a", tarfile.CHRTYPE)), "has 'a', a device, which"),
    "a FIFO": (lambda: tar(DOCKERFILE, special("a", tarfile.FIFOTYPE)), "has 'a', a FIFO, which"),
    "..": (lambda: tar(DOCKERFILE, ("a/../../b", b"")), "which leads out of it"),
    "an absolute path": (lambda: tar(DOCKERFILE, ("/etc/x", b"")), "an absolute path"),
    "a backslash": (
        lambda: zipped(("Dockerfile", b""), (zip_entry("..\\..\\x", 0), b"")),
        "a character that is refused",
    ),
    "a drive": (lambda: zipped(("Dockerfile", b""), ("C:/x", b"")), "an absolute path"),
    "a zip with ..": (lambda: zipped(("Dockerfile", b""), ("../x", b"")), "which leads out of it"),
    "a zip's absolute path": (lambda: zipped(("Dockerfile", b""), ("/x", b"")), "an absolute path"),
    "a zip's link": (
        lambda: zipped(("Dockerfile", b""), (zip_entry("a", stat.S_IFLNK | 0o777), b"/etc")),
        "a symbolic link",
    ),
    "a zip's link as a folder": (
        lambda: zipped(("Dockerfile", b""), (zip_entry("a/", stat.S_IFLNK), b"/etc")),
        "a symbolic link",
    ),
    "a zip's device": (lambda: zipped(("Dockerfile", b""), (zip_entry("a", stat.S_IFBLK), b"")), "a device"),
    "a line feed in a name": (lambda: tar(DOCKERFILE, ("a\nb", b"")), "a character that is refused"),
    "a name of 300 bytes": (lambda: tar(DOCKERFILE, ("ü" * 150, b"")), "a path that is too long"),
    "a path of 2,000 bytes": (lambda: tar(DOCKERFILE, ("/".join(["a" * 99] * 20), b"")), "a path that is too long"),
    "two files of one name": (lambda: tar(DOCKERFILE, ("a", b"1"), ("./a", b"2")), "has './a' twice"),
    "two entries of a zip of one name": (
        lambda: zipped(("Dockerfile", b""), (zip_entry("./Dockerfile", 0), b"")),
        "twice",
    ),
    "a file and a folder of one name": (lambda: tar(DOCKERFILE, ("a/b", b""), ("a", b"")), "has 'a' twice"),
    "a file below a file": (lambda: tar(DOCKERFILE, ("a", b""), ("a/b", b"")), "has 'a/b' below a file"),
    "100,000 entries": (
        lambda: tar(DOCKERFILE, *((f"f{one}", b"") for one in range(100_000))),
        "more than 10000 entries",
    ),
    "100,000 entries of a zip": (
        lambda: zipped(("Dockerfile", b""), *((f"f{one}", b"") for one in range(100_000))),
        "more than 10000 entries",
    ),
    "100,000 folders in few entries": (
        lambda: tar(DOCKERFILE, *((f"{one}/" + "a/" * 400 + "x", b"") for one in range(300))),
        "more than 10000 entries",
    ),
    "a bomb": (
        lambda: claims(64 << 20),
        "more than 1048576 bytes unpacked; leave something out, or raise maxContextSize",
    ),
    "a zip bomb": (lambda: zipped(("Dockerfile", b""), ("zeros", bytes(64 << 20))), "more than 1048576 bytes unpacked"),
    "a zip bomb that overlaps": (overlapping, "more than 1048576 bytes unpacked"),
    "a zip under a password": (encrypted, "under a password"),
    "a zip packed otherwise": (
        lambda: zipped(("Dockerfile", b"x" * 99), compression=zipfile.ZIP_LZMA),
        "pack it with deflate",
    ),
    "a tar that is cut off": (lambda: tar(DOCKERFILE, ("a", bytes(5000)))[:3000], "is cut off"),
    "a gzip that is cut off": (
        lambda: gzip.compress(tar(DOCKERFILE, ("a", bytes(range(256)) * 99)))[:-200],
        "is damaged|is cut off",
    ),
    "a zip that is cut off": (lambda: zipped(("Dockerfile", b"x"), ("a", bytes(5000)))[:-30], "is damaged"),
    "no Dockerfile": (lambda: tar(("a", b"")), "has no Dockerfile, so it is no build context; add one"),
    "a Dockerfile in a folder": (
        lambda: tar(("model/Dockerfile", b"")),
        "its folder 'model' has one: pack what is in that",
    ),
    "a Dockerfile that is a folder": (lambda: tar(special("Dockerfile", tarfile.DIRTYPE)), "has no Dockerfile"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_hostile_or_broken_context_is_refused_in_little_memory(tmp_path: Path, case: str) -> None:
    make, message = REFUSED[case]
    path = written(tmp_path, make())
    tracemalloc.start()
    try:
        with pytest.raises(Unusable, match=message) as raised:
            checked(path, LIMIT)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert ("\n" in str(raised.value), peak < 24 << 20, sorted(tmp_path.iterdir())) == (False, True, [path]), peak


def test_a_zip_that_lies_about_a_size_is_refused_when_it_is_sent(tmp_path: Path) -> None:
    content = bytearray(zipped(("Dockerfile", b"FROM scratch\n"), ("a", b"1" * 100), compression=zipfile.ZIP_STORED))
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<L", 10)
    path = written(tmp_path, bytes(content))
    with pytest.raises(Unusable, match="is damaged"):
        list(sent(path, LIMIT))


@given(st.binary(max_size=300), st.integers(0, 400), st.booleans())
def test_whatever_is_wrong_with_an_archive_there_is_one_line(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int, is_zip: bool
) -> None:
    sound = zipped(("Dockerfile", b"x" * 30), ("b/c", b"y")) if is_zip else tar(DOCKERFILE, ("b/c", b"y"))
    path = written(tmp_path_factory.mktemp("noise"), sound[:at] + noise + sound[at + len(noise) :])
    said = ""
    try:
        checked(path, LIMIT)
        arrived(path)
    except Unusable as error:
        said = str(error)
    assert "\n" not in said
