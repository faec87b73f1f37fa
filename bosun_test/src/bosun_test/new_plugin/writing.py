"""From the templates to the files of a new distribution."""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from bosun_core.errors import EnvironmentFailure

_SUFFIX = ".template"  # so that no tool takes a template for a file of this distribution
_DOT = "dot-"


def write_plugin(folder: Path, words: Mapping[str, str]) -> list[PurePosixPath]:
    """Write the distribution into `folder`, which is made where it is missing; return the paths below it.

    Raises:
        EnvironmentFailure: the folder is not empty or cannot be written; then nothing of it is left.
    """
    written: list[Path] = []
    try:
        if folder.exists() and any(folder.iterdir()):
            raise EnvironmentFailure(f"{folder} is not empty; name another folder with --directory")
        for path, text in files(words):
            target = folder / path
            for missing in [parent for parent in reversed(target.parents) if not parent.exists()]:
                missing.mkdir()
                written.append(missing)
            written.append(target)
            target.write_text(text, encoding="utf-8")
    except OSError as error:
        place = error.filename or (written or [folder])[-1]  # a full disk names no file
        _remove(written)
        raise EnvironmentFailure(f"cannot write {place}: {error.strerror}; name another folder") from None
    return [PurePosixPath(path.relative_to(folder)) for path in written if path.is_file()]


def files(words: Mapping[str, str]) -> Iterator[tuple[PurePosixPath, str]]:
    """Yield path and text of each file, with `words` in the place of each `@word@`."""
    template = importlib.resources.files(__package__) / "template"
    for path, source in sorted(_walk(template, PurePosixPath())):
        parts = [words["module"] if part == "module" else part.replace(_DOT, ".", 1) for part in path.parts]
        text = re.sub(r"@(\w+)@", lambda found: words[found[1]], source.read_text(encoding="utf-8"))
        yield PurePosixPath(*parts), text


def _walk(folder: Traversable, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, path / entry.name)
        elif entry.name.endswith(_SUFFIX):
            yield path / entry.name.removesuffix(_SUFFIX), entry


def _remove(written: list[Path]) -> None:
    """Remove what was written, the last first, as far as that goes."""
    for path in reversed(written):
        try:
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)
        except OSError:  # the disk that could not be written; the first error is the one to tell
            continue
