"""The headers of a tar archive, read strictly: what two readers could interpret differently is refused. Pure.

GNU tar, libarchive, Go's archive/tar and Python's tarfile disagree on which of several headers counts, on empty values,
on odd numbers, and on whether content follows; whoever knows how can show each of them another archive.
"""

from __future__ import annotations

import re
from typing import NamedTuple

BLOCK = 512
FILE, FOLDER = "a file", "a folder"
SYMBOLIC_LINK, HARD_LINK = "a symbolic link", "a hard link"
_OLD_FILE, _SPARSE = b"\0", b"S"
_KINDS = {
    b"0": FILE, _OLD_FILE: FILE, b"5": FOLDER, b"2": SYMBOLIC_LINK, b"1": HARD_LINK,
    b"3": "a device", b"4": "a device", b"6": "a FIFO",
}  # fmt: skip
_PAX, _PAX_OF_ALL, _LONG_NAME, _LONG_LINK = b"x", b"g", b"L", b"K"
EXTENSIONS = (_PAX, _PAX_OF_ALL, _LONG_NAME, _LONG_LINK)
"""The types of headers that say something of a later one."""
_OF_ONE_ENTRY = {b"path", b"linkpath", b"size", b"hdrcharset"}
_CHARSETS = (b"BINARY", b"ISO-IR 10646 2000 UTF-8")
_LARGEST_IN_OCTAL = 8**11 - 1
_NUMBER = re.compile(rb" *([0-7]*)[ \0]*")
_RECORD = re.compile(rb"([1-9][0-9]{0,5}) ")


class Unusable(ValueError):
    """An archive that is not taken; its text follows the archive's name."""


class Ambiguous(Unusable):
    """An archive that readers interpret differently."""

    def __init__(self) -> None:
        super().__init__(
            "has headers that readers interpret differently; save the image again, or pack the build context again"
        )


class Member(NamedTuple):
    """An entry of an archive."""

    name: str
    kind: str
    size: int
    mode: int
    mtime: int
    link: str
    """Where a link leads to; empty for what is not a link."""


class Extensions:
    """What the headers before an entry's own say of it."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self.name: bytes | None = None
        self.link: bytes | None = None
        self.size: int | None = None

    @property
    def are_pending(self) -> bool:
        """Whether an entry has to follow."""
        return bool(self._seen)

    def take(self, kind: bytes, content: bytes) -> None:
        """Take one more header.

        Raises:
            Unusable: it is damaged, or leaves open what counts.
        """
        if kind in self._seen or (kind == _PAX_OF_ALL and self._seen):
            raise Ambiguous
        if kind == _LONG_NAME:
            self._name(content.rstrip(b"\0"))
        elif kind == _LONG_LINK:
            self._link(content.rstrip(b"\0"))
        else:
            self._take_records(_records(content), kind)
        if kind != _PAX_OF_ALL:
            self._seen.add(kind)

    def _take_records(self, records: dict[bytes, bytes], kind: bytes) -> None:
        if any(key.startswith(b"GNU.sparse") or key == b"SCHILY.realsize" for key in records):
            raise Unusable("has a sparse file; pack it as it is")
        if kind == _PAX_OF_ALL and records.keys() & _OF_ONE_ENTRY:
            raise Unusable("has a header that names all its entries alike")
        if records.get(b"hdrcharset", _CHARSETS[0]) not in _CHARSETS:
            raise Ambiguous
        if b"path" in records:
            self._name(records[b"path"])
        if b"linkpath" in records:
            self._link(records[b"linkpath"])
        if b"size" in records:
            self.size = _decimal(records[b"size"])

    def _name(self, value: bytes) -> None:
        if not value or b"\0" in value or self.name is not None:
            raise Ambiguous
        self.name = value

    def _link(self, value: bytes) -> None:
        if not value or b"\0" in value or self.link is not None:
            raise Ambiguous
        self.link = value


def is_sound(block: bytes) -> bool:
    """Tell whether a block is a header, by its checksum."""
    text = _NUMBER.fullmatch(block[148:156])
    return text is not None and text[1] != b"" and int(text[1], 8) == sum(block[:148]) + 256 + sum(block[156:])


def kind_of(block: bytes) -> bytes:
    """Return the type in a header."""
    return block[156:157]


def size_of(block: bytes) -> int:
    """Return the size in a header."""
    return _number(block[124:136])


def member(block: bytes, extensions: Extensions) -> Member:
    """Return the entry that a header describes.

    Raises:
        Unusable: it is damaged, of a type that is not known, or can be read in two ways.
    """
    type_ = kind_of(block)
    if type_ == _SPARSE:
        raise Unusable("has a sparse file; pack it as it is")
    if type_ not in _KINDS:
        raise Unusable("has an entry of an unknown type")
    kind, own_name = _KINDS[type_], _own_name(block)
    name = own_name if extensions.name is None else extensions.name
    if name.endswith(b"/") and kind != FOLDER:
        if type_ != _OLD_FILE or not _text(block[:100]).endswith(b"/"):
            raise Ambiguous
        kind = FOLDER  # as the oldest archives write it
    elif type_ == _OLD_FILE and _text(block[:100]).endswith(b"/"):
        raise Ambiguous
    size = _size(block, extensions)
    if kind != FILE and size:
        raise Unusable(f"has {kind} with content")
    link = b""
    if kind in (SYMBOLIC_LINK, HARD_LINK):
        link = _text(block[157:257]) if extensions.link is None else extensions.link
    try:
        return Member(name.decode(), kind, size, _number(block[100:108]), _number(block[136:148]), link.decode())
    except UnicodeDecodeError:
        raise Unusable("has an entry whose name is not UTF-8") from None


def _own_name(block: bytes) -> bytes:
    name, prefix = _text(block[:100]), _text(block[345:500])
    if not prefix:
        return name
    is_longer_in_star = block[508:512] == b"tar\0" and block[475]
    if block[257:263] != b"ustar\0" or is_longer_in_star:  # other formats have something else in its place
        raise Ambiguous
    return prefix + b"/" + name


def _size(block: bytes, extensions: Extensions) -> int:
    own, told = size_of(block), extensions.size
    if told is None or told == own:
        return own
    if own or told <= _LARGEST_IN_OCTAL:  # it would have fitted: some readers take one, some the other
        raise Ambiguous
    return told


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _number(field: bytes) -> int:
    large = int.from_bytes(field[1:], "big")
    if field[0] == 0x80 and large < 2**63:  # GNU's way to write large ones
        return large
    text = _NUMBER.fullmatch(field)
    if text is None:
        raise Unusable("is damaged (a number in a header is none); make it again")
    return int(text[1] or b"0", 8)


def _decimal(text: bytes) -> int:
    if not re.fullmatch(rb"[0-9]{1,18}", text):
        raise Unusable("is damaged (a size in a header is none); make it again")
    return int(text)


def _records(extension: bytes) -> dict[bytes, bytes]:
    """Return the records of a PAX header, each `LENGTH KEY=VALUE` and a line feed."""
    records: dict[bytes, bytes] = {}
    at = 0
    while at < len(extension):
        length = _RECORD.match(extension, at)
        end = at + int(length[1]) if length else 0
        if length is None or not length.end() < end <= len(extension) or extension[end - 1 : end] != b"\n":
            raise Unusable("is damaged (a record in a header is none); make it again")
        key, equals, value = extension[length.end() : end - 1].partition(b"=")
        if not key or not equals or b"\0" in key:
            raise Unusable("is damaged (a record in a header is none); make it again")
        if key in records:
            raise Ambiguous
        records[key] = value
        at = end
    return records
