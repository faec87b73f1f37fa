"""What a deployment is to be: which model, of which package or image, with which settings."""

from __future__ import annotations

from typing import NamedTuple

from bosun_core.packages import Package

from bosun_k8s.key_values import KeyValues

MODEL_PATH = "/opt/ml/model/model.mlpkg"


class Goal(NamedTuple):
    """What a deployment's next generation is made of."""

    deployment_id: str
    model_id: str
    values: KeyValues
    base: str = ""
    """The image that the package is put on, or that is used as it is."""
    package: Package | None = None
    """None where an image is used as it is, or a kept one."""
    package_digest: str = ""
    """The SHA-256 of the package, empty for an image that is used as it is."""
    kept_image: str | None = None
    """The image, by digest, of a package that is kept."""
    to_fetch: bool = False
    """The package is behind a URL, which a dry run does not fetch."""
    remark: str = ""
    """What a person should know of the settings."""
