"""Names of images, taken apart as Docker and the nodes do. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?")
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[\w][\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HUB = "docker.io"


class Reference(NamedTuple):
    """An image: `registry` is host and port, `repository` the path there."""

    registry: str
    repository: str
    tag: str
    digest: str | None = None
    has_tag: bool = False

    @property
    def name(self) -> str:
        """Registry and repository."""
        return f"{self.registry}/{self.repository}"

    @property
    def whole(self) -> str:
        """The name by which it is pulled."""
        return f"{self.name}@{self.digest}" if self.digest else f"{self.name}:{self.tag}"

    @property
    def selector(self) -> str:
        """What names the manifest in its repository: the digest, else the tag."""
        return self.digest or self.tag


def parse(text: str) -> Reference:
    """Return the reference; without a registry it is one of Docker Hub, without a tag the latest.

    Raises:
        ValueError: it names no image.
    """
    name, _, digest = text.partition("@")
    if ("@" in text and not _DIGEST.fullmatch(digest)) or len(name) > 255:
        raise ValueError(f"{text!r} is no image")
    head, slash, rest = name.partition("/")
    if slash and ("." in head or ":" in head or head == "localhost"):
        registry, path = head, rest
    else:
        registry, path = _HUB, name
    path, colon, tag = path.partition(":")
    if not _HOST.fullmatch(registry) or not _PATH.fullmatch(path) or (colon and not _TAG.fullmatch(tag)):
        raise ValueError(f"{text!r} is no image")
    if registry == _HUB and "/" not in path:
        path = f"library/{path}"
    return Reference(registry, path, tag or "latest", digest or None, bool(colon))
