"""The memory of the environment: one small file per deployment, in the folder tmp_dir."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from bosun_core.atomic_file import sync_folder, write_whole
from bosun_core.errors import EnvironmentFailure
from bosun_core.locks import locked, locked_if_free
from bosun_core.names import slug_with_hash

SCHEMA_VERSION = 1
_PREFIX = "bosun_test"


class DamagedRecord(EnvironmentFailure):
    """A record that says nothing any more."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What the environment knows of a deployment; the hashes are SHA-256, that of no package is None."""

    schema_version: int = SCHEMA_VERSION
    environment_id: str
    deployment_id: str
    model_id: str
    settings_hash: str
    package_hash: str | None


@dataclass(frozen=True)
class Survey:
    """All records of one environment, and remarks on those that cannot be read."""

    records: list[Record]
    remarks: list[str]


class Records:
    """The records of one environment in a folder; those of another environment there are never touched."""

    def __init__(self, folder: str, environment_id: str) -> None:
        self.folder = Path(folder)
        self._prefix = f"{_PREFIX}_{slug_with_hash(environment_id, width=60)}_"

    def path(self, deployment_id: str) -> Path:
        """Return where the deployment's record is, or would be."""
        # Neither slug holds `_`, and each ends with a hash: no two pairs of ids share a file, in no case of letters.
        return self.folder / f"{self._prefix}{slug_with_hash(deployment_id, width=100)}.json"

    def check(self) -> None:
        """Check that the folder can be used.

        Raises:
            EnvironmentFailure: it is missing, no folder, or cannot be written.
        """
        if not self.folder.exists():
            raise EnvironmentFailure(f"tmp_dir {self.folder} does not exist; run: mkdir -p {self.folder.absolute()}")
        if not self.folder.is_dir():
            raise EnvironmentFailure(f"tmp_dir {self.folder} is no folder; name one")
        if not os.access(self.folder, os.R_OK | os.W_OK | os.X_OK):
            raise EnvironmentFailure(f"tmp_dir {self.folder} cannot be written by this user; change its mode or owner")

    @contextmanager
    def locked(self, deployment_id: str, limit: float) -> Iterator[None]:
        """Have one runner at a time act on the deployment, and clear what a killed one left; wait `limit` seconds.

        Raises:
            EnvironmentFailure: another runner held it all the while, or the folder cannot be used.
        """
        self.check()
        path = self.path(deployment_id)
        with _told(path), locked(path.with_suffix(".lock"), limit, f"deployment {deployment_id}"):
            self._clear_beside(path)
            yield

    def read(self, deployment_id: str) -> Record | None:
        """Return the deployment's record, or None where there is none.

        Raises:
            EnvironmentFailure: it is damaged, or of a newer version.
        """
        return self._read(self.path(deployment_id))

    def write(self, record: Record) -> None:
        """Write the record whole; a kill at any step leaves the old or the new one."""
        path = self.path(record.deployment_id)
        with _told(path):
            write_whole(path, msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")

    def remove(self, deployment_id: str) -> None:
        """Remove the record; already gone is success."""
        path = self.path(deployment_id)
        with _told(path):
            path.unlink(missing_ok=True)
            sync_folder(self.folder)

    def survey(self) -> Survey:
        """Read all records of this environment, in the order of their names."""
        self.check()
        records, remarks = [], []
        for name in self._names(".json"):
            try:
                record = self._read(self.folder / name)
            except EnvironmentFailure as error:
                remarks.append(str(error))
                continue
            if record is not None:  # else it was stopped just now
                records.append(record)
        return Survey(records, remarks)

    def clear_leftovers(self) -> None:
        """Remove what killed runners left behind; what a runner uses at the moment stays."""
        # A killed runner's lock file is still there: it names what else may be.
        for lock in [self.folder / name for name in self._names(".lock")]:
            with _told(lock), locked_if_free(lock) as free:
                if free:
                    self._clear_beside(lock.with_suffix(".json"))

    def _names(self, ending: str) -> list[str]:
        with os.scandir(self.folder) as found:
            return sorted(
                item.name for item in found if item.name.startswith(self._prefix) and item.name.endswith(ending)
            )

    def _clear_beside(self, path: Path) -> None:
        # write_whole writes `.<name>.<process>.tmp` first; the name holds nothing that glob would interpret.
        for aside in self.folder.glob(f".{path.name}.*.tmp"):
            aside.unlink(missing_ok=True)

    def _read(self, path: Path) -> Record | None:
        content = _content(path)
        if content is None:
            return None
        try:
            version = msgspec.json.decode(content, type=_Version).schema_version
            if version > SCHEMA_VERSION:
                raise EnvironmentFailure(
                    f"{path} was written by a newer bosun-test (version {version} of the file, this one reads "
                    f"{SCHEMA_VERSION}); run: pip install --upgrade bosun-test"
                )
            return msgspec.json.decode(content, type=Record)
        except msgspec.MsgspecError as error:
            raise DamagedRecord(f"{path} is damaged ({error}); remove it, or stop its deployment") from None


class _Version(msgspec.Struct):
    schema_version: int


def _content(path: Path) -> bytes | None:
    with _told(path):
        try:
            # Whoever may write to tmp_dir could put a link there: it is neither read nor written through.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            return file.read()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell in one line what the system refuses."""
    try:
        yield
    except OSError as error:
        reason = "it is a link, which is never made here" if error.errno == errno.ELOOP else error.strerror
        raise EnvironmentFailure(f"cannot use {path}: {reason}; mend that, then run the action again") from error
