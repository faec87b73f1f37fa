"""For environments that keep a small record with each deployment: what is desired is the record that is to be there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bosun_core import answers
from bosun_core.artifact import is_url, local_artifact
from bosun_core.lifecycle.backend import Backend, Difference, NothingKept, Request
from bosun_core.packages import sha256_of
from bosun_core.status import ActionStatus, DeploymentState

_NOT_FETCHED = "of the URL, which a dry run does not fetch"


class Served(NamedTuple):
    """What a deployment serves: its model, its package by SHA-256, its settings (`keyValueConfig`).

    `fault` says what is wrong with it ("its package is gone"), None: nothing. It is part of no comparison.
    """

    deployment_id: str
    model_id: str | None
    package: str
    settings: dict[str, Any]
    fault: str | None = None

    @property
    def active(self) -> object:
        """What tells this from any other revision; None where it does not serve."""
        return self if self.fault is None else None

    def record(self) -> bytes:
        """Return it as the environment is to keep it."""
        return json.dumps(self._replace(fault=None)._asdict(), indent=2).encode()


def read_record(content: bytes, deployment_id: str) -> Served:
    """Return what a record says; one that cannot be read is damaged: failing, and mended by a start or a stop."""
    try:
        return Served(**json.loads(content))
    except (ValueError, TypeError):
        return Served(deployment_id, None, "", {}, "its record cannot be read")


class Desired(NamedTuple):
    """The record that is to be there, and the package to bring; None: the one that is kept."""

    served: Served
    package: Path | None


class RecordBackend(Backend[Served, Desired]):
    """A backend that keeps a record with each deployment; the commit of `rollout` writes `desired.served.record()`."""

    def desired(self, request: Request, observed: Served | None) -> Desired:
        """Return the record of what the action asks for; the package is compared by its content."""
        if observed is not None and observed.fault is not None and not request.brings_package:
            raise NothingKept(request.deployment_id, observed.fault)
        package, sha256 = None, "" if observed is None else observed.package
        if is_url(request.info.model_artifact):
            sha256 = _NOT_FETCHED
        elif request.brings_package or observed is None:
            package = local_artifact(request.info)
            sha256 = sha256_of(package)
        settings = json.loads(json.dumps(dict(request.settings), default=str))
        return Desired(Served(request.deployment_id, request.model_id, sha256, settings), package)

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

    def entry(
        self, observed: Served, *, prediction_url: str | None, workloads: tuple[str, ...]
    ) -> answers.DeploymentEntry:
        """Return a deployment's entry: ready, or errored where it has a fault."""
        if observed.fault is None:
            return answers.DeploymentEntry(
                observed.deployment_id, observed.model_id, prediction_url=prediction_url, workloads=workloads
            )
        return answers.DeploymentEntry(
            observed.deployment_id,
            observed.model_id,
            ActionStatus.ERROR,
            DeploymentState.ERRORED,
            f"deployment {observed.deployment_id}: {observed.fault}; start it again",
            prediction_url,
            workloads,
        )


def settings_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield how settings differ, key by key."""
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key):
            yield Difference(f"settings.{key}", old.get(key), new.get(key))
