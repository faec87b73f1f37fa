"""The model package behind a URL, on this machine for as long as an action takes.

What a failed or killed fetch leaves behind the next one goes on with (`download_place` says where).
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from http.client import HTTPResponse
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

from bosun_core.download_place import Place, own_place, staging
from bosun_core.errors import EnvironmentFailure, InvalidRequest
from bosun_core.model import DeploymentInfo
from bosun_core.reporting import progress
from bosun_core.web_source import Cut, Source, source

_RESUMES = 5
_BLOCK = 256 * 1024


class DownloadLimits(NamedTuple):
    """How long a fetch may take, in seconds, and how large a package may be, in bytes."""

    timeout: float
    size: int


@contextlib.contextmanager
def fetched(
    info: DeploymentInfo,
    plugin_config: Mapping[str, Any],
    folder: os.PathLike[str] | str | None,
    limits: DownloadLimits,
) -> Iterator[DeploymentInfo]:
    """Fetch the package at the URL `modelArtifact`, hand over `info` with its path, and remove it at the end.

    Args:
        info: what the action is given; `modelArtifact` is an http(s) URL.
        plugin_config: `mlopsUrl` in it names the one host that is shown MLOPS_API_TOKEN.
        folder: where to keep the file. None: a folder of this user's own for temporary files.
        limits: beyond them the fetch is ended.

    Raises:
        InvalidRequest: the URL cannot be used, or the package is not there or too large.
        EnvironmentFailure: the server or this machine failed; what has come is kept for the next try.
    """
    package = source(info.model_artifact or "", plugin_config)
    with own_place(staging(folder), package.url) as place:
        file = place.folder / package.file_name
        _fetch(package, place, file, limits)
        try:
            yield DeploymentInfo({**info.raw, "modelArtifact": str(file)})
        finally:
            place.clear()


def _fetch(package: Source, place: Place, file: Path, limits: DownloadLimits) -> None:
    deadline = time.monotonic() + limits.timeout
    for resumes_left in range(_RESUMES, -1, -1):
        try:
            _receive(package, place, file, limits, deadline)
        except Cut as cut:
            if cut.start_over:
                place.begin(None)
            too_late = time.monotonic() + cut.wait >= deadline
            if too_late or not resumes_left:
                within = f"within {limits.timeout:g} s" if too_late else f"in {_RESUMES + 1} tries"
                what_to_do = "raise --download-timeout, or try again" if too_late else "try again"
                raise EnvironmentFailure(
                    f"{package.shown} did not come {within}: {cut} ({_kept(place, file)}); {what_to_do}"
                ) from None
            time.sleep(cut.wait)  # what the server asked for, and 0 otherwise
        else:
            return


def _kept(place: Place, file: Path) -> str:
    kept = file.stat().st_size if file.exists() and place.version() else 0
    return f"{kept} bytes are kept for the next try" if kept else "nothing is kept"


def _receive(package: Source, place: Place, file: Path, limits: DownloadLimits, deadline: float) -> None:
    """Receive the package, or what is missing of it.

    Raises:
        Cut: it did not come whole.
    """
    with _opened(file) as stream:
        version = place.version()
        # The last byte is asked for again: so a whole file, too, is confirmed by the server to be the one it has.
        offset = max(0, stream.tell() - 1) if version else 0
        headers = {"Range": f"bytes={offset}-", "If-Range": version} if version and offset else {}
        with package.answer(headers, deadline) as answer:
            begins, total = _extent(answer)
            if begins not in (0, offset) or (begins and _version(answer) not in (None, version)):
                raise Cut("the server sent another part than it was asked for", start_over=True)
            if max(total or 0, begins) > limits.size:
                place.clear()
                raise InvalidRequest(_too_large(package, limits, f"has {total} bytes"))
            with _told_of_disk(place):
                stream.truncate(begins)
                if not begins:
                    place.begin(_version(answer))
            done = begins
            for block in _blocks(answer, begins, total):
                done += len(block)
                if done > limits.size:
                    place.clear()
                    raise InvalidRequest(_too_large(package, limits, f"has more than {limits.size} bytes"))
                _keep(stream, block, place)
            if time.monotonic() >= deadline and total is None:
                raise Cut("its end did not come")  # the connection was closed by us
            if total is not None and done < total:
                raise Cut(f"the connection was cut after {done} of {total} bytes")


def _opened(file: Path) -> FileIO:
    try:
        return FileIO(file, "ab")
    except OSError as error:
        raise EnvironmentFailure(f"cannot write {file}: {error.strerror}; check the folder") from None


def _extent(answer: HTTPResponse) -> tuple[int, int | None]:
    """Return the number of the answer's first byte (-1: not told) and the size of the package, if told."""
    if answer.status == HTTPStatus.OK:
        return 0, answer.length
    told = re.fullmatch(r"bytes (\d{1,18})-\d+/(\d{1,18})", answer.headers.get("Content-Range", ""))
    return (int(told[1]), int(told[2])) if told else (-1, None)


def _version(answer: HTTPResponse) -> str | None:
    """Return what tells this package from a later one at the same URL; a weak ETag does not."""
    tag = answer.headers.get("ETag")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified")


def _blocks(answer: HTTPResponse, begins: int, total: int | None) -> Iterator[bytes]:
    """Hand over the body as it comes in, and report how far it has come: a hundred times or so."""
    done = reported = begins
    step = max(_BLOCK, (total or 0) // 100)
    progress("downloading", done, total)
    while total is None or done < total:
        block = answer.read1(_BLOCK if total is None else min(_BLOCK, total - done))
        if not block:
            break
        yield block
        done += len(block)
        if done - reported >= step or done == total:
            reported = done
            progress("downloading", done, total)


def _keep(stream: FileIO, block: bytes, place: Place) -> None:
    rest = memoryview(block)
    with _told_of_disk(place):
        while rest:
            sys.audit("bosun.step", "download write")
            rest = rest[stream.write(rest) :]


@contextlib.contextmanager
def _told_of_disk(place: Place) -> Iterator[None]:
    """Tell a refusal of the disk from one of the server, which are both an OSError."""
    try:
        yield
    except OSError as error:
        place.clear()  # a full disk would stay full
        raise EnvironmentFailure(
            f"cannot write to {place.folder.parent}: {error.strerror}; make room there, and try again"
        ) from None


def _too_large(package: Source, limits: DownloadLimits, how_large: str) -> str:
    return f"{package.shown} {how_large}, more than {limits.size} may be fetched; raise --download-limit"
