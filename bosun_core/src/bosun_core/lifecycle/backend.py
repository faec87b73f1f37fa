"""The backend: one environment as the reconciler sees it, in about ten small methods."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, Protocol, Self, TypeVar

from bosun_core import answers
from bosun_core.errors import EnvironmentFailure
from bosun_core.lifecycle.steps import Change

if TYPE_CHECKING:
    from bosun_core.answers import DeploymentEntry
    from bosun_core.model import DeploymentInfo


class Observed(Protocol):
    """What a backend observed of one deployment, as far as the reconciler asks."""

    @property
    def model_id(self) -> str | None:
        """The model that serves, else the one that is kept; None where that is not known."""

    @property
    def active(self) -> object:
        """What tells the revision that serves from every other, say its number; None where nothing serves."""


class Request(NamedTuple):
    """What an action asks of a deployment: `info` as it was given, and the model that is to serve."""

    deployment_id: str
    model_id: str
    info: DeploymentInfo
    is_relaunch: bool = False
    """Whether it is launched anew, though it be up to date; without a package of the one that is kept."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The deployment's settings: `keyValueConfig`."""
        return self.info.key_value_config

    @property
    def brings_package(self) -> bool:
        """Whether the action gives a package; else the one that is kept is used."""
        return self.info.model_artifact is not None


class Difference(NamedTuple):
    """What would change: `what` is modelId, package, settings.KEY and the like; None: it is not there."""

    what: str
    old: Any
    new: Any

    def as_mapping(self) -> dict[str, Any]:
        """Return it as it stands in `data.changes`."""
        return {"what": self.what, "from": self.old, "to": self.new}


class NothingKept(EnvironmentFailure):
    """A relaunch without a package of a deployment whose kept one is gone: `gone` says why."""

    def __init__(self, deployment_id: str, gone: str) -> None:
        super().__init__(str(answers.nothing_kept(deployment_id, gone).msg))


class Lock(Protocol):
    """The lock on one deployment, held."""

    def verify(self) -> None:
        """Check that it is still held.

        Raises:
            EnvironmentFailure: it expired, and another action may have taken over.
        """


class Preflight(NamedTuple):
    """What was found before an action: one clause of facts on the environment, and what a person should see to.

    Warnings make the answer of every action a warning that makes something, or would, or finds it made.
    """

    facts: str
    warnings: Sequence[str] = ()


ObservedT = TypeVar("ObservedT", bound=Observed)
DesiredT = TypeVar("DesiredT")


class Survey(NamedTuple, Generic[ObservedT]):
    """Every deployment of an environment, and what else was seen: `problems` make the environment unusable."""

    deployments: Sequence[ObservedT]
    problems: Sequence[str] = ()
    warnings: Sequence[str] = ()
    facts: str = ""
    """One clause on the environment, beside that of the preflight."""


