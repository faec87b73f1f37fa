"""For environments that keep a small record with each deployment: what is desired is the record that is to be there."""

from __future__ import annotations

import abc
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bosun_core.answers import DeploymentEntry
from bosun_core.artifact import is_url, local_artifact
from bosun_core.errors import EnvironmentFailure
from bosun_core.lifecycle.backend import Backend, Difference, NothingKept, Request
from bosun_core.packages import sha256_of
from bosun_core.status import ActionStatus, DeploymentState

SCHEMA_VERSION = 1
_NOT_FETCHED = "of the URL, which a dry run does not fetch"
_NOT_KEPT = ("fault", "version", "details")


class Served(NamedTuple):
    """What a deployment serves: its model, its package by SHA-256, its settings (`keyValueConfig`).

    `fault` says what is wrong with it ("its package is gone"), None: nothing. `environment` is the id of the one that
    it belongs to, None where that cannot be known. `details` is what else the backend keeps in the record, to find it
    again. `version` tells one content of the record from the next where the environment has such a thing, say an ETag.
    """

    deployment_id: str
    model_id: str | None
    package: str
    settings: dict[str, Any]
    fault: str | None = None
    environment: str | None = ""
    details: Mapping[str, Any] = {}  # nobody writes to it
    version: str | None = None

    @property
    def active(self) -> object:
        """What tells this from any other revision; None where it does not serve."""
        return self._replace(version=None) if self.fault is None else None

    def record(self) -> bytes:
        """Return it as the environment is to keep it."""
        kept = {key: value for key, value in self._asdict().items() if key not in _NOT_KEPT}
        return json.dumps({"schema_version": SCHEMA_VERSION, **kept, **self.details}, indent=2).encode()


def read_record(content: bytes, deployment_id: str, version: str | None = None) -> Served:
    """Return what a record says; one that cannot be read is damaged: failing, and mended by a start or a stop.

    Raises:
        EnvironmentFailure: a newer Bosun wrote it.
    """
    try:
        found = json.loads(content)
        schema = found.pop("schema_version", SCHEMA_VERSION)
        if schema <= SCHEMA_VERSION:
            known = {key: found.pop(key) for key in Served._fields if key in found and key not in _NOT_KEPT}
            return Served(**known, details=found, version=version)
    except (ValueError, TypeError, AttributeError):
        fault = "its record cannot be read"
        return Served(deployment_id, None, "", {}, fault, environment=None, version=version)
    raise EnvironmentFailure(
        f"the record of deployment {deployment_id} was written by a newer Bosun (version {schema}, this one reads "
        f"{SCHEMA_VERSION}); upgrade bosun-core and the plugin"
    )


class Desired(NamedTuple):
    """The record that is to be there, and the package to bring; None: the one that is kept.

    `to_fetch` says that the package is behind a URL, which a dry run does not fetch.
    """

    served: Served
    package: Path | None
    to_fetch: bool = False


class RecordBackend(Backend[Served, Desired], abc.ABC):
    """A backend that keeps a record with each deployment; the commit of `rollout` writes `desired.served.record()`."""

    environment: str = ""
    """The id of this environment, where several share one place; their records are told apart by it."""

    def desired(self, request: Request, observed: Served | None) -> Desired:
        """Return the record of what the action asks for; the package is compared by its content."""
        if observed is not None and observed.fault is not None and not request.brings_package:
            raise NothingKept(request.deployment_id, observed.fault)
        package, sha256 = None, "" if observed is None else observed.package
        to_fetch = is_url(request.info.model_artifact)
        if to_fetch:
            sha256 = _NOT_FETCHED
        elif request.brings_package or observed is None:
            package = local_artifact(request.info)
            sha256 = sha256_of(package)
        settings = json.loads(json.dumps(dict(request.settings), default=str))
        served = Served(request.deployment_id, request.model_id, sha256, settings, environment=self.environment)
        return Desired(served, package, to_fetch)

    def differences(self, desired: Desired, observed: Served | None) -> Iterator[Difference]:
        """Yield how the record that is there differs."""
        new = desired.served
        if observed is None:
            yield Difference("modelId", None, new.model_id)
            return
        if observed.fault is not None:
            yield Difference("state", "errored", "ready")
        if observed.model_id != new.model_id:
            yield Difference("modelId", observed.model_id, new.model_id)
        if observed.package != new.package:
            yield Difference("package", observed.package, new.package)
        yield from settings_differences(observed.settings, new.settings)

    def describe(self, observed: Served) -> DeploymentEntry:
        """Return the deployment's entry: ready, or errored where it has a fault."""
        is_healthy = observed.fault is None
        return DeploymentEntry(
            observed.deployment_id,
            observed.model_id,
            ActionStatus.OK if is_healthy else ActionStatus.ERROR,
            DeploymentState.READY if is_healthy else DeploymentState.ERRORED,
            None if is_healthy else f"deployment {observed.deployment_id}: {observed.fault}; start it again",
            self.prediction_url(observed),
            self.workloads(observed),
        )

    def prediction_url(self, observed: Served) -> str | None:  # noqa: ARG002  # of what nothing serves there is none
        """Return the URL at which the deployment answers predictions."""
        return None

    def workloads(self, observed: Served) -> tuple[str, ...]:  # noqa: ARG002  # some have none
        """Return what one needs to look further: the path, the URL, the process."""
        return ()


def settings_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield how settings differ, key by key."""
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key):
            yield Difference(f"settings.{key}", old.get(key), new.get(key))
