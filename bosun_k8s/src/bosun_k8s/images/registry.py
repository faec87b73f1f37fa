"""One registry, by the OCI distribution API: manifests, blobs, mounts, and uploads that go on where they broke."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from bosun_core.errors import EnvironmentFailure

from bosun_k8s.images.layer import Checked
from bosun_k8s.images.transport import NOT_FOUND, Answered, Lost, Transport

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_ACCEPTED = ", ".join((OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST))
_PIECE = 64 * 1024 * 1024  # what is sent at a time, so that a broken connection costs no more
_FRUITLESS = 5  # times that an upload may break without getting on
_CREATED = 201
_READ = 1024 * 1024

Opener = Callable[[int], Iterator[bytes]]
"""Takes an offset, returns the bytes from there on."""


class Manifest(NamedTuple):
    """A manifest or an index, as it stands in a registry."""

    media_type: str
    digest: str
    document: dict[str, Any]

    @property
    def is_index(self) -> bool:
        """Whether it leads to manifests for several platforms."""
        return self.media_type in (OCI_INDEX, DOCKER_INDEX)


class Registry:
    """One registry.

    Raises:
        EnvironmentFailure: each call, where the registry refuses (`Answered`) or cannot be asked (`Lost`).
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.name = transport.registry

    def manifest(self, repository: str, selector: str) -> Manifest | None:
        """Return a manifest by tag or digest; None where there is none."""
        try:
            answer = self._transport.ask("GET", f"/v2/{repository}/manifests/{selector}", headers={"Accept": _ACCEPTED})
        except Answered as error:
            if error.code == NOT_FOUND:
                return None
            raise
        content = answer.data
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        try:
            document = json.loads(content)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise EnvironmentFailure(f"the registry {self.name} answers with no manifest; is it a registry?")
        media_type = document.get("mediaType") or answer.headers.get("Content-Type", "").partition(";")[0]
        return Manifest(str(media_type), digest, document)

    def put_manifest(self, repository: str, selector: str, document: dict[str, Any]) -> tuple[str, int]:
        """Put a manifest in place and return its digest and size."""
        content = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        headers = {"Content-Type": document["mediaType"]}
        self._transport.ask("PUT", f"/v2/{repository}/manifests/{selector or digest}", headers=headers, body=content)
        return digest, len(content)

    def json_blob(self, repository: str, digest: str) -> dict[str, Any]:
        """Return a blob that is a JSON document: an image's configuration."""
        found: dict[str, Any] = json.loads(self._transport.ask("GET", f"/v2/{repository}/blobs/{digest}").data)
        return found

    def blob(self, repository: str, digest: str, offset: int) -> Iterator[bytes]:
        """Yield a blob's bytes from an offset on."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        answer = self._transport.ask("GET", f"/v2/{repository}/blobs/{digest}", headers=headers, read=False)
        with answer:
            yield from answer.stream(_READ, decode_content=False)

    def has(self, repository: str, digest: str) -> bool:
        """Tell whether a repository has a blob."""
        try:
            self._transport.ask("HEAD", f"/v2/{repository}/blobs/{digest}")
        except Answered as error:
            if error.code == NOT_FOUND:
                return False
            raise
        return True

    def mount(self, repository: str, digest: str, source: str) -> bool:
        """Give a repository a blob that another one here has; False where the registry does not do that."""
        query = urlencode({"mount": digest, "from": source})
        answer = self._transport.ask("POST", f"/v2/{repository}/blobs/uploads/?{query}")
        if answer.status == _CREATED:
            return True
        self._transport.ask("DELETE", answer.headers["Location"])  # the upload that it began instead
        return False

    def put_blob(self, repository: str, content: bytes) -> str:
        """Put a small blob in place and return its digest."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if not self.has(repository, digest):
            self.upload(repository, len(content), lambda offset: iter([content[offset:]]))
        return digest

    def upload(self, repository: str, size: int, opened: Opener) -> str:
        """Send a blob of `size` bytes, piece by piece; return its digest. A broken upload goes on where it broke."""
        checked = Checked()
        place, offset = self._begun(repository), 0
        furthest, fruitless = 0, 0
        while offset < size:
            pieces = checked.passing(opened(offset), offset)
            end = min(offset + _PIECE, size)
            headers = {
                "Content-Type": "application/octet-stream",
                "Content-Range": f"{offset}-{end - 1}",
                "Content-Length": str(end - offset),
            }
            try:
                body = _limited(pieces, end - offset)
                place = self._transport.ask("PATCH", place, headers=headers, body=body).headers["Location"]
                offset = end
            except Lost:
                fruitless += 1
                if fruitless > _FRUITLESS:
                    raise
                place, offset = self._resumed(repository, place)
            if offset > furthest:
                furthest, fruitless = offset, 0
        joint = "&" if "?" in place else "?"
        try:
            self._transport.ask("PUT", f"{place}{joint}{urlencode({'digest': checked.digest})}", body=b"")
        except Answered as error:
            # Where the answer was lost and it was asked again, the upload is known no more, and the blob is there.
            if error.code != NOT_FOUND or not self.has(repository, checked.digest):
                raise
        return checked.digest

    def _begun(self, repository: str) -> str:
        """Begin an upload, and return where its bytes go."""
        return self._transport.ask("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"]

    def _resumed(self, repository: str, place: str) -> tuple[str, int]:
        """Return where an upload goes on, and how many bytes of it the registry has."""
        try:
            answer = self._transport.ask("GET", place)
        except Answered as error:
            if error.code != NOT_FOUND:
                raise
            return self._begun(repository), 0  # the CNCF registry drops an upload that broke within a piece
        last = answer.headers.get("Range", "0-0").rpartition("-")[2]
        there = int(last) + 1 if last.isdigit() and last != "0" else 0
        return answer.headers.get("Location", place), there


def _limited(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Yield the first `size` bytes."""
    for piece in pieces:
        if size <= len(piece):
            yield piece[:size]
            return
        size -= len(piece)
        yield piece
