"""The model package that an action is given: checked where it is a path, fetched where it is a URL."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from bosun_core.errors import InvalidRequest

if TYPE_CHECKING:
    from bosun_core.model import DeploymentInfo

_OTHER_KINDS = (
    (stat.S_ISDIR, "a folder; name the package file in it"),
    (stat.S_ISSOCK, "a socket; name a package file"),
    (stat.S_ISFIFO, "a pipe; name a package file"),
    (stat.S_ISBLK, "a device; name a package file"),
    (stat.S_ISCHR, "a device; name a package file"),
)


def local_artifact(deployment_info: DeploymentInfo) -> Path:
    """Return the path of the package, a regular file or a link to one.

    Raises:
        InvalidRequest: `modelArtifact` is missing, or names no file that can be read.
    """
    given = deployment_info.model_artifact
    if not given:
        raise InvalidRequest("deploymentInfo.modelArtifact is missing; add the path of the model package")
    path = Path(given)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise InvalidRequest(f"modelArtifact {given} {_why_absent(path, error)}") from None
    for is_kind, words in _OTHER_KINDS:
        if is_kind(mode):
            raise InvalidRequest(f"modelArtifact {given} is {words}")
    if not os.access(path, os.R_OK):
        raise InvalidRequest(f"modelArtifact {given} cannot be read by this user; change its mode or owner")
    return path


def _why_absent(path: Path, error: OSError | ValueError) -> str:
    if isinstance(error, ValueError):
        return "is no path; check it"
    try:
        target = path.readlink()
    except OSError:
        known = {
            FileNotFoundError: "does not exist",
            NotADirectoryError: "does not exist",
            PermissionError: "cannot be reached",
        }
        return f"{known.get(type(error), f'cannot be used ({error.strerror})')}; check the path"
    return f"is a link to {target}, which does not exist; mend the link"
