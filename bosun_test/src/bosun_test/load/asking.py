"""Predictions asked for over HTTP, and which model an answer names."""

from __future__ import annotations

import http.client
import json
import selectors
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from bosun_test.load.clients import Ask

SERVER_HEADER = "X-Bosun-Container"
UNNAMED = "some model"
_ANSWER_SECONDS = 60.0
_TOLD = 200  # bytes of an answer that is none


class Question(NamedTuple):
    """A request that is sent again and again."""

    url: str
    body: bytes
    content_type: str


class NoAnswerError(Exception):
    """What came back is no prediction."""


@contextmanager
def connected(question: Question, most: int | None = None) -> Iterator[Ask]:
    """Yield what asks the question on one connection; with `most`, on a new one after so many requests.

    It raises NoAnswerError, OSError or HTTPException where no prediction comes back.
    """
    address = urlsplit(question.url)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    path = f"{address.path or '/'}?{address.query}" if address.query else address.path or "/"
    asked = 0
    with closing(kind(address.netloc, timeout=_ANSWER_SECONDS)) as connection:

        def ask() -> str:
            nonlocal asked
            if (most is not None and asked == most) or _was_closed(connection):
                connection.close()  # it connects by itself when it is used again
                asked = 0
            asked += 1
            connection.request("POST", path, question.body, {"Content-Type": question.content_type})
            response = connection.getresponse()
            content = response.read()
            if response.status != http.client.OK:
                raise NoAnswerError(f"{response.status} {content[:_TOLD].decode(errors='replace')}")
            return model_of(content, response.headers)

        yield ask


def _was_closed(connection: http.client.HTTPConnection) -> bool:
    """Tell whether the other side closed an idle connection: every client connects again then, and nothing failed."""
    if connection.sock is None:
        return False
    with selectors.DefaultSelector() as selector:
        selector.register(connection.sock, selectors.EVENT_READ)
        return bool(selector.select(0))


def model_of(content: bytes, headers: Mapping[str, str] | http.client.HTTPMessage) -> str:
    """Return which model an answer names: `modelId` in its JSON, else the container that Bosun's proxy names."""
    try:
        named = json.loads(content).get("modelId")
    except (ValueError, AttributeError):
        named = None
    return str(named or headers.get(SERVER_HEADER) or UNNAMED)
