"""Looking at the folders of deployments: what is there, whose it is, and whether it is whole. Nothing is changed."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bosun_core.answers import DeploymentEntry
from bosun_core.errors import EnvironmentFailure
from bosun_core.lifecycle.backend import Survey
from bosun_core.status import ActionStatus, DeploymentState

from bosun_fs.record import Record, hashes, read_record
from bosun_fs.settings import RECORD_FILE, FilesystemSettings

_LOOKS = 100  # how often a folder may be exchanged under our eyes before we give up


class Observed(NamedTuple):
    """One look at a folder: its record, and what is wrong with the files beside it (None: nothing)."""

    record: Record
    fault: str | None
    has_package: bool = True
    """Whether its package is there, as it was put there."""

    @property
    def model_id(self) -> str:
        """The model that the folder holds."""
        return self.record.model_id

    @property
    def active(self) -> Record | None:
        """The record, which tells one content of the folder from every other; None where the folder is damaged."""
        return self.record if self.fault is None else None


def observe(folder: Path) -> Observed | None:
    """Look at a deployment's folder; None where there is no folder, or one without a record of ours.

    The folder is opened once and its files relative to it, so that a replacement in between is not seen half.

    Raises:
        EnvironmentFailure: its record is damaged, or of a newer Bosun.
    """
    for _ in range(_LOOKS):
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            observed = _look_inside(folder, descriptor)
            if observed is None or observed.fault is None or _still_in_place(folder, descriptor):
                return observed
        finally:
            os.close(descriptor)
    raise EnvironmentFailure(f"{folder} was exchanged {_LOOKS} times while it was looked at; run the action again")


def _still_in_place(folder: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(folder.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _look_inside(folder: Path, descriptor: int) -> Observed | None:
    content = _content(RECORD_FILE, descriptor)
    if content is None:
        return None
    record = read_record(content, folder)
    fault = _fault_of_package(record, descriptor)
    return Observed(record, fault or _fault_of_files(record, descriptor), has_package=fault is None)


def _fault_of_package(record: Record, descriptor: int) -> str | None:
    try:
        size = os.stat(record.package, dir_fd=descriptor).st_size
    except FileNotFoundError:
        return f"its package {record.package} is missing"
    if size != record.package_size:
        return f"its package {record.package} has {size} bytes instead of {record.package_size}"
    return None


def _fault_of_files(record: Record, descriptor: int) -> str | None:
    for name, digest in record.files.items():
        content = _content(name, descriptor)
        if content is None:
            return f"its file {name} is missing"
        if hashes({name: content}) != {name: digest}:
            return f"its file {name} was changed by somebody else"
    return None


def _content(name: str, descriptor: int) -> bytes | None:
    try:
        file = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=descriptor)
    except FileNotFoundError:
        return None
    with os.fdopen(file, "rb", buffering=0) as stream:
        return stream.read()


def entry(observed: Observed, folder: Path, settings: FilesystemSettings) -> DeploymentEntry:
    """Return what a look at a folder says of its deployment."""
    record = observed.record
    healthy = observed.fault is None
    return DeploymentEntry(
        deployment_id=record.deployment_id,
        model_id=record.model_id,
        status=ActionStatus.OK if healthy else ActionStatus.ERROR,
        state=DeploymentState.READY if healthy else DeploymentState.ERRORED,
        msg=None if healthy else f"deployment {record.deployment_id}: {observed.fault}; relaunch it with its package",
        prediction_url=prediction_url(settings, folder.name),
        workloads=(str(folder.absolute()),),
    )


def prediction_url(settings: FilesystemSettings, folder_name: str) -> str | None:
    """Return the URL at which a server of baseDir serves the folder, or None without a base URL."""
    base = settings.deployment_prediction_base_url
    return None if base is None else f"{base.rstrip('/')}/deployments/{folder_name}/predictions"


def observe_all(settings: FilesystemSettings, environment: str) -> Survey[Observed]:
    """Look at every folder below baseDir that carries the prefix; those of nobody or damaged ones become warnings.

    Raises:
        OSError: baseDir cannot be read.
    """
    deployments, unmanaged, damaged = [], [], []
    base = Path(settings.base_dir)
    for name in _names(base, settings.deployment_dir_prefix):
        folder = base / name
        try:
            observed = observe(folder)
        except EnvironmentFailure as error:
            damaged.append(str(error))
            continue
        if observed is not None and f"{settings.deployment_dir_prefix}{observed.record.deployment_id}" == name:
            if observed.record.environment == environment:
                deployments.append(observed)
        elif (folder / settings.deployment_info_file).exists():
            unmanaged.append(name)
    warnings = [f"unmanaged (not made by this Bosun, never touched; docs/migrate.md): {', '.join(unmanaged)}"]
    return Survey(deployments, warnings=[*(warnings if unmanaged else []), *damaged])


def _names(base: Path, prefix: str) -> Iterator[str]:
    with os.scandir(base) as found:
        names = sorted(item.name for item in found if item.name.startswith(prefix) and item.is_dir())
    return (name for name in names if not name.startswith("."))
