"""The kinds of models that the Docker plugin serves, each made for a test: one entry of a table is one kind."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from archive_making import tar
from prediction_server.make_package import write_package

INSIDE = "/opt/custom/model.mlpkg"
CUSTOM = "customInferenceModel"


class Made(NamedTuple):
    """What an action is given for one model."""

    info: dict[str, Any]
    settings: dict[str, Any]


class Maker:
    """Makes models of each kind on the engine of a place; images that it names itself are a user's."""

    def __init__(self, place: Any, folder: Path) -> None:
        self._place = place
        self._folder = folder
        self.users: list[str] = []

    def make(self, kind: str, name: str, **faults: Any) -> Made:
        """What an action is given for the model `name` of this kind, with faults."""
        path = self._folder / f"{kind}-{name}-{len(list(self._folder.iterdir()))}"
        return KINDS[kind](self, path, name, faults)

    def package(self, path: Path, name: str, faults: dict[str, Any]) -> Path:
        package = path.with_suffix(".mlpkg")
        write_package(package, "linear", seed=sum(name.encode()), faults=faults or None)
        return package

    def image(self, path: Path, name: str, faults: dict[str, Any]) -> str:
        """An image of a user's own with the model in it."""
        place = self._place
        made = place("create", place.variables["BOSUN_TEST_PPS_IMAGE"])
        try:
            content = tar((INSIDE.lstrip("/"), self.package(path, name, faults).read_bytes()))
            copy = ["docker", "cp", "-", f"{made}:/"]
            subprocess.run(copy, input=content, env=place.variables, check=True, capture_output=True)
            image = f"users-{place.network}/{path.name.lower()}:1"
            place("commit", f"--change=ENV PREDICTION_API_MODEL_REPOSITORY_PATH={INSIDE}", made, image)
        finally:
            place("rm", made)
        self.users.append(image)
        return image

    def clear(self) -> None:
        """Remove the images that it made."""
        if self.users:
            self._place("image", "rm", "--force", *self.users, check=False)


def _dedicated(maker: Maker, path: Path, name: str, faults: dict[str, Any]) -> Made:
    return Made({"modelArtifact": str(maker.package(path, name, faults))}, {})


def _shared(maker: Maker, path: Path, name: str, faults: dict[str, Any]) -> Made:
    return Made({"modelArtifact": str(maker.package(path, name, faults))}, {"modelServing": "shared"})


def _image(maker: Maker, path: Path, name: str, faults: dict[str, Any]) -> Made:
    values = {"image": maker.image(path, name, faults)}
    return Made({"modelExecutionType": CUSTOM, "keyValueConfig": values}, {})


def _archive(maker: Maker, path: Path, name: str, faults: dict[str, Any]) -> Made:
    image = maker.image(path, name, faults)
    archive = path.with_suffix(".tar")
    maker._place("save", "--output", archive, image)
    maker._place("image", "rm", image)
    return Made({"modelExecutionType": CUSTOM, "modelArtifact": str(archive)}, {})


def context(maker: Maker, package: bytes, *more: str) -> bytes:
    """A build context with the package, and more lines in its Dockerfile."""
    base = maker._place.variables["BOSUN_TEST_PPS_IMAGE"]
    lines = [f"FROM {base}", f"COPY model.mlpkg {INSIDE}", f"ENV PREDICTION_API_MODEL_REPOSITORY_PATH={INSIDE}", *more]
    return tar(("Dockerfile", "\n".join(lines).encode()), ("model.mlpkg", package))


def _context(maker: Maker, path: Path, name: str, faults: dict[str, Any]) -> Made:
    archive = path.with_suffix(".context.tar")
    archive.write_bytes(context(maker, maker.package(path, name, faults).read_bytes()))
    return Made({"modelExecutionType": CUSTOM, "modelArtifact": str(archive)}, {})


KINDS: dict[str, Callable[[Maker, Path, str, dict[str, Any]], Made]] = {
    "dedicated": _dedicated,
    "shared": _shared,
    "image": _image,
    "archive": _archive,
    "context": _context,
}
