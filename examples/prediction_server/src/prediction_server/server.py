"""The HTTP server: reads requests off connections, hands them on, writes the answers."""

import http.server
import io
import socket
import socketserver
import sys
import threading
import time
import traceback
import urllib.parse
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, BinaryIO, cast

from prediction_server.bodies import ChunkedBody, SizedBody
from prediction_server.connections import Connections
from prediction_server.exchange import PIECE, Body, HttpError, Request, Response, problem

LONGEST_LINE = 65_536
# So many bytes of an unwanted body are read: most clients look for their answer only after sending it all.
MOST_DISCARDED = 1 << 30


class PredictionServer(socketserver.ThreadingTCPServer):
    """Serves `answer` over HTTP/1.1 with one thread for each connection.

    Args:
        address: the host and the port to listen on; port 0 picks a free one.
        answer: returns the answer to a request, or raises HttpError.

    Raises:
        OSError: the address cannot be listened on.
    """

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], answer: Callable[[Request], Response]) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.answer = answer
        self.connections = Connections()
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        """The base URL, with the port that was picked."""
        host, port = self.server_address[:2]
        name = host.decode() if isinstance(host, bytes | bytearray) else str(host)
        return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"

    def start(self) -> None:
        """Begin to serve, in threads of its own."""
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()

    def finish(self) -> None:
        """Stop accepting, and return when every request in flight has its answer. A hung one never has."""
        self.shutdown()
        self.socket.settimeout(0)
        # Who connected before this point is served.
        while True:
            try:
                connection, address = self.get_request()
            except OSError:
                break
            self.process_request(connection, address)
        self.server_close()
        self.connections.finish()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Count the connection, then serve it in a thread."""
        self.connections.opened(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close the connection."""
        super().shutdown_request(request)
        self.connections.closed(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Show the traceback of a bug; a client that went away is none."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: PredictionServer

    def handle(self) -> None:
        connections = self.server.connections
        source = cast(io.BufferedReader, self.rfile)
        while source.peek(1):
            connections.working(self.connection)
            self._serve_one()
            if self.close_connection or not connections.answered(self.connection):
                return

    def _serve_one(self) -> None:
        self.command = ""
        self.raw_requestline = self.rfile.readline(LONGEST_LINE + 1)
        if len(self.raw_requestline) > LONGEST_LINE:
            self.request_version = ""
            self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
            return
        if not self.parse_request():
            self.close_connection = True
            return
        try:
            body = self._body()
        except HttpError as error:
            self.close_connection = True
            self._send(problem(error.status, str(error)))
            return
        response = self._answer(body)
        if response.hangs:
            threading.Event().wait()
        if response.delay_seconds:
            time.sleep(response.delay_seconds)
        if not _discarded(body):
            self.close_connection = True
        self._send(response)

    def _body(self) -> Body:
        source = cast(BinaryIO, self.rfile)
        encoding = self.headers.get("Transfer-Encoding", "").strip().lower()
        if encoding == "chunked":
            return ChunkedBody(source)
        if encoding:
            raise HttpError(400, "the only Transfer-Encoding that is known here is chunked")
        length = self.headers.get("Content-Length", "0").strip()
        if not (length.isascii() and length.isdigit() and len(length) < 19):
            raise HttpError(400, "Content-Length is no number of bytes")
        return SizedBody(source, int(length))

    def _answer(self, body: Body) -> Response:
        path, _, query = self.path.partition("?")
        request = Request(
            # A HEAD is a GET whose answer leaves the content out.
            method="GET" if self.command == "HEAD" else self.command,
            path=path,
            body=body,
            content_type=self.headers.get("Content-Type", ""),
            query=dict(urllib.parse.parse_qsl(query, keep_blank_values=True)),
        )
        try:
            return self.server.answer(request)
        except HttpError as error:
            return problem(error.status, str(error), error.headers)
        except OSError as error:
            return problem(500, f"the server met: {error.strerror}")
        except Exception:
            traceback.print_exc()
            return problem(500, "the server has a bug: its standard error tells more")

    def _send(self, response: Response) -> None:
        if self.server.connections.finishing:
            self.close_connection = True
        lines = [
            f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}",
            f"Date: {self.date_time_string()}",
            "Content-Type: application/json",
            f"Content-Length: {len(response.content)}",
            *(f"{name}: {value}" for name, value in response.headers.items()),
        ]
        if self.close_connection:
            lines.append("Connection: close")
        elif self.request_version == "HTTP/1.0":
            lines.append("Connection: keep-alive")
        head = "\r\n".join([*lines, "\r\n"]).encode("latin-1")
        # One write, so that head and content leave in one packet.
        self.wfile.write(head if self.command == "HEAD" else head + response.content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what could not even be parsed."""
        self.close_connection = True
        self._send(problem(code, message or explain or HTTPStatus(code).phrase))


def _discarded(body: Body) -> bool:
    """Read on to the end of `body`; return whether it was reached, so that another request can follow."""
    left = MOST_DISCARDED
    try:
        while left > 0:
            piece = body.read(PIECE)
            if not piece:
                return True
            left -= len(piece)
    except HttpError:
        pass
    return False
