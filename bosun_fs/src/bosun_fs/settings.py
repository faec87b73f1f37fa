"""The private configuration of the filesystem plugin."""

from __future__ import annotations

from typing import Annotated

import msgspec
from bosun_core.settings import Settings, described

RECORD_FILE = ".bosun.json"
_WIDEST_PREFIX = 255 - 128  # a folder's name has 255 bytes, an id up to 128


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
        msgspec.Meta(gt=0),
        described("How long, in seconds, an action waits for another one on the same deployment."),
    ] = 60.0

    def __post_init__(self) -> None:
        """Check what the types cannot."""
        names = (("deploymentInfoFile", self.deployment_info_file), ("deploymentKVFile", self.deployment_kv_file))
        for key, name in names:
            if name is not None and (name in ("", ".", "..", RECORD_FILE) or "/" in name or "\0" in name):
                raise ValueError(f"{key} {name!r} is no name for a file in a deployment's folder; write say config.yml")
        prefix = self.deployment_dir_prefix
        if "/" in prefix or "\0" in prefix or prefix.startswith(".") or len(prefix.encode()) > _WIDEST_PREFIX:
            raise ValueError(
                f"deploymentDirPrefix {prefix!r} cannot begin a folder's name; "
                f"write at most {_WIDEST_PREFIX} bytes without a slash and without a dot first"
            )
        url = self.deployment_prediction_base_url
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError(f"deploymentPredictionBaseUrl {url!r} is no URL; it begins with http:// or https://")
