"""What a deployment's folder is to hold, and how what it holds differs from that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bosun_core.artifact import is_url, local_artifact
from bosun_core.deployment_files import small_files
from bosun_core.errors import BosunError
from bosun_core.lifecycle.backend import Difference, Request

from bosun_fs.copying import sha256_of
from bosun_fs.problems import told
from bosun_fs.record import Record, check_package_name, hashes
from bosun_fs.settings import FilesystemSettings
from bosun_fs.state import Observed


class Desired(NamedTuple):
    """What a deployment's folder is to hold; without a package what is there already has to do.

    `to_fetch` says that the package is behind a URL, which a dry run does not fetch.
    """

    deployment_id: str
    model_id: str
    package: Path | None
    files: dict[str, bytes]
    to_fetch: bool = False


def desired(settings: FilesystemSettings, request: Request, kept: Path | None) -> Desired:
    """Return what an action asks for; `kept` is the package where the action gives none.

    Raises:
        InvalidRequest: the package cannot be used.
    """
    info_file, key_value_file = settings.deployment_info_file, settings.deployment_kv_file
    files = small_files(info_file, key_value_file, request.deployment_id, request.model_id, request.settings)
    if is_url(request.info.model_artifact):
        return Desired(request.deployment_id, request.model_id, None, files, to_fetch=True)
    package = local_artifact(request.info) if request.brings_package else kept
    if package is not None:
        check_package_name(package.name, files)
    return Desired(request.deployment_id, request.model_id, package, files)


def differences(desired: Desired, observed: Observed | None, folder: Path) -> Iterator[Difference]:
    """Yield how what a folder holds differs from what it is to hold; nothing where it is up to date.

    Raises:
        EnvironmentFailure: the package cannot be read.
    """
    record = None if observed is None else observed.record
    if observed is not None and observed.fault is not None:
        yield Difference("state", "errored", "ready")
    if record is None or record.model_id != desired.model_id:
        yield Difference("modelId", None if record is None else record.model_id, desired.model_id)
    if record is not None:
        yield from _of_package(desired, record)
        if record.files != hashes(desired.files):
            yield from _of_files(desired, record, folder)


def _of_package(desired: Desired, record: Record) -> Iterator[Difference]:
    if desired.package is None:
        if desired.to_fetch:
            yield Difference("package", record.package_sha256, "of the URL, which a dry run does not fetch")
        return
    with told("read", desired.package):
        sha256 = sha256_of(desired.package)
    if sha256 != record.package_sha256:
        yield Difference("package", record.package_sha256, sha256)


def _of_files(desired: Desired, record: Record, folder: Path) -> Iterator[Difference]:
    """Yield how the small files differ: by their keys where both can be read."""
    from bosun_core.lifecycle.records import (
        settings_differences,  # with json, which a start that changes nothing spares
    )

    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    for name, content in desired.files.items():
        new |= _keys(content) or {}
        old |= _content(folder / name) or {}
    for keys in (old, new):
        keys.pop("model_id", None)
        keys.pop("deployment_id", None)
    found = list(settings_differences(old, new))
    yield from found
    if not found and record.model_id == desired.model_id:
        yield Difference("files", sorted(record.files), sorted(desired.files))


def _content(path: Path) -> dict[str, Any] | None:
    try:
        return _keys(path.read_bytes())
    except OSError:
        return None


def _keys(content: bytes) -> dict[str, Any] | None:
    """Return what a small file says, or None where somebody else has written something else into it."""
    import yaml
    from bosun_core.yaml_loader import Loader

    try:
        found = yaml.load(content, Loader)  # noqa: S506  # it is a safe one
    except (yaml.YAMLError, BosunError, ValueError):
        return None
    return found if isinstance(found, dict) else None
