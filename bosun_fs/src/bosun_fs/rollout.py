"""A deployment's folder made aside and put in place, step by step."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
from bosun_core.atomic_file import write_all
from bosun_core.errors import InvalidRequest
from bosun_core.lifecycle.steps import Change, Step

from bosun_fs.copying import Copied, copy_package
from bosun_fs.desired import Desired
from bosun_fs.place import Place
from bosun_fs.problems import told
from bosun_fs.record import SCHEMA_VERSION, Record, hashes
from bosun_fs.settings import RECORD_FILE
from bosun_fs.state import Observed


def rollout(place: Place, environment: str, desired: Desired, observed: Observed | None) -> Change:
    """Return the steps that make the folder; the one that puts it in place is the commit.

    Raises:
        InvalidRequest: there is no package to make it of.
    """
    made = _Rollout(place, environment, desired)
    files = f"{', '.join(sorted(desired.files))} for model {desired.model_id}"
    if observed is None:
        rest = [Step("put", f"it in place as {place.folder}", made.put_in_place)]
    else:
        old = observed.record.model_id
        rest = [
            Step("exchange", f"it with {place.folder}, which holds model {old}", made.put_in_place),
            Step("remove", f"the old folder of model {old}", made.clear),
        ]
    steps = (Step(*made.copying(), made.copy, made.clear), Step("write", files, made.write), *rest)
    return Change(steps, commit=2, is_committed=made.is_in_place)


class _Rollout:
    """One folder on its way into its place."""

    def __init__(self, place: Place, environment: str, desired: Desired) -> None:
        if desired.package is None and not desired.to_fetch:
            raise InvalidRequest("deploymentInfo.modelArtifact is missing; add the path of the model package")
        self._place = place
        self._environment = environment
        self._desired = desired
        self._package = desired.package or Path()
        self._copied: Copied | None = None
        self._made: os.stat_result | None = None

    def copying(self) -> tuple[str, str]:
        """Return how the package comes into the new folder, as verb and object."""
        if self._desired.to_fetch:
            return "fetch", "the package, and copy it to a new folder aside unless it is the one that is there"
        with told("read", self._package):
            return "copy", f"{self._package} ({self._package.stat().st_size} bytes) to a new folder aside"

    def copy(self) -> None:
        """Copy the package to a new folder aside."""
        with self._told():
            new = self._place.begin()
            self._made = new.stat()
            self._copied = copy_package(self._package, new / self._package.name)

    def write(self) -> None:
        """Write the small files beside it, and the record of all."""
        files = {**self._desired.files, RECORD_FILE: msgspec.json.encode(self._record())}
        with self._told():
            for name, content in files.items():
                _write_through(self._place.new / name, content)

    def put_in_place(self) -> None:
        """Make the new folder the deployment's, in one step."""
        with self._told():
            self._place.put_in_place()

    def clear(self) -> None:
        """Remove what stands aside: the new folder before that step, the old one after it."""
        with told("clear", self._place.folder):
            self._place.recover()

    def is_in_place(self) -> bool:
        """Tell whether the new folder is the deployment's; after a relaunch only the folder itself tells."""
        with self._told():
            return self._made is not None and os.path.samestat(self._place.folder.stat(), self._made)

    def _record(self) -> Record:
        assert self._copied is not None
        return Record(
            schema_version=SCHEMA_VERSION,
            environment=self._environment,
            deployment_id=self._desired.deployment_id,
            model_id=self._desired.model_id,
            package=self._package.name,
            package_size=self._copied.size,
            package_sha256=self._copied.sha256,
            files=hashes(self._desired.files),
        )

    def _told(self) -> AbstractContextManager[None]:
        return told(f"copy {self._package} to", self._place.folder)


def _write_through(path: Path, content: bytes) -> None:
    sys.audit("bosun.step", "write file")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
