"""The settings of one deployment."""

from typing import Any

import pytest
from bosun_core.errors import InvalidRequest
from bosun_k8s.key_values import KeyValues

from bosun_k8s import key_values


def test_all_keys_are_read_as_an_agent_or_a_person_writes_them() -> None:
    given = {
        "replicas": "2", "minReplicas": 2, "maxReplicas": "5", "targetCPU": "70%", "minAvailable": "50%",
        "memory": "2g", "memoryRequest": "512MiB", "cpus": "1.5", "cpuRequest": "500m", "gpus": 1,
        "nodeSelector": '{"disk": "ssd"}', "tolerations": [{"key": "gpu", "operator": "Exists"}],
        "serviceAccount": "reader", "environment": {"B": 1, "A": True}, "port": "6842", "healthPath": "/health/live",
        "image": "registry.example.com/m:1", "key1": "some-value", "replica": None,
    }  # fmt: skip
    assert key_values.read(given) == KeyValues(
        replicas=2,
        min_replicas=2,
        max_replicas=5,
        target_cpu=70,
        min_available="50%",
        memory="2Gi",
        memory_request="512Mi",
        cpus="1500m",
        cpu_request="500m",
        gpus=1,
        node_selector=(("disk", "ssd"),),
        tolerations=((("key", "gpu"), ("operator", "Exists")),),
        service_account="reader",
        environment=(("A", "true"), ("B", "1")),
        port=6842,
        health_path="/health/live",
        image="registry.example.com/m:1",
        unknown=("key1",),
    )


def test_nothing_given_is_the_default() -> None:
    assert key_values.read({}) == KeyValues()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("replicas", 0), ("replicas", "two"), ("replicas", True), ("memory", "much"), ("memory", "0"), ("cpus", "many"),
        ("cpus", 0), ("cpus", "0m"), ("gpus", "all"), ("minAvailable", "101%"), ("nodeSelector", "ssd"),
        ("nodeSelector", ["a"]), ("tolerations", {"key": "a"}), ("tolerations", [{"kee": "a"}]),
        ("tolerations", [{"key": "a", "effect": "None"}]), ("serviceAccount", "A b"), ("port", 0), ("healthPath", "x"),
        ("image", "A b"), ("environment", "A=b"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_name(key: str, value: Any) -> None:
    with pytest.raises(InvalidRequest, match=rf"keyValueConfig\.{key} .*"):
        key_values.read({key: value})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"minReplicas": 2}, "need maxReplicas"),
        ({"targetCPU": 80}, "need maxReplicas"),
        ({"maxReplicas": 2, "minReplicas": 3, "cpus": 1}, "less than the least number of replicas"),
        ({"maxReplicas": 2}, "needs cpus or cpuRequest"),
    ],
)
def test_values_that_do_not_go_together_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        key_values.read(given)
