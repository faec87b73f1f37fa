"""The settings of one deployment."""

from typing import Any

import pytest
from bosun_core.errors import InvalidRequest
from bosun_docker.key_values import KeyValues

from bosun_docker import key_values


def test_all_keys_are_read_as_an_agent_or_a_person_writes_them() -> None:
    given = {
        "memory": "2g", "cpus": "1.5", "gpus": "all", "shmSize": "64MiB", "environment": '{"B": 1, "A": true}',
        "port": "6842", "healthPath": "/health/live",
        "predictionsPath": "/predict/", "image": "registry.example.com/scorer:2", "key1": "some-value", "cpu": None,
    }  # fmt: skip
    assert key_values.read(given) == KeyValues(
        memory=2 * 1024**3,
        cpus=1.5,
        gpus=-1,
        shm_size=64 * 1024**2,
        environment=(("A", "true"), ("B", "1")),
        port=6842,
        health_path="/health/live",
        predictions_path="/predict/",
        image="registry.example.com/scorer:2",
        unknown=("key1",),
    )


def test_nothing_given_is_the_default() -> None:
    assert key_values.read({}) == KeyValues()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("memory", "much"), ("memory", "1k"), ("memory", True), ("memory", "-1g"), ("cpus", "many"), ("cpus", 0),
        ("cpus", "nan"), ("gpus", 0), ("gpus", "some"), ("shmSize", "x"), ("port", 0), ("port", 65536),
        ("port", "80/tcp"), ("healthPath", "ping"), ("healthPath", "/a`b"), ("healthPath", "/{{x}}"),
        ("healthPath", ""), ("predictionsPath", "predict"), ("predictionsPath", '/{{ env "HOME" }}'), ("image", "A b"),
        ("image", "{{x}}"),
        ("environment", "A=b"), ("environment", ["A=b"]), ("environment", {"A": {"b": 1}}), ("environment", {"A=": 1}),
        ("environment", {"A": "\0"}),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_name(key: str, value: Any) -> None:
    with pytest.raises(InvalidRequest, match=rf"keyValueConfig\.{key} .*"):
        key_values.read({key: value})
