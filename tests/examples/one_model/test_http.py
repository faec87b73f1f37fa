"""HTTP: connections that stay, framing, and what is none."""

import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from one_model import ROW, connect
from prediction_server.launch import RunningServer


def raw(server: RunningServer, sent: bytes) -> bytes:
    """Send these bytes and return all that comes back until the server closes."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as file:
            return file.read()


def test_a_connection_serves_many_requests_whatever_each_came_to(server: RunningServer) -> None:
    statuses = []
    with connect(server) as connection:
        for path, body in [("/nothing", "unread"), ("/predictions", "{"), ("/predictions", json.dumps([ROW]))]:
            connection.request("POST", path, body)
            first_socket = connection.sock
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
            assert connection.sock is first_socket
    assert statuses == [404, 400, 200]


def test_requests_sent_at_once_are_answered_in_order(server: RunningServer) -> None:
    one = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"
    answered = raw(server, one % b"ping" + one % b"nothing" + one % b"info")
    assert re.findall(rb"HTTP/1.1 (\d+)", answered) == [b"200", b"404", b"200"]


def test_a_chunked_body_is_read(server: RunningServer) -> None:
    whole = json.dumps([ROW]).encode()
    with connect(server) as connection:
        connection.request("POST", "/predictions", iter([whole[:5], whole[5:]]), encode_chunked=True)
        content = json.loads(connection.getresponse().read())
    assert content["data"] == [{"prediction": 15.0, "rowId": 0}]


def test_a_head_request_has_an_empty_answer(server: RunningServer) -> None:
    answered = raw(server, b"HEAD /ping HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answered.endswith(b"Content-Length: 21\r\nX-Model-Id: m1\r\n\r\n")


def test_an_http_1_0_client_may_keep_its_connection(server: RunningServer) -> None:
    one = b"GET /ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    assert raw(server, one + one).count(b'{"response": "pong"}') == 2


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /ping HTTP/1.1 more\r\n\r\n", 400),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /ping HTTP/3.0\r\n\r\n", 505),
        (b"POST /predictions HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST /predictions HTTP/1.1\r\nContent-Length: 9\r\n\r\n[]", 400),
        (b"POST /predictions HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"POST /predictions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 400),
        (b"POST /predictions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[]", 400),
    ],
)
def test_what_is_no_http_is_refused_in_json(server: RunningServer, sent: bytes, status: int) -> None:
    head, _, content = raw(server, sent).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert list(json.loads(content)) == ["message"]


def test_bad_input_leaves_no_traceback(server: RunningServer) -> None:
    raw(server, b"POST /predictions HTTP/1.1\r\nContent-Length: 9\r\n\r\n[")
    server.request("POST", "/predictions", b"[" * 100_000)
    assert server.stderr() == ""


def test_many_clients_are_answered_at_once(server: RunningServer) -> None:
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: server.request("POST", "/predictions", [ROW]).status, range(512)))
    assert answers == [200] * 512
