"""The engine's tar archive of the route files, read.

Python's tarfile takes 18 ms for the files of 200 deployments, a third of what these add to a list of one; this takes 1.
"""

from __future__ import annotations

_BLOCK = 512
_NAME, _SIZE, _KIND = slice(0, 100), slice(124, 136), slice(156, 157)  # of a header, as in POSIX.1-1988
_FILES = (b"0", b"\0")


def files_in(archive: bytes) -> dict[str, str]:
    """Return the text files of an archive by their names without folders; names are at most 100 bytes, as ours are."""
    found = {}
    at = 0
    while archive[at : at + 1].strip(b"\0"):  # an empty block, or nothing, is the end
        header = archive[at : at + _BLOCK]
        size = int(header[_SIZE].strip(b" \0") or b"0", 8)
        if header[_KIND] in _FILES:
            name = header[_NAME].rstrip(b"\0").decode("utf-8", "replace")
            found[name.rpartition("/")[2]] = archive[at + _BLOCK : at + _BLOCK + size].decode("utf-8", "replace")
        at += _BLOCK + -(-size // _BLOCK) * _BLOCK
    return found
