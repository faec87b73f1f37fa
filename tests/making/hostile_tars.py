"""Tar archives in which anything may be odd, for Hypothesis; most of what each holds is in order."""

import functools
import hashlib
import json
import tarfile
from typing import Any

from hypothesis import strategies as st

_PLACES = {
    "name": (0, 100), "mode": (100, 8), "size": (124, 12), "mtime": (136, 12), "type": (156, 1), "link": (157, 100),
    "magic": (257, 8), "prefix": (345, 155), "trailer": (508, 4),
}  # fmt: skip


def usually(value: Any, *odd: Any, times: int = 5) -> st.SearchStrategy[Any]:
    """One value, and so many times less often another."""
    return st.sampled_from([value] * times * len(odd) + list(odd))


def header(**fields: bytes) -> bytes:
    """A header block of such fields, with its checksum."""
    block = bytearray(tarfile.TarInfo("a").tobuf(tarfile.GNU_FORMAT)[:512])
    for field, value in fields.items():
        at, width = _PLACES[field]
        block[at : at + width] = value[:width].ljust(width, b"\0")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def padded(content: bytes) -> bytes:
    """Content as it stands in an archive."""
    return content + bytes(-len(content) % 512)


def file(name: bytes, content: bytes, **fields: bytes) -> bytes:
    """A file, with something of its header as it is given."""
    return header(**{"name": name, "type": b"0", "size": b"%011o\0" % len(content), **fields}) + padded(content)


def record(text: bytes) -> bytes:
    """A record of a PAX header."""
    length = next(count for count in range(len(text), 10_000) if len(b"%d %b\n" % (count, text)) == count)
    return b"%d %b\n" % (length, text)


def pax(*records: bytes, kind: bytes = b"x") -> bytes:
    """A PAX header with these records."""
    return file(b"pax", b"".join(map(record, records)), type=kind)


LAYER = file(b"marker", b"") + bytes(1024)
DIGEST = hashlib.sha256(LAYER).hexdigest()
_ROOTFS = {"type": "layers", "diff_ids": [f"sha256:{DIGEST}"]}
CONFIG = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/x"]}, "rootfs": _ROOTFS}).encode()
CONFIG_NAME = f"{hashlib.sha256(CONFIG).hexdigest()}.json"
LAYER_NAME, OTHER_LAYER = f"{DIGEST}/layer.tar", f"{'b' * 64}/layer.tar"
VICTIM = "victim:1"
NAMES = [
    b"manifest.json", b"./manifest.json", b"manifest.json/", b"MANIFEST.JSON", b"a/../manifest.json",
    b".//manifest.json", b"index.json", b"repositories", b"oci-layout", LAYER_NAME.encode(), OTHER_LAYER.encode(),
    b"c" * 64 + b"/VERSION", b"b" * 64 + b"/", b"c" * 64, b"./", b"blobs/sha256/" + b"d" * 64,
    b"manifest.json\0x", b"n" * 100, b"", b"x\xff",
]  # fmt: skip
_TYPES = [b"\0", *([b"5", b"2", b"1"] * 3), b"7", b"3", b"6", b"S", b"L", b"K", b"x", b"g", b"X", b"Z", b"V"]


@functools.cache
def _sizes(size: int) -> list[bytes]:
    octal = b"%o" % size
    return [
        octal.rjust(11) + b" ", octal.rjust(12, b"0"), octal.rjust(11, b"0") + b" ", octal + b"\0",
        b"\x80" + size.to_bytes(11, "big"), b"\0" + octal, b"\0\0" + octal.rjust(9, b"0") + b"\0", b"+" + octal,
        b"-" + octal, b"\t" + octal, octal + b"\n", octal + b"\0" + b"7", octal + b" 7", b"0o" + octal, b"1_0",
        b"\xff" * 12, b"\x81" + size.to_bytes(11, "big"), b"\x80" + b"\xff" * 11, b"%o" % (size + 512),
        b"%o" % max(0, size - 512), b"",
    ]  # fmt: skip


