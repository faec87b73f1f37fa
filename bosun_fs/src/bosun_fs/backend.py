"""The filesystem as a backend: what there is below baseDir, and how it changes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bosun_core.answers import DeploymentEntry
from bosun_core.errors import EnvironmentFailure
from bosun_core.lifecycle.backend import Backend, Difference, Lock, NothingKept, Preflight, Request, Survey
from bosun_core.lifecycle.steps import Change, Step
from bosun_core.locks import FILE_LOCK

from bosun_fs import base_folder, state
from bosun_fs.desired import Desired, desired, differences
from bosun_fs.place import OWN_FOLDER, Place
from bosun_fs.problems import told
from bosun_fs.rollout import rollout
from bosun_fs.settings import FilesystemSettings
from bosun_fs.state import Observed


class FilesystemBackend(Backend[Observed, Desired]):
    """One prediction environment: a base folder, an id, and how the folders of its deployments are laid out."""

    serves = "holds"

    def __init__(self, settings: FilesystemSettings, environment: str) -> None:
        self._settings = settings
        self._environment = environment
        self._base = Path(settings.base_dir)

    def staging_folder(self) -> str:
        """Return the folder on the same filesystem for packages that are fetched by URL."""
        base_folder.check(self._base)
        return str(self._base / OWN_FOLDER / "downloads")

    def preflight(self, *, to_change: bool) -> Preflight:
        """Check that baseDir is there and can be read, or written."""
        base_folder.check(self._base, to_write=to_change)
        return Preflight(base_folder.facts(self._base))

    def is_untouched(self, deployment_id: str) -> bool:
        """Tell whether nothing stands in the deployment's place, and nothing is under way for it."""
        return not self._place(deployment_id).is_in_use()

    @contextmanager
    def lock(self, deployment_id: str) -> Iterator[Lock]:
        """Hold the deployment's place; what killed actions left in it, and elsewhere in baseDir, is cleared."""
        what = f"deployment {deployment_id}"
        with told("write below", self._base), self._place(deployment_id).locked(self._settings.lock_limit, what):
            yield FILE_LOCK

    def observe(self, deployment_id: str) -> Observed | None:
        """Look at the deployment's folder.

        Raises:
            EnvironmentFailure: its record is damaged, or what stands there is not of this environment.
        """
        place = self._place(deployment_id)
        observed = state.observe(place.folder)
        if observed is None:
            if os.path.lexists(place.folder):
                raise EnvironmentFailure(
                    f"{place.folder} was not made by this Bosun and is not touched; move it away, or see "
                    "docs/migrate.md"
                )
            return None
        owner = observed.record.environment
        if owner != self._environment:
            whose = repr(owner) if owner else "without an environmentId"
            raise EnvironmentFailure(
                f"{place.folder} belongs to the environment {whose}, this one is {self._environment!r}; "
                "give each environment a baseDir or a deploymentDirPrefix of its own"
            )
        return observed

    def observe_all(self) -> Survey[Observed]:
        """Look at every folder below baseDir that carries the prefix."""
        with told("read", self._base):
            return state.observe_all(self._settings, self._environment)

    def describe(self, observed: Observed) -> DeploymentEntry:
        """Return what a look at a folder says of its deployment."""
        return state.entry(observed, self._place(observed.record.deployment_id).folder, self._settings)

    def desired(self, request: Request, observed: Observed | None) -> Desired:
        """Return what the folder is to hold."""
        kept = None
        if observed is not None and not request.brings_package:
            if not observed.has_package:
                raise NothingKept(request.deployment_id, str(observed.fault))
            kept = self._place(request.deployment_id).folder / observed.record.package
        return desired(self._settings, request, kept)

    def differences(self, desired: Desired, observed: Observed | None) -> Iterator[Difference]:
        """Yield how the folder differs from what it is to hold; the package is compared by its hash."""
        return differences(desired, observed, self._place(desired.deployment_id).folder)

    def rollout(self, desired: Desired, observed: Observed | None) -> Change:
        """Make the folder aside, then put it in place in one step."""
        return rollout(self._place(desired.deployment_id), self._environment, desired, observed)

    def removal(self, observed: Observed) -> Change:
        """Take the folder away in one step."""
        place = self._place(observed.record.deployment_id)

        def remove() -> None:
            with told("remove", place.folder):
                place.take_away()

        return Change((Step("remove", str(place.folder), remove),))

    def _place(self, deployment_id: str) -> Place:
        return Place(self._base, f"{self._settings.deployment_dir_prefix}{deployment_id}")
