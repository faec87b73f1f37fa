"""The model package that an action is given: checked where it is a path, fetched where it is a URL."""

from __future__ import annotations

import errno
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


def is_url(artifact: str | None) -> bool:
    """Tell whether `modelArtifact` is fetched: the runner does so before a plugin sees it, but not in a dry run."""
    return (artifact or "").lower().startswith(("http://", "https://"))


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
        raise InvalidRequest(f"modelArtifact {given} {_why_absent(given, error)}") from None
    for is_kind, words in _OTHER_KINDS:
        if is_kind(mode):
            raise InvalidRequest(f"modelArtifact {given} is {words}")
    if not os.access(path, os.R_OK):
        raise InvalidRequest(f"modelArtifact {given} cannot be read by this user; change its mode or owner")
    return path


def _why_absent(given: str, error: OSError | ValueError) -> str:
    if isinstance(error, ValueError):
        return "is no path; check it"
    if is_url(given):  # else core had fetched it
        return "is a URL, which a dry run does not fetch; give a path to see the whole plan"
    if "://" in given:
        return "is no URL that can be fetched; write a path, or one with http:// or https://"
    if error.errno == errno.ELOOP:
        return "is a link that leads back to itself; mend the link"
    if isinstance(error, PermissionError):
        return "cannot be reached by this user; change the mode of its folders"
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"cannot be used ({error.strerror}); check the path"
    try:
        return f"is a link to {Path(given).readlink()}, which does not exist; mend the link"
    except OSError:
        return "does not exist; check the path"