class Backend(abc.ABC, Generic[ObservedT, DesiredT]):
    """One prediction environment. It has no memory of its own: `observe` is the only one.

    Every method may be repeated, and raises EnvironmentFailure where the environment refuses what is asked of it. As a
    context manager it holds whatever it needs, a connection say, for one action.
    """

    serves: ClassVar[str] = "serves"
    """What a deployment does with its model, in messages: a folder that a server reads `holds` it."""

    def __enter__(self) -> Self:
        """Begin an action."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""

    @abc.abstractmethod
    def preflight(self, *, to_change: bool) -> Preflight:
        """Check that the environment can be read, or with `to_change` changed; every action begins with it.

        Raises:
            EnvironmentFailure, ConfigurationError: it cannot, and what to do.
        """

    def check(self, *, to_change: bool) -> Preflight:
        """Check all that the actions need, with as many questions as it takes; plugin_start begins with it.

        Raises:
            EnvironmentFailure, ConfigurationError: something is missing, and what to do.
        """
        return self.preflight(to_change=to_change)

    def start_services(self) -> Iterable[Sequence[Change]]:
        """Yield the changes that bring up what deployments share, in stages; those of one stage are independent.

        A stage is asked for when those before it are done, or planned in a dry run.
        """
        return ()

    def check_services(self) -> str:
        """Check that what deployments share does its work, and return that as one clause of facts.

        Raises:
            EnvironmentFailure: it does not.
        """
        return ""

    def services_for(self, info: DeploymentInfo, *, removes: bool) -> Iterable[Sequence[Change]]:  # noqa: ARG002  # most need none
        """Yield the changes that bring up what a deployment needs before it is changed, or with `removes` removed."""
        return ()

    def stop_services(self) -> Iterable[Sequence[Change]]:
        """Yield the changes that take down what no deployment needs, in stages."""
        return ()

    def kept_services(self) -> str:
        """Return which of what deployments share stays after `stop_services`, and why, as one clause; else nothing."""
        return ""

    def is_untouched(self, deployment_id: str) -> bool:
        """Tell whether there is nothing of a deployment, not even what a killed action left; so nothing is locked."""
        return self.observe(deployment_id) is None

    @abc.abstractmethod
    def lock(self, deployment_id: str) -> AbstractContextManager[Lock]:
        """Hold a deployment for one action.

        Raises:
            EnvironmentFailure: another action held it for too long.
        """

    def collect_garbage(self, deployment_id: str) -> None:  # most have none: an atomic commit leaves little
        """Remove what killed actions left of a deployment, whose lock is held; what they committed is completed."""

    def observe_collected(self, deployment_id: str) -> ObservedT | None:
        """Collect garbage, then observe: in one where that takes fewer questions."""
        self.collect_garbage(deployment_id)
        return self.observe(deployment_id)

    def clear_unknown(self, deployment_id: str) -> None:
        """Remove what may be left of a deployment of which a stop, which holds its lock, observed nothing."""
        self.collect_garbage(deployment_id)

    def without_garbage(self, observed: ObservedT) -> ObservedT | None:
        """Return what `collect_garbage` would leave of what was observed; a dry run plans with it."""
        return observed

    @abc.abstractmethod
    def observe(self, deployment_id: str) -> ObservedT | None:
        """Return what there is of a deployment now; None where it is unknown.

        Raises:
            EnvironmentFailure: it is damaged, or belongs to somebody else.
        """

    def observe_outcome(self, deployment_id: str) -> ObservedT | None:
        """Observe a deployment that this action has changed and still holds; what passes soon may be waited for."""
        return self.observe(deployment_id)

    def was_in_service(self, observed: ObservedT) -> bool:  # noqa: ARG002  # most know no other
        """Tell whether a deployment serves, or did until something of it was removed; not so what a killed start left.

        What was never in service is not replaced or relaunched.
        """
        return True

    @abc.abstractmethod
    def observe_all(self) -> Survey[ObservedT]:
        """Return what there is of every deployment of this environment, and of no other.

        Raises:
            EnvironmentFailure: nothing can be observed.
        """

    def survey(self) -> Survey[ObservedT]:
        """Return `observe_all`, with what else of the environment `pe_status` reports.

        Raises:
            EnvironmentFailure: nothing can be observed.
        """
        return self.observe_all()

    @abc.abstractmethod
    def describe(self, observed: ObservedT) -> DeploymentEntry:
        """Return a deployment's entry: health, model, URL, workloads. Pure."""

    @abc.abstractmethod
    def desired(self, request: Request, observed: ObservedT | None) -> DesiredT:
        """Return what the deployment is to be, everything read from the request and checked.

        Raises:
            InvalidRequest: the package or a setting cannot be used.
        """

    @abc.abstractmethod
    def differences(self, desired: DesiredT, observed: ObservedT | None) -> Iterable[Difference]:
        """Yield how what is there differs from what is desired; nothing where the deployment is up to date."""

    @abc.abstractmethod
    def rollout(self, desired: DesiredT, observed: ObservedT | None) -> Change:
        """Return the change that brings the deployment to what is desired, with the cut-over as its commit."""

    @abc.abstractmethod
    def removal(self, observed: ObservedT) -> Change:
        """Return the change that leaves nothing of a deployment, nor of what killed actions left of it."""
