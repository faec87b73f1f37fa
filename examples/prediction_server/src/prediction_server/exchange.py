"""One HTTP request and its answer, as plain values."""

import json
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

PIECE = 1 << 18


class HttpError(Exception):
    """An answer that tells the client what is wrong."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})


class Body(Protocol):
    """The bytes that a client sends, in pieces."""

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, and none only at the end.

        Raises:
            HttpError: the client broke off, or broke the rules of the encoding.
        """


@dataclass(frozen=True)
class Request:
    """A request: `path` is without the query and not decoded, `query` holds the last value of each name."""

    method: str
    path: str
    body: Body
    content_type: str = ""
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Response:
    """An answer, and when to give it: after `delay_seconds`, or never if it `hangs`."""

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    hangs: bool = False


def json_response(
    status: int,
    payload: object,
    headers: Mapping[str, str] | None = None,
    *,
    delay_seconds: float = 0.0,
    hangs: bool = False,
) -> Response:
    """Return an answer with `payload` as JSON.

    Raises:
        ValueError: the payload holds a number that JSON cannot, such as infinity.
    """
    content = json.dumps(payload, allow_nan=False).encode() + b"\n"
    return Response(status, content, headers or {}, delay_seconds, hangs)


def problem(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer that tells of an error."""
    return json_response(status, {"message": message}, headers)


def model_header(model_id: str) -> dict[str, str]:
    """Return the header that names the model, percent-encoded where a header could not hold the id."""
    return {"X-Model-Id": urllib.parse.quote(model_id, safe=" !#$&'()*+,/:;=?@[]^`{|}<>\"\\")}


def pieces(body: Body) -> Iterator[bytes]:
    """Yield the body piece by piece."""
    while piece := body.read(PIECE):
        yield piece


def read_all(body: Body, limit: int) -> bytes:
    """Return the whole body.

    Raises:
        HttpError: it holds more than `limit` bytes (413), or see `Body.read`.
    """
    content = bytearray()
    for piece in pieces(body):
        content += piece
        if len(content) > limit:
            raise HttpError(413, f"the body is larger than {limit} bytes")
    return bytes(content)
