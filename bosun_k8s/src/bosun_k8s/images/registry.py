"""One registry, by the OCI distribution API: manifests, blobs, mounts, and uploads that go on where they broke."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from bosun_core.errors import EnvironmentFailure

from bosun_k8s.images.layer import Checked
from bosun_k8s.images.media_types import DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from bosun_k8s.images.reference import Reference
from bosun_k8s.images.transport import NOT_FOUND, Answer, Answered, Lost, Transport

_ACCEPTED = ", ".join((OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST))
_FRUITLESS = 5  # times that an upload may break without getting on
_CREATED, _BAD = 201, 400
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


class Garbled(Answered):
    """What arrived is not what was sent: the registry still wrote what a broken connection had brought."""


class Unexpected(EnvironmentFailure):
    """What was sent has not the digest that it was to have."""


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
        digest = digest_of(content)
        document = self._read(content, "manifest")
        media_type = document.get("mediaType") or answer.headers.get("Content-Type", "").partition(";")[0]
        return Manifest(str(media_type), digest, document)

    def put_manifest(self, repository: str, selector: str, document: dict[str, Any]) -> tuple[str, int]:
        """Put a manifest in place and return its digest and size; without a tag it is named by its digest."""
        content = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
        return self.put_content(repository, selector, document["mediaType"], content), len(content)

    def put_content(self, repository: str, selector: str, media_type: str, content: bytes) -> str:
        """Put a manifest in place as it is written and return its digest; without a tag it is named by that."""
        digest = digest_of(content)
        headers = {"Content-Type": media_type}
        self._transport.ask("PUT", f"/v2/{repository}/manifests/{selector or digest}", headers=headers, body=content)
        return digest

    def json_blob(self, repository: str, digest: str) -> dict[str, Any]:
        """Return a blob that is a JSON document: an image's configuration."""
        return self._read(self._transport.ask("GET", f"/v2/{repository}/blobs/{digest}").data, "configuration")

    def _read(self, content: bytes, what: str) -> dict[str, Any]:
        try:
            document = json.loads(content)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise EnvironmentFailure(f"the registry {self.name} answers with no {what}; is it a registry?")
        return document

    def _place_told(self, answer: Answer) -> str:
        """Return where an upload goes on."""
        place: str | None = answer.headers.get("Location")
        if place is None:
            raise EnvironmentFailure(f"the registry {self.name} gives no place for an upload; is it a registry?")
        return place

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
        self._transport.ask("DELETE", self._place_told(answer))  # the upload that it began instead
        return False

    def put_blob(self, repository: str, content: bytes) -> str:
        """Put a small blob in place and return its digest."""
        digest = digest_of(content)
        if not self.has(repository, digest):
            self.upload(repository, len(content), lambda offset: iter([content[offset:]]))
        return digest

    def upload(self, repository: str, size: int, opened: Opener, expected: str | None = None) -> str:
        """Send a blob of `size` bytes in one request; return its digest. A broken upload goes on where it broke.

        Raises:
            Unexpected: it has not the digest that is expected; nothing is put in place.
        """
        try:
            return self._uploaded(repository, size, opened, expected)
        except Garbled:
            return self._uploaded(repository, size, opened, expected)

    def _uploaded(self, repository: str, size: int, opened: Opener, expected: str | None) -> str:
        checked = Checked()
        place, offset = self._begun(repository), 0
        furthest, fruitless, has_broken = 0, 0, False
        while offset < size:
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size - offset)}
            if offset:
                headers["Content-Range"] = f"{offset}-{size - 1}"
            body = checked.passing(opened(offset), offset)
            try:
                place = self._place_told(self._transport.ask("PATCH", place, headers=headers, body=body))
                offset = size
            except (Lost, Answered) as error:
                # One that broke may be dropped only after the registry has said how much of it is there.
                is_dropped = isinstance(error, Answered) and error.code == NOT_FOUND and has_broken
                fruitless += 1
                if fruitless > _FRUITLESS or not (is_dropped or isinstance(error, Lost)):
                    raise
                place, offset = self._resumed(repository, place)
                has_broken = True
            if offset > furthest:
                furthest, fruitless = offset, 0
        if expected not in (None, checked.digest):
            self._transport.ask("DELETE", place)
            raise Unexpected(f"{checked.digest} has come where {expected} was to be")
        joint = "&" if "?" in place else "?"
        try:
            self._transport.ask("PUT", f"{place}{joint}{urlencode({'digest': checked.digest})}", body=b"")
        except Answered as error:
            if has_broken and error.code == _BAD:
                raise Garbled(str(error), error.code) from error
            # Where the answer was lost and it was asked again, the upload is known no more, and the blob is there.
            if error.code != NOT_FOUND or not self.has(repository, checked.digest):
                raise
        return checked.digest

    def _begun(self, repository: str) -> str:
        """Begin an upload, and return where its bytes go."""
        return self._place_told(self._transport.ask("POST", f"/v2/{repository}/blobs/uploads/"))

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


class Place(NamedTuple):
    """Where an image is, or is to be."""

    registry: Registry
    reference: Reference

    def made_of(self, annotations: Mapping[str, str]) -> str | None:
        """Return the digest of the image that is there if it has these annotations among its own, else None."""
        there = self.registry.manifest(self.reference.repository, self.reference.tag)
        if there is None:
            return None
        found = there.document.get("annotations") or {}
        return there.digest if annotations.items() <= found.items() else None


def digest_of(content: bytes) -> str:
    """Return the digest of a small content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
