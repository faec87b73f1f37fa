"""What an answer by the API server's way to pods says of a pod that was ready."""

import json

import pytest
from bosun_k8s.answering import says_silent


def status(message: str) -> bytes:
    return json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message}).encode()


@pytest.mark.parametrize(
    ("code", "beginning", "said"),
    [
        (200, b'{"message": "pong"}', False),
        (302, b"", False),
        (503, b"loading", True),
        (500, b'{"kind": "Fault", "message": "out of order"}', True),
        (404, b'{"message": "no kind at all"}', True),
        (503, status("error trying to reach service: dial tcp 10.0.0.7:8080: connect: connection refused"), True),
        (502, status("error trying to reach service: read tcp: connection reset by peer"), True),
        (502, status("error trying to reach service: EOF"), True),
        (503, status("error trying to reach service: dial tcp 10.0.0.7:8080: i/o timeout"), None),
        (503, status("error trying to reach service: dial tcp 10.0.0.7:8080: connect: no route to host"), None),
        (403, status('pods "x" is forbidden: User "u" cannot get resource "pods/proxy"'), None),
        (404, status('pods "x" not found'), None),
    ],
)
def test_a_pod_is_silent_where_it_is_known_to_be(code: int, beginning: bytes, said: bool | None) -> None:
    assert says_silent(code, beginning) is said
