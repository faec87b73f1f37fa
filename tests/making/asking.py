"""Predictions asked of what serves, on connections that are kept open."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

ROWS = b'[{"x": 1, "y": 2}]'
REQUESTS_OF_A_CONNECTION = 20
_CLOSED_BETWEEN_TWO = (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected)


class Answered(NamedTuple):
    """The id of the model that answered, and the answer's headers."""

    model: str
    headers: http.client.HTTPMessage


class Connection:
    """One that is kept open for many requests.

    With `renewed` it is made anew, as every client does, where the server closed it between two: a server that ends
    closes connections on which nothing is under way, and that is no failed request.
    """

    def __init__(self, netloc: str, *, renewed: bool = False) -> None:
        self.netloc = netloc
        self.asked = 0
        self._renewed = renewed
        self._open = http.client.HTTPConnection(netloc, timeout=10)

    def close(self) -> None:
        self._open.close()

    def predict(self, path: str) -> str:
        """Send one prediction and return the id of the model that answered."""
        return self.answered(path).model

    def answered(self, path: str) -> Answered:
        """Send one prediction and return who answered."""
        try:
            response = self._sent(path)
        except _CLOSED_BETWEEN_TWO:
            if not (self._renewed and self.asked):
                raise
            self._open.close()
            response = self._sent(path)
        content = response.read()
        self.asked += 1
        if response.status != http.client.OK:
            raise ConnectionError(f"{response.status} {content[:200]!r}")
        return Answered(str(json.loads(content)["modelId"]), response.headers)

    def _sent(self, path: str) -> http.client.HTTPResponse:
        self._open.request("POST", path, ROWS, {"Content-Type": "application/json"})
        return self._open.getresponse()


def path_of(url: str) -> str:
    address = urlsplit(url)
    return f"{address.path}?{address.query}" if address.query else address.path


def asked_once(url: str) -> Answered:
    """Who answers one prediction on a connection of its own."""
    with closing(Connection(urlsplit(url).netloc)) as link:
        return link.answered(path_of(url))


@contextmanager
def kept_open(url: str, *, renewed: bool = False) -> Iterator[Callable[[], str]]:
    """Connect once; what is yielded sends one prediction there and returns the id of the model that answered."""
    with closing(Connection(urlsplit(url).netloc, renewed=renewed)) as link:
        yield lambda: link.predict(path_of(url))


@contextmanager
def predicting(*, renewed: bool = False) -> Iterator[Callable[[str], str]]:
    """Yield what sends one prediction to a URL and returns the id of the model that answered.

    Each thread has a connection of its own, a fresh one now and then: one for each request would use up the ports.
    """
    own = threading.local()
    opened: list[Connection] = []

    def ask(url: str) -> str:
        netloc = urlsplit(url).netloc
        link: Connection | None = getattr(own, "open", None)
        if link is None or link.netloc != netloc or link.asked >= REQUESTS_OF_A_CONNECTION:
            if link is not None:
                link.close()
            own.open = link = Connection(netloc, renewed=renewed)
            opened.append(link)
        try:
            return link.predict(path_of(url))
        except BaseException:
            link.close()
            own.open = None
            raise

    yield ask
    for link in opened:
        link.close()
