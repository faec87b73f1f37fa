"""A web server of model packages that answers as a test says, and what it is asked for."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CONTENT = hashlib.shake_256(b"a model package").digest(3 * 1024 * 1024)
HALF = len(CONTENT) // 2
TOKEN = "planted-token-0123456789"

Reply = Callable[["Handler"], None]
Start = Callable[..., dict[str, Any]]

LOOKS_AT_PACKAGE = """
def deployment_start(self, info):
    import hashlib, pathlib
    file = pathlib.Path(info.model_artifact)
    content = file.read_bytes()
    return ok("started", name=file.name, folder=str(file.parent.parent), digest=hashlib.sha256(content).hexdigest())
deployment_replace_model = deployment_start
"""


class Handler(BaseHTTPRequestHandler):
    """Answers as the test says, and remembers what it was asked."""

    server: Web

    def do_GET(self) -> None:
        self.server.requests.append(self)
        number = min(len(self.server.requests), len(self.server.replies)) - 1
        with_reply = self.server.by_path.get(self.path, self.server.replies[number])
        try:
            with_reply(self)
        except ConnectionError:  # the runner hung up, as many a test wants it to
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        print("the server:", format % args)

    def head(self, code: int, **headers: object) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()


class Web(ThreadingHTTPServer):
    """A web server on 127.0.0.1 that gives its replies in turn, the last one from then on."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[Handler] = []
        self.replies: list[Reply] = [whole()]
        self.by_path: dict[str, Reply] = {}
        self.over = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell of a client that hung up, as many a test has it do, in one line."""
        print("the server:", repr(sys.exception()))

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def url(self, path: str = "/model.mlpkg") -> str:
        return self.origin + path

    def asked(self, *names: str) -> list[tuple[str | None, ...]]:
        """Return those headers of each request."""
        return [tuple(request.headers.get(name) for name in names) for request in self.requests]


def whole(
    content: bytes = CONTENT, *, ranges: bool = True, upto: int | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """Return a reply with the content, or the part that is asked for; after `upto` of its bytes the line is cut."""
    headers = {"ETag": '"v1"'} if headers is None else headers

    def reply(handler: Handler) -> None:
        asked = handler.headers.get("Range")
        same = handler.headers.get("If-Range") in (*headers.values(), None)
        first = int(asked.removeprefix("bytes=").rstrip("-")) if asked and ranges and same else 0
        part = {"Content-Range": f"bytes {first}-{len(content) - 1}/{len(content)}"} if first else {}
        handler.head(206 if first else 200, Content_Length=len(content) - first, **headers, **part)
        handler.wfile.write(content[first:upto])

    return reply


def refusal(code: int, **headers: object) -> Reply:
    return lambda handler: handler.head(code, Content_Length=0, **headers)


def redirect(to: str) -> Reply:
    return refusal(302, Location=to)


class running:  # noqa: N801  # reads as a verb where it is used
    def __init__(self, server: Web) -> None:
        self.server = server
        self.thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Web:
        self.thread.start()
        return self.server

    def __exit__(self, *_: object) -> None:
        self.server.over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def digest(content: bytes = CONTENT) -> str:
    return hashlib.sha256(content).hexdigest()


def what(document: dict[str, Any]) -> tuple[str, str]:
    return document["status"], document["msg"]


def stall_after_half(handler: Handler) -> None:
    whole(upto=HALF)(handler)
    handler.wfile.flush()
    handler.server.over.wait(30)
