"""The status file: the six keys of a status, as YAML, written whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bosun_core.atomic_file import write_whole
from bosun_core.errors import StatusNotWritten


def as_yaml(document: dict[str, Any]) -> str:
    """Return a status, or any plain data, as YAML with sorted keys."""
    import yaml

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # whichever PyYAML was built with
        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  # PyYAML's signature
            return True  # `&id001` in place of a repeated value would puzzle every reader

    text: str = yaml.dump(
        document, Dumper=Dumper, allow_unicode=True, default_flow_style=False, sort_keys=True, width=1000
    )
    return text


def check_writable_place(path: str) -> None:
    """Check, before an action begins, that a status file can come to be at `path`.

    Raises:
        StatusNotWritten: its folder is missing, or the path is a folder.
    """
    try:
        file = Path(path)
        if file.is_dir():
            raise StatusNotWritten(f"cannot write the status file {path}: this is a folder; name a file in it")
        if not file.parent.is_dir():
            raise StatusNotWritten(f"cannot write the status file {path}: no such folder; run: mkdir -p {file.parent}")
    except ValueError:
        raise StatusNotWritten(f"cannot write the status file {path!r}: this is no path; check it") from None


def write(path: str, document: dict[str, Any]) -> None:
    """Write the status file at `path`; a reader sees the old one or the new one. May be repeated.

    Raises:
        StatusNotWritten: the system refused; an old file is as it was.
    """
    check_writable_place(path)
    try:
        write_whole(Path(path), as_yaml(document).encode())
    except OSError as error:
        raise StatusNotWritten(
            f"cannot write the status file {path}: {error.strerror}; make room, or name another place"
        ) from None
