"""What is asked of the engine about images. Raw documents in and out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bosun_docker.engine.connection import Connection, Document
from bosun_docker.engine.errors import Missing, Refused, refused

NO_TAG = "<none>:<none>"
"""What the engine tells in the place of a name."""


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

    def names(self) -> dict[str, str]:
        """Return the names that images have, each with the image's id."""
        with self._step("list images"):
            images = list(self._client.images())
        named = {name: str(image["Id"]) for image in images for name in image.get("RepoTags") or []}
        named.pop(NO_TAG, None)
        return named

    def pull(self, reference: str) -> Iterator[Document]:
        """Pull an image; yields the engine's reports as they come."""
        name, tag = _split(reference)
        with self._step(f"pull image {reference}"):
            for report in self._client.pull(name, tag=tag, stream=True, decode=True):
                if "error" in report:
                    raise refused(f"pull image {reference}", 0, str(report["error"]))
                yield report

    def load(self, archive: Iterator[bytes]) -> Iterator[Document]:
        """Load an image archive; yields the engine's reports as they come."""
        with self._step("load the image archive"):
            for report in self._client.load_image(archive):
                if "error" in report:
                    raise refused("load the image archive", 0, str(report["error"]))
                yield report

    def build(self, context: Iterator[bytes], tag: str, labels: Mapping[str, str]) -> Iterator[Document]:
        """Build an image from a context, a tar archive with a Dockerfile; yields the engine's reports as they come."""
        with self._step(f"build image {tag}"):
            reports = self._client.build(
                fileobj=context, custom_context=True, tag=tag, labels=dict(labels), rm=True, forcerm=True, decode=True,
                timeout=self._client.timeout,
            )  # fmt: skip
            for report in reports:
                if "error" in report:
                    raise refused(f"build image {tag}", 0, str(report["error"]))
                yield report

    def tagged(self, repository: str) -> list[Document]:
        """Return the images with a tag in the repository."""
        with self._step("list images"):
            return list(self._client.images(name=repository))

    def commit(self, container: str, repository: str, tag: str, changes: list[str]) -> str:
        """Make an image of a container and return its id."""
        with self._step(f"make image {repository}:{tag}"):
            return str(self._client.commit(container, repository, tag, changes=changes)["Id"])

    def remove_image(self, image: str, *, with_parents: bool = True) -> None:
        """Remove an image, or one of its tags; one that is gone, or that a container uses, is left as it is.

        Images that it was made of go with it where nothing else needs or names them, unless without `with_parents`.
        """
        try:
            with self._step(f"remove image {image}"):
                self._client.remove_image(image, noprune=not with_parents)
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
