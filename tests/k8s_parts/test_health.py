"""What the cluster's documents mean."""

import time
from typing import Any

import msgspec
import pytest
from bosun_k8s.looks.health import Fault, last_words, of_pod, of_workload
from bosun_k8s.looks.observed import Deployment, Pod, PodSpec, read
from bosun_k8s.looks.patience import Patience


def pod(**status: Any) -> Pod:
    return read({"metadata": {"name": "p"}, "status": status}, Pod)


def container(**about: Any) -> Pod:
    return pod(phase="Running", containerStatuses=[{"name": "model", "ready": False, **about}])


def waiting(reason: str, message: str = "") -> Pod:
    return container(state={"waiting": {"reason": reason, "message": message}})


@pytest.mark.parametrize(
    ("found", "words", "rest"),
    [
        (
            waiting("ErrImagePull", "rpc error: not found"),
            "cannot have its image: ErrImagePull (rpc error: not found)",
            (None, False, False),
        ),
        (waiting("ErrImagePull", "dial tcp: timeout"), "ErrImagePull (dial tcp: timeout)", (None, False, True)),
        (waiting("ImagePullBackOff", "Back-off pulling"), "ImagePullBackOff (Back-off pulling)", (None, False, False)),
        (waiting("InvalidImageName"), "cannot have its image: InvalidImageName", (None, False, False)),
        (
            waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root"),
            "set runAsUser to a user id that the image can run as",
            (None, False, False),
        ),
        (
            waiting("CreateContainerConfigError", 'secret "x" not found'),
            'cannot start its container: CreateContainerConfigError (secret "x" not found)',
            ("model", False, False),
        ),
        (
            container(state={"terminated": {"exitCode": 70, "reason": "Error"}}),
            "ended with exit code 70",
            ("model", False, False),
        ),
        (
            container(
                restartCount=2,
                state={"waiting": {"reason": "CrashLoopBackOff"}},
                lastState={"terminated": {"exitCode": 70, "reason": "Error"}},
            ),
            "ended with exit code 70 again and again",
            ("model", True, False),
        ),
        (
            container(state={"terminated": {"exitCode": 137, "reason": "OOMKilled"}}),
            "ran out of memory (OOMKilled, exit code 137); give it more with keyValueConfig.memory",
            ("model", False, False),
        ),
        (
            pod(initContainerStatuses=[{"name": "monitoring-agent", "state": {"terminated": {"exitCode": 3}}}]),
            "has a container monitoring-agent that ended with exit code 3",
            ("monitoring-agent", False, False),
        ),
        (
            pod(
                phase="Pending",
                conditions=[
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "0/1 nodes are available: 1 Insufficient memory.",
                    }
                ],
            ),
            "finds no node (0/1 nodes are available: 1 Insufficient memory.)",
            (None, False, True),
        ),
        (
            pod(phase="Failed", reason="Evicted", message="The node was low on resource: memory."),
            "has failed (Evicted: The node was low on resource: memory.)",
            (None, False, False),
        ),
    ],
)
def test_a_fault_is_told_with_its_cause(found: Pod, words: str, rest: tuple[Any, ...]) -> None:
    fault = of_pod(found)
    assert fault is not None
    assert words in fault.text
    assert fault[1:] == (*rest, None)


@pytest.mark.parametrize(
    "found",
    [
        pod(),
        waiting("ContainerCreating"),
        waiting("PodInitializing"),
        waiting("CreateContainerConfigError", "failed to sync secret cache: timed out waiting for the condition"),
        container(state={"running": {"startedAt": "2026-01-01T00:00:00Z"}}),
        pod(conditions=[{"type": "PodScheduled", "status": "True"}]),
        pod(initContainerStatuses=[{"name": "mesh", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}]),
    ],
)
def test_what_is_on_its_way_has_no_fault(found: Pod) -> None:
    assert of_pod(found) is None


def test_what_may_pass_is_waited_for_until_its_limit_and_what_has_passed_no_more() -> None:
    unplaced = pod(conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}])
    patience = Patience(60)
    began = time.monotonic()
    assert patience.lasting([unplaced]) is None
    assert began + 60 <= patience.until <= time.monotonic() + 60
    assert (patience.lasting([pod()]), patience.until) == (None, float("inf"))
    failed = Patience(0).lasting([pod(), unplaced])
    assert failed is not None
    assert (failed[0], "finds no node" in failed[1].text) == (unplaced, True)


def test_a_pull_that_is_refused_is_tried_once_more_where_the_node_may_not_have_heard_of_the_secret() -> None:
    refused = waiting("ImagePullBackOff", "Back-off pulling image x: ErrImagePull: 401 Unauthorized")
    with_secret = msgspec.structs.replace(refused, spec=PodSpec(image_pull_secrets=[{"name": "pull"}]))
    began = time.monotonic()
    patience = Patience(60)
    assert patience.lasting([with_secret]) is None
    assert began + 16 < patience.until <= time.monotonic() + 30
    assert patience.lasting([refused]) is not None


def test_what_does_not_pass_is_not_waited_for() -> None:
    failed = Patience(60).lasting([waiting("ImagePullBackOff")])
    assert failed is not None
    assert "cannot have its image" in failed[1].text


def workload(reason: str, message: str) -> Deployment:
    failure = {"type": "ReplicaFailure", "status": "True", "reason": reason, "message": message}
    return read({"metadata": {"name": "d"}, "status": {"conditions": [failure]}}, Deployment)


def test_a_workload_without_pods_says_why() -> None:
    assert of_workload(read({"metadata": {"name": "d"}}, Deployment)) is None
    quota = of_workload(workload("FailedCreate", 'pods "d-1" is forbidden: exceeded quota: q, requested: pods=1'))
    security = of_workload(
        workload("FailedCreate", 'pods "d-1" is forbidden: violates PodSecurity "restricted:latest"')
    )
    other = of_workload(workload("FailedCreate", "admission webhook said no"))
    assert quota is not None
    assert "ResourceQuota has no room" in quota.text
    assert security is not None
    assert "Pod Security Standard refuses it" in security.text
    assert other == Fault("gets no pod: FailedCreate (admission webhook said no)")


def test_the_last_words_are_few_and_on_one_line() -> None:
    log = "\n".join(f"line {number}" for number in range(9)) + "\n\n"
    assert last_words(log) == "; its last lines: line 4 | line 5 | line 6 | line 7 | line 8"
    assert last_words("") == "; it wrote nothing"
