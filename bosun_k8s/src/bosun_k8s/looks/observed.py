"""What is read of the cluster's documents: the parts that tell how a deployment is, and no other."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from bosun_k8s import names


class _Read(msgspec.Struct, rename="camel", frozen=True):
    """A part of a document; what it does not name is skipped."""


class Metadata(_Read, frozen=True):
    """What every object has."""

    name: str
    uid: str = ""
    generation: int = 0
    """Of its specification."""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    deletion_timestamp: str | None = None


class Object(_Read, frozen=True):
    """An object with its metadata."""

    metadata: Metadata

    @property
    def name(self) -> str:
        """Its name."""
        return self.metadata.name

    @property
    def told(self) -> dict[str, str]:
        """Its annotations."""
        return self.metadata.annotations or {}

    @property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        return self.metadata.labels or {}

    @property
    def generation(self) -> str:
        """Which generation of its deployment it is of; empty where it is of none."""
        return self.labels.get(names.GENERATION, "")

    @property
    def is_ending(self) -> bool:
        """Whether it is on its way out."""
        return self.metadata.deletion_timestamp is not None


class Waiting(_Read, frozen=True):
    """Why a container does not run yet."""

    reason: str = ""
    message: str = ""


class Terminated(_Read, frozen=True):
    """How a container ended."""

    exit_code: int = 0
    reason: str = ""
    message: str = ""


class Running(_Read, frozen=True):
    """That a container runs."""


class ContainerState(_Read, frozen=True):
    """The state of a container."""

    running: Running | None = None
    waiting: Waiting | None = None
    terminated: Terminated | None = None


class ContainerStatus(_Read, frozen=True):
    """What the kubelet says of a container."""

    name: str
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class Condition(_Read, frozen=True):
    """One of the conditions of an object."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    observed_generation: int = 0
    """Which specification it speaks of; 0 where it does not say."""


class PodStatus(_Read, frozen=True):
    """What is known of a pod."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None


class PodSpec(_Read, frozen=True):
    """What is asked of a pod."""

    image_pull_secrets: list[dict[str, str]] | None = None


class Pod(Object, frozen=True):
    """A pod."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def is_ready(self) -> bool:
        """Whether it gets traffic."""
        ready = any(one.type == "Ready" and one.status == "True" for one in self.status.conditions or ())
        return ready and not self.is_ending

    @property
    def runs(self) -> bool:
        """Whether its containers run, and it is to stay."""
        states = [one.state.running for one in self.status.container_statuses or ()]
        return bool(states) and all(states) and not self.is_ending

    @property
    def has_ended(self) -> bool:
        """Whether its containers have ended for good, so that nothing answers there; the kubelet removes it soon."""
        return self.is_ending and self.status.phase in ("Succeeded", "Failed")


class ServiceSpec(_Read, frozen=True):
    """Which pods a Service leads to."""

    selector: dict[str, str] | None = None


class Service(Object, frozen=True):
    """A Service."""

    spec: ServiceSpec = ServiceSpec()

    @property
    def serving(self) -> str:
        """The generation that it leads to."""
        return (self.spec.selector or {}).get(names.GENERATION, names.NOTHING_SERVES)


class DeploymentSpec(_Read, frozen=True):
    """How many pods a Deployment is to have."""

    replicas: int = 1


class DeploymentStatus(_Read, frozen=True):
    """What the Deployment's controller says."""

    conditions: list[Condition] | None = None


class Deployment(Object, frozen=True):
    """The workload of one generation."""

    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()


class TargetRef(_Read, frozen=True):
    """What an endpoint is."""

    name: str = ""


class EndpointConditions(_Read, frozen=True):
    """Whether an endpoint gets traffic."""

    ready: bool | None = None


class Endpoint(_Read, frozen=True):
    """One address that a Service leads to."""

    conditions: EndpointConditions = EndpointConditions()
    target_ref: TargetRef | None = None


class EndpointSlice(Object, frozen=True):
    """Some of the addresses that a Service leads to."""

    endpoints: list[Endpoint] | None = None


ObjectT = TypeVar("ObjectT", bound=Object)
_OF_MANY = (names.DEPLOYMENT, names.ENVIRONMENT, names.MODEL, names.GENERATION, names.STOPPING)


def brief(found: ObjectT) -> ObjectT:
    """Return an object with what a look at all asks for: of 5,000 deployments the other marks take 20 MB."""
    about = found.metadata
    kept = Metadata(
        name=about.name,
        labels=_of_many(about.labels),
        annotations=_of_many(about.annotations),
        deletion_timestamp=about.deletion_timestamp,
    )
    return msgspec.structs.replace(found, metadata=kept)


def _of_many(marks: dict[str, str] | None) -> dict[str, str]:
    return {key: marks[key] for key in _OF_MANY if key in marks} if marks else {}


ReadT = TypeVar("ReadT", bound=_Read)


def read(document: Any, kind: type[ReadT]) -> ReadT:
    """Return what is read of a document."""
    return msgspec.convert(document, kind)
