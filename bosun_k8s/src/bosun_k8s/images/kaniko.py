"""`kaniko`: a pod builds and pushes, for registries that only the cluster reaches; the context goes to its stdin."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from bosun_core.endings import to_its_end
from bosun_core.errors import EnvironmentFailure, one_line
from bosun_core.model_sources.sources import Built, Packaged
from bosun_core.packages import Package
from bosun_core.reporting import progress
from bosun_core.signals import uninterrupted

from bosun_k8s.cluster.errors import Taken
from bosun_k8s.cluster.resources import POD, Objects
from bosun_k8s.cluster.watching import Topic, Watching
from bosun_k8s.environment import Environment
from bosun_k8s.images import kaniko_context, kaniko_pod, kaniko_reuse
from bosun_k8s.images.reference import Reference
from bosun_k8s.looks import health
from bosun_k8s.looks.observed import Pod
from bosun_k8s.looks.patience import Patience

_LOG_LINES = 40
_STDIN = 0


def built(
    objects: Objects, env: Environment, deployment_id: str, source: Packaged[Package] | Built, target: Reference
) -> str:
    """Return the digest of the image that kaniko built and pushed, its pod gone afterwards; one that is there stays.

    Raises:
        InvalidRequest: the build context cannot be used.
        EnvironmentFailure: it did not build it; its last lines are in the message.
    """
    progress("making the image", 0)
    clear(objects, env, deployment_id)
    found = kaniko_reuse.found(objects, env, source, target)
    order = kaniko_pod.Order(target, found.labels, isinstance(source, Built), kaniko_pod.authority(env))
    return found.digest or _built(objects, env, deployment_id, kaniko_context.packed(source, found.base), order)


def clear(objects: Objects, env: Environment, deployment_id: str) -> None:
    """Remove the pod that a killed action left of a build; where kaniko does not build there is none."""
    if env.settings.builder != "kaniko":
        return
    there, name = Objects(objects.cluster, kaniko_pod.namespace(env)), kaniko_pod.pod_name(env, deployment_id)
    if not there.delete(POD, name, grace=0):
        return
    with Watching(there, Topic(POD, Pod, fields=f"metadata.name={name}")) as watching:
        deadline = time.monotonic() + 30
        while watching.wait(deadline) and watching.now(Pod):
            pass


def _built(
    objects: Objects, env: Environment, deployment_id: str, context: Iterator[bytes], order: kaniko_pod.Order
) -> str:
    there = Objects(objects.cluster, kaniko_pod.namespace(env))
    name = kaniko_pod.pod_name(env, deployment_id)
    try:
        with uninterrupted():
            _create(there, kaniko_pod.pod(env, deployment_id, order))
        with Watching(there, Topic(POD, Pod, fields=f"metadata.name={name}")) as watching:
            deadline = time.monotonic() + env.settings.build_limit
            _wait(there, watching, name, ("Running", "Succeeded"), deadline, env)
            _send(there, name, context)
            progress("kaniko builds the image", 0)
            pod = _wait(there, watching, name, ("Succeeded",), deadline, env)
        return _digest(pod)
    finally:
        to_its_end(lambda: there.delete(POD, name, grace=0))


def _create(there: Objects, document: dict[str, Any]) -> None:
    try:
        there.create(document)
    except Taken:
        raise
    except EnvironmentFailure as error:
        if "PodSecurity" in str(error):
            raise EnvironmentFailure(
                f"namespace {there.namespace} does not let kaniko's pod in, which needs root; set kanikoNamespace to "
                f"one that does, or imageBuilder: append ({one_line(error)})"
            ) from error
        raise


def _wait(
    there: Objects, watching: Watching, name: str, phases: tuple[str, ...], deadline: float, env: Environment
) -> Pod:
    """Wait until kaniko's pod is in one of the phases.

    Raises:
        EnvironmentFailure: it failed, or takes too long.
    """
    patience = Patience(env.settings.unschedulable_limit)
    while watching.wait(min(deadline, patience.until)) or time.monotonic() < deadline:
        pods = watching.now(Pod)
        for pod in pods:
            if pod.status.phase in phases:
                return pod
        failed = patience.lasting(pod for pod in pods if not _has_ended_well(pod))
        if failed is not None:
            words = ""
            with suppress(EnvironmentFailure):
                words = health.last_words(there.log(name, kaniko_pod.CONTAINER, _LOG_LINES))
            raise EnvironmentFailure(f"kaniko's pod {name} {failed[1].text}{words}")
    limit = f"{env.settings.build_limit:g} s (buildLimit)"
    if "Running" in phases:
        raise EnvironmentFailure(
            f"kaniko's pod {name} has not begun within {limit}; see that kanikoConfigmapName and kanikoSecretName are "
            f"in namespace {there.namespace}, and what `kubectl get events -n {there.namespace}` shows"
        )
    raise EnvironmentFailure(f"kaniko's pod {name} has not ended within {limit}; raise it")


def _send(there: Objects, name: str, pieces: Iterator[bytes]) -> None:
    """Send the build context to the pod's standard input."""
    query = [("container", kaniko_pod.CONTAINER), ("stdin", "true"), ("stdout", "true"), ("stderr", "true")]
    stream = there.cluster.attached(f"{there.path(POD, name)}/attach", query)
    try:
        for piece in pieces:
            _write(stream, name, piece)
        with suppress(Exception):  # an older API server does not know it; then the end of the connection says so
            stream.close_channel(_STDIN)
    finally:
        with suppress(Exception):  # the pod may have ended first
            stream.close()


def _write(stream: Any, name: str, piece: bytes) -> None:
    try:
        stream.write_stdin(piece)
    except Exception as error:  # the client raises what its connection does, of several libraries
        raise EnvironmentFailure(f"kaniko's pod {name} does not take the build context: {one_line(error)}") from error


def _has_ended_well(pod: Pod) -> bool:
    """Tell whether kaniko is done, which its container says before its pod does."""
    return any(
        one.state.terminated is not None and one.state.terminated.exit_code == 0
        for one in pod.status.container_statuses or ()
    )


def _digest(pod: Pod) -> str:
    ended = [one.state.terminated for one in pod.status.container_statuses or () if one.state.terminated]
    digest = ended[0].message.strip() if ended else ""
    if not digest.startswith("sha256:"):
        raise EnvironmentFailure(
            f"kaniko's pod {pod.name} ended without telling the image's digest; look at kanikoImage"
        )
    return digest
