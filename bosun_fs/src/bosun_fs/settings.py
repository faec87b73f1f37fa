"""The private configuration of the filesystem plugin."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
from bosun_core.settings import Settings, described

RECORD_FILE = ".bosun.json"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_WIDEST_NAME = 255  # bytes
_WIDEST_PREFIX = _WIDEST_NAME - 128  # an id has up to 128


class FilesystemSettings(Settings, kw_only=True, frozen=True, rename="camel"):
    """Where the folders of the deployments are, and what is in them besides the package."""

    base_dir: Annotated[
        str,
        described(
            "The top-level folder that holds one folder for each deployment. It must exist; "
            "a relative path starts at the working directory."
        ),
    ] = "."
    deployment_dir_prefix: Annotated[str, described("Each deployment's folder is called this prefix and its id.")] = (
        "deployment_"
    )
    deployment_info_file: Annotated[
        str,
        described(
            "The name of the file in the folder that names deployment and model. "
            "The Portable Prediction Server expects config.yml."
        ),
    ] = "config.yml"
    deployment_prediction_base_url: Annotated[
        str | None,
        described(
            "The address at which a server serves baseDir. Where it is set, each deployment reports the prediction URL "
            "<this>/deployments/<folder>/predictions.",
            "http://localhost:8080",
        ),
    ] = None
    deployment_kv_file: Annotated[
        str | None,
        described(
            "The name of a file in the folder for the deployment's key-values (keyValueConfig). Where it is the name "
            "of deploymentInfoFile, the key-values are added to that file. Not set: they are not written.",
            "kv.yaml",
        ),
    ] = msgspec.field(default=None, name="deploymentKVFile")
    lock_limit: Annotated[
        float,
        msgspec.Meta(gt=0, lt=1e9),
        described("How long, in seconds, an action waits for another one on the same deployment."),
    ] = 60.0

    def __post_init__(self) -> None:
        """Check what the types cannot."""
        if not self.base_dir or _CONTROL.search(self.base_dir):
            raise ValueError(f"baseDir {_shown(self.base_dir)} is no folder's path; write . for the working directory")
        names = (("deploymentInfoFile", self.deployment_info_file), ("deploymentKVFile", self.deployment_kv_file))
        for key, name in names:
            if name is not None and (name in ("", ".", "..", RECORD_FILE) or not _fits(name, _WIDEST_NAME)):
                raise ValueError(
                    f"{key} {_shown(name)} is no name for a file in a deployment's folder; write say config.yml"
                )
        prefix = self.deployment_dir_prefix
        if prefix.startswith(".") or not _fits(prefix, _WIDEST_PREFIX):
            raise ValueError(
                f"deploymentDirPrefix {_shown(prefix)} cannot begin a folder's name; "
                f"write at most {_WIDEST_PREFIX} bytes without a slash, a control character, or a dot first"
            )
        url = self.deployment_prediction_base_url
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError(f"deploymentPredictionBaseUrl {_shown(url)} is no URL; it begins with http:// or https://")


def _fits(text: str, widest: int) -> bool:
    """Tell whether a name on a filesystem may hold `text`, at most `widest` bytes of it."""
    return "/" not in text and not _CONTROL.search(text) and len(text.encode()) <= widest


def _shown(text: str) -> str:
    return repr(text) if len(text) <= 40 else f"{text[:37]!r}... ({len(text)} characters)"
