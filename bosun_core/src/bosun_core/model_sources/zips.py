"""How many entries a zip file has, found out before a library reads them all into memory."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import IO

from bosun_core.model_sources.tars import Unusable

_ENTRY, _END, _END_64, _LOCATOR_64 = b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_SIZE, _LOCATOR_SIZE = 22, 20
_LONGEST_COMMENT = 0xFFFF
_LARGEST_LIST = 16 * 1024 * 1024
_BEGINNINGS = (b"PK\x03\x04", _END)


def is_zip(path: Path) -> bool:
    """Tell whether a file begins as a zip does."""
    with path.open("rb") as file:
        return file.read(4) in _BEGINNINGS


def check_count(path: Path, most: int) -> None:
    """Check that a zip has no more than `most` entries, by walking through its list of them.

    Raises:
        Unusable: it has more, or its list cannot be found.
    """
    with path.open("rb") as file:
        end, size = _list_of(file)
        file.seek(end - size)
        count = 0
        while file.tell() < end:
            entry = file.read(46)
            if len(entry) < 46 or entry[:4] != _ENTRY:
                raise Unusable("is damaged (its list of entries is none); make it again")
            count += 1
            if count > most:
                raise Unusable(f"has more than {most} entries; leave out what the build does not need")
            file.seek(sum(struct.unpack("<HHH", entry[28:34])), 1)


def _list_of(file: IO[bytes]) -> tuple[int, int]:
    """Return where the list of entries ends, and its size: as the library finds it, from the end of the file."""
    length = file.seek(0, 2)
    begin = max(0, length - _END_SIZE - _LONGEST_COMMENT)
    file.seek(begin)
    tail = file.read()
    at = len(tail) - _END_SIZE if tail[-_END_SIZE:][:4] == _END else tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise Unusable("is damaged (it has no end); make it again")
    end, size = begin + at, int(struct.unpack("<L", tail[at + 12 : at + 16])[0])
    if tail[max(0, at - _LOCATOR_SIZE) :][:4] == _LOCATOR_64:
        end -= _LOCATOR_SIZE + 56
        file.seek(max(0, end))
        record = file.read(56)
        if end < 0 or record[:4] != _END_64:
            raise Unusable("is damaged (its end is none); make it again")
        size = int(struct.unpack("<Q", record[40:48])[0])
    if size > end:
        raise Unusable("is damaged (its list of entries is cut off); make it again")
    if size > _LARGEST_LIST:
        raise Unusable("has a list of entries that is too large; pack it without comments")
    return end, size
