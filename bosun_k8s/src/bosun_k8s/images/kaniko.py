"""`kaniko`: a pod builds and pushes, for registries that only the cluster reaches; the package goes to its stdin."""

from __future__ import annotations

import gzip
import io
import tarfile
import time
from contextlib import suppress
from typing import Any

from bosun_core.endings import to_its_end
from bosun_core.errors import EnvironmentFailure, one_line
from bosun_core.packages import Package, content
from bosun_core.reporting import progress
from bosun_core.signals import uninterrupted

from bosun_k8s import health
from bosun_k8s.cluster_errors import Taken
from bosun_k8s.environment import Environment
from bosun_k8s.goal import Goal
from bosun_k8s.images import kaniko_pod
from bosun_k8s.images.reference import Reference
from bosun_k8s.observed import Pod
from bosun_k8s.resources import POD, Objects
from bosun_k8s.watching import Topic, Watching

_LOG_LINES = 40
_STDIN = 0
_ENOUGH = 256 * 1024  # bytes that are sent at a time


def built(objects: Objects, env: Environment, goal: Goal, target: Reference) -> str:
    """Return the digest of the image that kaniko built and pushed. Its pod is gone afterwards.

    Raises:
        EnvironmentFailure: it did not; its last lines are in the message.
    """
    assert goal.package is not None
    there = Objects(objects.cluster, kaniko_pod.namespace(env))
    name = kaniko_pod.pod_name(env, goal.deployment_id)
    _remove(there, name)  # what a killed action left
    try:
        with uninterrupted():
            _create(there, kaniko_pod.pod(env, goal, target))
        with Watching(there, Topic(POD, Pod, fields=f"metadata.name={name}")) as watching:
            deadline = time.monotonic() + env.settings.build_limit
            _wait(there, watching, name, ("Running", "Succeeded"), deadline, env)
            _send(there, name, kaniko_pod.dockerfile(goal), goal.package)
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


def _remove(there: Objects, name: str) -> None:
    if not there.delete(POD, name, grace=0):
        return
    with Watching(there, Topic(POD, Pod, fields=f"metadata.name={name}")) as watching:
        deadline = time.monotonic() + 30
        while watching.wait(deadline) and watching.now(Pod):
            pass


def _wait(
    there: Objects, watching: Watching, name: str, phases: tuple[str, ...], deadline: float, env: Environment
) -> Pod:
    """Wait until kaniko's pod is in one of the phases.

    Raises:
        EnvironmentFailure: it failed, or takes too long.
    """
    while watching.wait(deadline):
        for pod in watching.now(Pod):
            if pod.status.phase in phases:
                return pod
            fault = health.of_pod(pod)
            if fault is not None and not fault.passing and not _has_ended_well(pod):
                words = ""
                with suppress(EnvironmentFailure):
                    words = health.last_words(there.log(name, kaniko_pod.CONTAINER, _LOG_LINES))
                raise EnvironmentFailure(f"kaniko's pod {name} {fault.text}{words}")
    raise EnvironmentFailure(
        f"kaniko's pod {name} has not ended within {env.settings.build_limit:g} s; raise buildLimit"
    )


def _send(there: Objects, name: str, dockerfile: str, package: Package) -> None:
    """Send the build context to the pod's standard input."""
    query = [("container", kaniko_pod.CONTAINER), ("stdin", "true"), ("stdout", "true"), ("stderr", "true")]
    stream = there.cluster.attached(f"{there.path(POD, name)}/attach", query)
    try:
        with (
            io.BufferedWriter(_Stdin(stream), _ENOUGH) as sink,
            gzip.GzipFile(fileobj=sink, mode="wb", compresslevel=1, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
        ):
            _add(archive, "Dockerfile", len(dockerfile), io.BytesIO(dockerfile.encode()))
            _add(archive, kaniko_pod.PACKAGE_NAME, package.size, _Pieces(package))
        with suppress(Exception):  # an older API server does not know it; then the end of the connection says so
            stream.close_channel(_STDIN)
    except (OSError, ValueError) as error:
        raise EnvironmentFailure(f"kaniko's pod {name} does not take the package: {one_line(error)}") from error
    finally:
        with suppress(Exception):  # the pod may have ended first
            stream.close()


def _add(archive: tarfile.TarFile, name: str, size: int, source: Any) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    archive.addfile(member, source)


class _Stdin(io.RawIOBase):
    """A container's standard input as a file that is written."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._stream.write_stdin(bytes(data))
        return len(data)


class _Pieces(io.RawIOBase):
    """A package as a file that is read, and seen to be what was measured."""

    def __init__(self, package: Package) -> None:
        self._source = content(package)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size and (piece := next(self._source, None)):
            self._rest += piece
        found, self._rest = self._rest[:size], self._rest[size:]
        if not self._rest and size > len(found):
            next(self._source, None)  # where it ends it is compared with what was measured
        return found


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
