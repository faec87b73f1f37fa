"""Requests that are refused."""

import pytest
from one_model import ROW
from prediction_server.launch import RunningServer


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b"{", "application/json", "the body is no JSON"),
        (b"[" * 900, "application/json", "the body is no JSON"),
        (b'{"x": 1}', "application/json", "the body is no list"),
        (b"[1]", "application/json", "row 0 is no JSON object of features"),
        (b'[{"x": 1}]', "application/json", "row 0 lacks the feature 'y'"),
        (b'[{"x": 1, "y": null}]', "application/json", "row 0 lacks the feature 'y'"),
        (b'[{"x": 1, "y": 2}, {"x": 1, "y": "two"}]', "application/json", "row 1: the feature 'y' is no finite"),
        (b'[{"x": 1, "y": NaN}]', "application/json", "row 0: the feature 'y' is no finite number"),
        (b'[{"x": 1, "y": 1.7e308}]', "application/json", "a prediction for these records is no finite number"),
        (b"\xff", "application/json", "the body is not UTF-8"),
        (b"", "text/csv", "the body is empty"),
        (b"x,y\n1\n", "text/csv", "row 0 has 1 values, the header 2"),
        (b"x,y\n1,\n", "text/csv", "row 0 lacks the feature 'y'"),
        (b'x,y\n"1,2\n', "text/csv", "the body is no CSV"),
    ],
)
def test_a_body_that_cannot_be_scored_is_a_400(
    server: RunningServer, body: bytes, content_type: str, message: str
) -> None:
    answer = server.request("POST", "/predictions", body, content_type=content_type)
    assert (answer.status, list(answer.content)) == (400, ["message"])
    assert message in answer.content["message"]


@pytest.mark.parametrize("delay", ["-1", "31", "soon", "nan"])
def test_a_delay_out_of_range_is_a_400(server: RunningServer, delay: str) -> None:
    answer = server.request("POST", f"/predictions?delay={delay}", [ROW])
    expected = {"message": "delay is a number of seconds from 0 to 30"}
    assert (answer.status, answer.content) == (400, expected)


@pytest.mark.parametrize("path", ["/", "/nothing", "/predictions/more", "/deployments/d1/predictions", "*", "//["])
def test_an_unknown_path_is_a_404(server: RunningServer, path: str) -> None:
    answer = server.request("GET", path)
    assert (answer.status, list(answer.content)) == (404, ["message"])


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/predictions", "POST"), ("POST", "/ping", "GET"), ("PATCH", "/info", "GET")],
)
def test_another_method_is_a_405_that_names_the_right_one(
    server: RunningServer, method: str, path: str, allowed: str
) -> None:
    answer = server.request(method, path)
    message = {"message": f"{method} is not allowed here, only {allowed}"}
    assert (answer.status, answer.headers["allow"], answer.content) == (405, allowed, message)


def test_a_body_over_the_limit_is_a_413(server: RunningServer) -> None:
    answer = server.request("POST", "/predictions", b" " * 5_000_000)
    assert (answer.status, answer.content) == (413, {"message": "the body is larger than 1000 bytes"})
