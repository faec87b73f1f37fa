"""What a deployment's folder holds besides the package: Bosun's record, the info file, the key-value file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec
from bosun_core.errors import EnvironmentFailure, InvalidRequest

from bosun_fs.settings import RECORD_FILE

SCHEMA_VERSION = 1


class Record(msgspec.Struct, frozen=True, rename="camel"):
    """Bosun's memory of a deployment, in its folder so that it comes and goes with it.

    `files` maps the name of each small file to the SHA-256 of its content; `settings` is a hash of all of them.
    """

    schema_version: int
    environment: str
    deployment_id: str
    model_id: str
    package: str
    package_size: int
    package_sha256: str
    files: dict[str, str]


def read_record(content: bytes, folder: Path) -> Record:
    """Return the record that `content` holds.

    Raises:
        EnvironmentFailure: a newer Bosun wrote it, or it is damaged.
    """
    try:
        version = msgspec.json.decode(content, type=_Version).schema_version
        if version > SCHEMA_VERSION:
            raise EnvironmentFailure(
                f"{folder} was made by a newer Bosun (record version {version}, this one reads {SCHEMA_VERSION}); "
                "run: pip install --upgrade bosun-fs"
            )
        return msgspec.json.decode(content, type=Record)
    except msgspec.MsgspecError as error:
        raise EnvironmentFailure(
            f"{folder / RECORD_FILE} is damaged ({error}); move the folder away, then start the deployment again"
        ) from None


class _Version(msgspec.Struct, rename="camel"):
    schema_version: int


def hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of each file's content."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def check_package_name(name: str, files: Mapping[str, bytes]) -> str:
    """Return the package's name if it can stand beside the small files.

    Raises:
        InvalidRequest: it is the name of one of them.
    """
    if name in files or name == RECORD_FILE:
        raise InvalidRequest(
            f"the package is called {name}, like a file that Bosun writes beside it; rename the package"
        )
    return name
