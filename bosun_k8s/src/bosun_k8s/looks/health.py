"""What the cluster says of pods and workloads, judged: pure functions of its documents."""

from __future__ import annotations

from typing import NamedTuple

from bosun_core.errors import one_line

from bosun_k8s.cluster.errors import remedy
from bosun_k8s.looks.observed import ContainerStatus, Deployment, Pod, Terminated

_LINES = 5
_WIDEST_LINE = 300
_STARTING = ("ContainerCreating", "PodInitializing", "")
_REFUSED = ("unauthorized", "denied", "forbidden")
_SURELY_ABSENT = ("not found", *_REFUSED, "manifest unknown", "invalid reference")
_NOT_SYNCED = "failed to sync "  # "... secret cache", "... configmap cache": a busy kubelet's, which tries again
_ANOTHER_PULL_SECONDS = 30.0  # the kubelet's second one comes 10 to 16 s after the first


class Fault(NamedTuple):
    """Why a pod does not come into service: a clause that follows what it is said of."""

    text: str
    container: str | None = None
    """Whose log may tell more."""
    previous: bool = False
    """Whether that log is of the run before this one."""
    passing: bool = False
    """Whether it may pass by itself: a node may be added."""
    within: float | None = None
    """How long that may take, in seconds, where it is not for the settings to say."""


def of_pod(pod: Pod) -> Fault | None:
    """Return what is wrong with a pod; None where it is ready, or may still become it."""
    for condition in pod.status.conditions or ():
        if condition.type == "PodScheduled" and condition.status == "False" and condition.reason == "Unschedulable":
            return Fault(
                f"finds no node ({one_line(condition.message)}); ask for less in keyValueConfig, or add a node",
                passing=True,
            )
    for status in pod.status.init_container_statuses or ():
        fault = None if _is_done(status) else _of_container(pod, status)
        if fault is not None:  # it is not the model that fails
            return fault._replace(text=f"has a container {status.name} that {fault.text}")
    for status in pod.status.container_statuses or ():
        fault = _of_container(pod, status)
        if fault is not None:
            return fault
    if pod.status.phase == "Failed":
        why = ": ".join(filter(None, (pod.status.reason, pod.status.message)))
        return Fault(f"has failed ({one_line(why) or 'no reason is given'})")
    return None


def _is_done(status: ContainerStatus) -> bool:
    """Tell whether an init container has done its work, say one that a service mesh put in."""
    return status.state.terminated is not None and status.state.terminated.exit_code == 0


def _of_container(pod: Pod, status: ContainerStatus) -> Fault | None:
    ended = status.state.terminated
    if ended is not None:
        return Fault(_how_ended(ended), status.name)
    ended = status.last_state.terminated
    if status.restart_count and ended is not None:
        again = " again and again" if status.restart_count > 1 else ""
        return Fault(_how_ended(ended) + again, status.name, previous=True)
    waiting = status.state.waiting
    if waiting is None or waiting.reason in _STARTING or _NOT_SYNCED in waiting.message:
        return None
    said = f" ({one_line(waiting.message)})" if waiting.message else ""
    if waiting.reason in ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"):
        text = f"cannot have its image: {waiting.reason}{said}; see that nodes reach the registry, and pullSecrets"
        if pod.spec.image_pull_secrets and _says(waiting.message, _REFUSED):
            # Where the kubelet has not yet heard of a Secret that is there, it asks without.
            return Fault(text, passing=True, within=_ANOTHER_PULL_SECONDS)
        passing = waiting.reason == "ErrImagePull" and not _says(waiting.message, _SURELY_ABSENT)
        return Fault(text, passing=passing)
    if "runAsNonRoot" in waiting.message or "non-root" in waiting.message:
        return Fault(f"may not start{said}; set runAsUser to a user id that the image can run as")
    return Fault(f"cannot start its container: {waiting.reason}{said}", status.name)


def _says(message: str, words: tuple[str, ...]) -> bool:
    return any(word in message.lower() for word in words)


def _how_ended(ended: Terminated) -> str:
    if ended.reason == "OOMKilled":
        return f"ran out of memory (OOMKilled, exit code {ended.exit_code}); give it more with keyValueConfig.memory"
    if ended.reason in ("StartError", "ContainerCannotRun"):
        return f"could not be started ({one_line(ended.message)})"
    return f"ended with exit code {ended.exit_code}"


def of_workload(deployment: Deployment) -> Fault | None:
    """Return why the cluster makes no pods of a workload; None where it does."""
    for condition in deployment.status.conditions or ():
        if condition.type == "ReplicaFailure" and condition.status == "True":
            said = one_line(condition.message)
            return Fault(f"gets no pod: {remedy(said) or condition.reason} ({said})")
    return None


def last_words(log: str) -> str:
    """Return the last lines of a container's log as the end of a message, or nothing where it wrote none."""
    lines = [one_line(line)[:_WIDEST_LINE] for line in log.splitlines() if line.strip()]
    return f"; its last lines: {' | '.join(lines[-_LINES:])}" if lines else "; it wrote nothing"
