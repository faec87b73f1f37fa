"""What is wrong, told to a person: one line on stderr, and no harm done where nobody can read it."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from bosun_core.errors import one_line

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer


def complain(message: str) -> None:
    """Write one line to stderr; a stderr that is full, closed or unread must not cost what is done besides."""
    with suppress(OSError, ValueError):
        sys.stderr.write(f"bosun-plugin-runner: {one_line(message)}\n")
        sys.stderr.flush()


class _Tolerant(io.FileIO):
    """A descriptor that is written to as far as it can be; the rest is dropped."""

    def write(self, content: Buffer, /) -> int:
        left = memoryview(content).cast("B")
        size = len(left)
        with suppress(OSError):
            while left:
                done = super().write(left)
                if done is None:  # it would block, and no action waits for who reads its log
                    break
                left = left[done:]
        return size


def _tolerant(stream: TextIO) -> TextIO:
    raw = _Tolerant(stream.fileno(), "w", closefd=False)
    # Unbuffered, as `python -u` has it: lines of this process and of its subprocesses keep their order.
    return io.TextIOWrapper(
        raw, stream.encoding, stream.errors, line_buffering=True, write_through=True
    )  # unbuffered, as `python -u` has it


@contextmanager
def tolerant_streams() -> Iterator[None]:
    """Have Python's stdout and stderr drop what cannot be written, so that no action fails of a log that is full."""
    kept = sys.stdout, sys.stderr
    with suppress(OSError, ValueError):  # somebody else's stream that has no descriptor
        sys.stdout, sys.stderr = _tolerant(sys.stdout), _tolerant(sys.stderr)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = kept
