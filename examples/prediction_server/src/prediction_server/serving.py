"""A model that serves a deployment, and how it comes from one file or one folder."""

import os
import stat
import time
from dataclasses import dataclass, replace
from pathlib import Path

from prediction_server.faults import Faults
from prediction_server.info_file import LARGEST_INFO_FILE, InfoFileError, read_ids
from prediction_server.packages import Package, PackageError, read_package

# A folder that is replaced while it is read is read again; so often in a row is no accident.
ATTEMPTS = 20
_NOT_PACKAGES = (".yml", ".yaml", ".json")

Identity = tuple[int, ...]


class NoDeploymentError(Exception):
    """There is no such deployment."""


@dataclass(frozen=True)
class Serving:
    """A loaded model with the ids that it answers for.

    `ready_at` is the reading of the monotonic clock, in seconds, from which on it answers.
    """

    deployment_id: str | None
    model_id: str
    package: Package
    faults: Faults
    ready_at: float

    def is_ready(self) -> bool:
        """Return whether it answers now."""
        return time.monotonic() >= self.ready_at

    def loaded(self) -> "Serving":
        """Return the same, ready from now on."""
        return replace(self, faults=self.faults.loaded(), ready_at=time.monotonic())


@dataclass(frozen=True)
class FolderContent:
    """What a folder held when it had this identity: a model, or else the problem with it."""

    identity: Identity
    serving: Serving | None = None
    problem: str = ""


def load_file(path: Path, *, deployment_id: str | None, model_id: str | None, faults: Faults) -> Serving:
    """Load the package at `path`, a file or a folder with one package in it.

    Without a model id the package's file name, less its suffix, is taken.

    Raises:
        PackageError: there is no package, there are several, or it cannot be loaded.
    """
    try:
        if path.is_dir():
            path = path / package_name([entry.name for entry in path.iterdir() if entry.is_file()], "")
        with path.open("rb") as file:
            package = read_package(file)
    except OSError as error:
        raise PackageError(f"{path}: {error.strerror}") from None
    except PackageError as error:
        raise PackageError(f"{path}: {error}") from error
    return _serving(package, deployment_id, model_id or path.stem, faults)


def identify(folder: Path, info_file: str) -> Identity:
    """Return what tells this folder from one that was put in its place, or was changed.

    Raises:
        NoDeploymentError: there is no such folder, or it holds no info file.
    """
    try:
        return _identity(folder.stat(), (folder / info_file).stat())
    except (OSError, ValueError):
        raise NoDeploymentError(f"there is no deployment {folder.name}") from None


def load_folder(folder: Path, info_file: str, faults: Faults) -> FolderContent:
    """Load the deployment in `folder`: ids and package are always of one and the same folder.

    Raises:
        NoDeploymentError: there is no such folder, or it holds no info file.
    """
    for attempt in range(1, ATTEMPTS + 1):
        identify(folder, info_file)
        # All is read relative to this descriptor: it stays with the folder that it was opened on.
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            continue
        try:
            content = _load(descriptor, info_file, faults)
            # The last attempt's problem counts, also of a folder that never comes to rest.
            if content.identity == _identity_of(descriptor, info_file) or attempt == ATTEMPTS:
                return content
        except OSError:
            continue
        finally:
            os.close(descriptor)
    raise NoDeploymentError(f"there is no deployment {folder.name}")


def package_name(names: list[str], info_file: str) -> str:
    """Return the one model package among the files of a folder.

    Where there is none that ends in `.mlpkg`, any other file counts, but for YAML and JSON files.

    Raises:
        PackageError: there is none, or there are several.
    """
    visible = sorted(name for name in names if not name.startswith(".") and name != info_file)
    packages = [name for name in visible if name.endswith(".mlpkg")]
    packages = packages or [name for name in visible if not name.endswith(_NOT_PACKAGES)]
    if not packages:
        raise PackageError("the folder holds no model package")
    if len(packages) > 1:
        raise PackageError(f"the folder holds several model packages: {', '.join(packages)}")
    return packages[0]


def _load(descriptor: int, info_file: str, faults: Faults) -> FolderContent:
    identity = _identity_of(descriptor, info_file)
    try:
        with os.fdopen(os.open(info_file, os.O_RDONLY, dir_fd=descriptor), "rb") as file:
            deployment_id, model_id = read_ids(file.read(LARGEST_INFO_FILE))
        name = package_name(_files(descriptor), info_file)
        with os.fdopen(os.open(name, os.O_RDONLY, dir_fd=descriptor), "rb") as file:
            package = read_package(file)
    except InfoFileError as error:
        return FolderContent(identity, problem=f"{info_file}: {error}")
    except PackageError as error:
        return FolderContent(identity, problem=str(error))
    except OSError as error:
        return FolderContent(identity, problem=f"the folder cannot be read: {error.strerror}")
    return FolderContent(identity, _serving(package, deployment_id, model_id, faults))


def _serving(package: Package, deployment_id: str | None, model_id: str, faults: Faults) -> Serving:
    own = faults.updated(package.faults)
    return Serving(deployment_id, model_id, package, own, time.monotonic() + own.load_seconds)


def _files(descriptor: int) -> list[str]:
    return [name for name in os.listdir(descriptor) if stat.S_ISREG(os.stat(name, dir_fd=descriptor).st_mode)]


def _identity_of(descriptor: int, info_file: str) -> Identity:
    return _identity(os.fstat(descriptor), os.stat(info_file, dir_fd=descriptor))


def _identity(folder: os.stat_result, info: os.stat_result) -> Identity:
    return (
        *(folder.st_dev, folder.st_ino, folder.st_mtime_ns),
        *(info.st_dev, info.st_ino, info.st_mtime_ns, info.st_size),
    )