_VALUES = st.sampled_from([*NAMES[:12], b"", b"a\0b", b"b" * 64 + b"/", b"512", b"0", b"x=y", b"\xc3\xbc"])
_KEYS = st.sampled_from(
    [b"path", b"linkpath", b"size", b"comment", b"mtime", b"hdrcharset", b"GNU.sparse.name", b"uid"]
)
_RECORDS = st.one_of(
    st.just(b"comment=x"),
    st.just(b"mtime=1.5"),
    st.just(b"uname=x"),
    st.sampled_from([b"path=" + name for name in NAMES]),
    st.sampled_from([b"size=%d" % size for size in (0, 1, 512, 600, 1024, 8**11)]),
    st.builds(lambda key, value: key + b"=" + value, _KEYS, _VALUES),
    st.sampled_from([b"comment=a\n13 path=evil", b"comment", b"=x", b"hdrcharset=BINARY", b"hdrcharset=KOI8-R"]),
)
_LONG = [file(b"././@LongLink", name + b"\0", type=b"L") for name in NAMES[:12]]
_SPARSE = pax(b"GNU.sparse.map=0,1", b"GNU.sparse.size=1", b"GNU.sparse.name=manifest.json")
_EXTENSIONS = st.one_of(
    st.sampled_from([pax(b"comment=x"), pax(b"mtime=1.5"), pax(b"comment=x", kind=b"g"), _SPARSE]),
    st.sampled_from([one + other for one in _LONG[:2] for other in (pax(b"path=" + NAMES[9]), pax(b"mtime=1.5"))]),
    st.sampled_from([*_LONG, *(pax(b"path=" + name) for name in NAMES[:12])]),
    st.sampled_from([file(b"././@LongLink", name + b"\0", type=b"K") for name in NAMES[:12]]),
    st.lists(_RECORDS, max_size=3).map(lambda records: pax(*records)),
    st.lists(_RECORDS, max_size=2).map(lambda records: pax(*records, kind=b"g")),
    st.sampled_from([file(b"././@LongLink", name + end, type=b"L") for name in NAMES for end in (b"", b"\0y\0")]),
)


@st.composite
def entries(draw: st.DrawFn, names: tuple[bytes, ...] = tuple(NAMES)) -> bytes:
    """One entry with the headers before it."""
    before = b"".join(draw(st.one_of(st.just([]), st.just([]), st.lists(_EXTENSIONS, max_size=3))))
    kind = draw(usually(b"0", *_TYPES, times=1))
    name = draw(st.sampled_from(names))
    manifest = json.dumps([{"Config": CONFIG_NAME, "Layers": [LAYER_NAME], "RepoTags": [VICTIM]}]).encode()
    content = draw(st.sampled_from([b"", manifest, LAYER, file(b"manifest.json", manifest), b"x" * 512]))
    if kind not in (b"0", b"\0", b"7", b"S", b"L", b"K", b"x", b"g"):
        content = draw(usually(b"", content))
    fields = {
        "name": name,
        "type": kind,
        "size": draw(usually(b"%011o\0" % len(content), *_sizes(len(content)))),
        "mode": draw(usually(b"0000644\0", b"   644 \0", b"", b"\0644")),
        "magic": draw(usually(b"ustar  \0", b"ustar\x0000", b"", b"ustar\0\0\0", b"ustar ", b"ustar\x00  ")),
        "prefix": draw(usually(b"", b"./", b".", b"p", b"\0p", b"p" * 140, b"000000000000")),
        "trailer": draw(usually(b"", b"tar\0")),
        "link": draw(st.sampled_from([b"", f"../{LAYER_NAME}".encode(), b"manifest.json", LAYER_NAME.encode()])),
    }
    return before + header(**fields) + padded(content)


_ENDS = usually(bytes(1024), bytes(512), b"", bytes(10_240), bytes(512) + file(b"manifest.json", b"[]"))


def archives() -> st.SearchStrategy[bytes]:
    """Archives of any entries."""
    return st.builds(lambda parts, end: b"".join(parts) + end, st.lists(entries(), min_size=1, max_size=3), _ENDS)


@st.composite
def image_archives(draw: st.DrawFn) -> bytes:
    """Image archives, with entries among theirs that do not belong there."""
    image = {"Config": CONFIG_NAME, "Layers": [LAYER_NAME], "RepoTags": ["mine:1"]}
    index = {"manifests": [{"digest": f"sha256:{'d' * 64}", "annotations": {"io.containerd.image.name": VICTIM}}]}
    parts = [
        file(CONFIG_NAME.encode(), CONFIG),
        file(LAYER_NAME.encode(), LAYER),
        file(b"manifest.json", json.dumps([image]).encode()),
        *([file(b"index.json", json.dumps(index).encode())] if draw(st.booleans()) else []),
    ]
    for _ in range(draw(st.integers(0, 2))):
        parts.insert(draw(st.integers(0, len(parts))), draw(entries()))
    return b"".join(parts) + draw(_ENDS)
