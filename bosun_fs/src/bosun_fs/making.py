"""Making a deployment's folder: what is wanted, whether it is there already, the steps, and the steps taken."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

import msgspec
from bosun_core.artifact import is_url, local_artifact
from bosun_core.atomic_file import write_all
from bosun_core.errors import InvalidRequest
from bosun_core.model import DeploymentInfo

from bosun_fs.atomic import Place
from bosun_fs.copying import copy_package, sha256_of
from bosun_fs.folders import Seen
from bosun_fs.problems import told
from bosun_fs.record import SCHEMA_VERSION, Record, check_package_name, hashes, small_files
from bosun_fs.settings import RECORD_FILE, FilesystemSettings


class Wanted(NamedTuple):
    """What a deployment's folder is to hold; without a package what is there already has to do.

    `to_fetch` says that the package is behind a URL, which a dry run does not fetch.
    """

    deployment_id: str
    model_id: str
    package: Path | None
    files: dict[str, bytes]
    to_fetch: bool = False


def wanted(settings: FilesystemSettings, info: DeploymentInfo, model_id: str, kept: Path | None = None) -> Wanted:
    """Return what an action asks for: `kept` is the package where the action gives none.

    Raises:
        InvalidRequest: the package cannot be used.
    """
    files = small_files(settings, str(info.id), model_id, info.key_value_config)
    if is_url(info.model_artifact):
        return Wanted(str(info.id), model_id, None, files, to_fetch=True)
    package = local_artifact(info) if info.model_artifact is not None else kept
    if package is not None:
        check_package_name(package.name, files)
    return Wanted(str(info.id), model_id, package, files)


def serves(current: Seen, goal: Wanted) -> bool:
    """Tell whether a folder holds what is wanted already; the package is compared by its hash.

    Raises:
        EnvironmentFailure: the package cannot be read.
    """
    record = current.record
    if current.fault is not None or record.model_id != goal.model_id or record.files != hashes(goal.files):
        return False
    if goal.package is None:
        return not goal.to_fetch
    with told("read", goal.package):
        return goal.package.stat().st_size == record.package_size and sha256_of(goal.package) == record.package_sha256


def steps(place: Place, current: Seen | None, goal: Wanted) -> list[str]:
    """Return what `make` would do, step by step.

    Raises:
        InvalidRequest: there is no package to make it of.
    """
    last = f"put it in place as {place.folder}"
    if current is not None:
        last = f"exchange it with {place.folder}, which holds model {current.record.model_id}"
    return [
        _copying(goal),
        f"write {', '.join(sorted(goal.files))} for model {goal.model_id}",
        last,
        *([] if current is None else [f"remove the old folder of model {current.record.model_id}"]),
    ]


def _copying(goal: Wanted) -> str:
    if goal.to_fetch:
        return "fetch the package, and copy it to a new folder aside unless it is the one that is there"
    package = _package(goal)
    with told("read", package):
        return f"copy {package} ({package.stat().st_size} bytes) to a new folder aside"


def make(place: Place, goal: Wanted, environment: str) -> Seen:
    """Make the folder aside and put it in place in one step; on any failure what was there is untouched.

    Raises:
        InvalidRequest: there is no package to make it of.
        EnvironmentFailure: the package changed meanwhile, or the filesystem refused.
    """
    package = _package(goal)
    with told(f"copy {package} to", place.folder), place.building() as new:
        copied = copy_package(package, new / package.name)
        record = Record(
            schema_version=SCHEMA_VERSION,
            environment=environment,
            deployment_id=goal.deployment_id,
            model_id=goal.model_id,
            package=package.name,
            package_size=copied.size,
            package_sha256=copied.sha256,
            files=hashes(goal.files),
        )
        for name, content in {**goal.files, RECORD_FILE: msgspec.json.encode(record)}.items():
            _write_through(new / name, content)
        place.put_in_place(new)
    return Seen(record, None)


def _package(goal: Wanted) -> Path:
    if goal.package is None:
        raise InvalidRequest("deploymentInfo.modelArtifact is missing; add the path of the model package")
    return goal.package


def _write_through(path: Path, content: bytes) -> None:
    sys.audit("bosun.step", "write file")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
