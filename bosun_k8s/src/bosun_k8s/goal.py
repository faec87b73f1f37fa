"""What a deployment is to be: which model, of which kind, from which source, with which settings."""

from __future__ import annotations

from typing import NamedTuple

from bosun_core.model_sources import kinds, sources
from bosun_core.model_sources.sources import Given, Kept

from bosun_k8s.key_values import KeyValues


class Goal(NamedTuple):
    """What a deployment's next generation is made of."""

    deployment_id: str
    model_id: str
    values: KeyValues
    source: Given | Kept
    kind: str = kinds.NATIVE
    mounted: bool = False
    """The image has the package alone, and is a volume beside the base image."""
    notes: tuple[str, ...] = ()
    """What a person should know of the settings."""
    is_relaunch: bool = False
    """Whether a new generation is made though one that is up to date serves."""

    @property
    def origin(self) -> str:
        """What its image is made from."""
        return sources.origin(self.source)

    @property
    def package_digest(self) -> str:
        """The SHA-256 of the package, empty for an image that is used as it is."""
        return sources.package(self.source)
