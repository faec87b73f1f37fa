"""What the kit has to know of an environment: how to reach it, make packages for it, and look at it from outside."""

from __future__ import annotations

import abc
import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from bosun_test.conformance.profile import Profile


class PackageKind(enum.Enum):
    """What a package is to do once it is deployed."""

    GOOD = "good"
    CANNOT_LOAD = "cannot load"
    CRASHES_AFTER_LOADING = "crashes after loading"
    NEVER_READY = "never ready"


class Running(NamedTuple):
    """One deployment as seen from outside: its model's id, and the SHA-256 of its package, None where unseen."""

    model: str
    package: str | None = None


class NothingAnswersError(Exception):
    """Raised by `Environment.ask` where no prediction comes back."""


class Environment(abc.ABC):
    """One clean prediction environment. Override what is abstract; the rest where the default does not fit.

    Nothing here may go through the plugin under test: the kit compares what the plugin says with what is seen here.
    """

    plugin: ClassVar[str]
    """The word after `--plugin`."""

    not_kept: ClassVar[Mapping[str, str]] = {}
    """Promises that this environment cannot keep, and why: {test: reason}. The kit fails when one is kept.

    Where only one case of a promise cannot be kept, name the case: `test_...[case]`.
    """

    secret_places: ClassVar[Mapping[str, str]] = {}
    """Places from `places_of` where a secret must be, and why: {place: reason}, say an agent's variables."""

    own_secrets: ClassVar[Sequence[str]] = ()
    """Secret values in `private_configuration`, say a registry's password; the kit looks for them too."""

    other_key_values: ClassVar[Mapping[str, Any]] = {"key1": "value1"}
    """A `keyValueConfig` that changes a running deployment."""

    action_limit: ClassVar[float] = 60.0
    """The longest time, in seconds, that one action may take here."""

    settling: ClassVar[float] = 0.0
    """Seconds after an action in which the former model may still answer: where a server notices a change by itself."""

    removable: ClassVar[Sequence[str]] = ("workload",)
    """Parts of a deployment's workload that somebody may remove by hand, say ("Deployment", "Service")."""

    @abc.abstractmethod
    def private_configuration(self) -> dict[str, Any]:
        """Return the private configuration that leads the plugin here."""

    @abc.abstractmethod
    def package(self, name: str, kind: PackageKind = PackageKind.GOOD) -> Path:
        """Return a model package; other names have other content, the same name and kind always the same."""

    @abc.abstractmethod
    def running(self) -> dict[str, Running]:
        """Return what runs here, by deployment id. What is there in part, or broken, belongs to `leftovers`."""

    @abc.abstractmethod
    def leftovers(self) -> list[str]:
        """Return what belongs neither to a running deployment nor to the shared parts: nothing, between two actions."""

    @abc.abstractmethod
    def reset(self) -> None:
        """Make the environment clean again, whatever a test left."""

    @abc.abstractmethod
    def places_of(self, text: str) -> list[str]:
        """Return where `text` stands in the environment: files, labels, variables, command lines, logs."""

    def picture(self) -> object:
        """Return a value that is equal exactly as long as nothing here changed, settings and identities included."""
        return self.running(), self.leftovers()

    def shared_parts(self) -> list[str]:
        """Return the shared parts that run: what plugin_start brings up, say a proxy. None by default."""
        return []

    def damage(self, deployment: str) -> None:
        """Break a running deployment from outside, so that it cannot serve: kill its container, remove its package."""
        raise NotImplementedError("override Environment.damage")

    def remove(self, deployment: str, part: str) -> None:
        """Remove one of the `removable` parts of a deployment, as somebody would by hand, and wait until it is gone."""
        raise NotImplementedError("override Environment.remove, and name the parts in Environment.removable")

    def out_of_order(self) -> AbstractContextManager[None]:
        """Return a context in which the environment itself cannot be used: its engine unreachable, its folder gone."""
        raise NotImplementedError("override Environment.out_of_order")

    def plugin_config(self) -> dict[str, Any]:
        """Return the action file's `pluginConfig`."""
        return {}

    def profile(self, chosen: Profile) -> Profile:
        """Return the profile as this environment can afford it, say `chosen._replace(kills=8, hostile_ids=4)`."""
        return chosen

    def ask(self, deployment: str, url: str) -> str:
        """Send one prediction to `url`, on a connection of its own, and return the id of the model that answered.

        Raises:
            NothingAnswersError: no prediction came back.
        """
        raise NothingAnswersError(f"nothing serves {deployment} at {url} here")

    @contextmanager
    def kept_open(self, deployment: str, url: str) -> Iterator[Callable[[], str]]:
        """Yield what `ask` does on a connection that is kept open; by default it is not kept open."""
        yield lambda: self.ask(deployment, url)
