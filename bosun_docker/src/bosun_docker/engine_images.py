"""What is asked of the engine about images. Raw documents in and out."""

from __future__ import annotations

from collections.abc import Iterator

from bosun_docker.engine_connection import Connection, Document
from bosun_docker.engine_errors import Missing, Refused, refused


class Images(Connection):
    """The calls on images."""

    def image(self, reference: str) -> Document | None:
        """Return what the engine knows of an image; None where it has none."""
        try:
            with self._step(f"look at image {reference}"):
                return dict(self._client.inspect_image(reference))
        except Missing:
            return None

    def images(self, labels: list[str]) -> list[Document]:
        """Return the images that carry the labels."""
        with self._step("list images"):
            return list(self._client.images(filters={"label": labels}))

    def pull(self, reference: str) -> Iterator[Document]:
        """Pull an image; yields the engine's reports as they come."""
        name, tag = _split(reference)
        with self._step(f"pull image {reference}"):
            for report in self._client.pull(name, tag=tag, stream=True, decode=True):
                if "error" in report:
                    raise refused(f"pull image {reference}", 0, str(report["error"]))
                yield report

    def commit(self, container: str, repository: str, tag: str, changes: list[str]) -> str:
        """Make an image of a container and return its id."""
        with self._step(f"make image {repository}:{tag}"):
            return str(self._client.commit(container, repository, tag, changes=changes)["Id"])

    def remove_image(self, image: str, *, force: bool = False) -> None:
        """Remove an image; one that is gone, or that a container uses, is left as it is."""
        try:
            with self._step(f"remove image {image}"):
                self._client.remove_image(image, force=force)
        except Refused as error:
            if not isinstance(error, Missing) and error.code != 409:  # HTTP's Conflict: it is in use
                raise


def _split(reference: str) -> tuple[str, str]:
    """Return name and tag (or digest) of an image's reference; `latest` where it has neither."""
    if "@" in reference:
        name, _, digest = reference.partition("@")
        return name, digest
    name, colon, tag = reference.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (reference, "latest")
