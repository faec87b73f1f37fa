"""What is there, kept up to date by watches: whoever waits for something waits for a change, never for the clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple, Self, TypeVar

import msgspec
from bosun_core.errors import BosunError

from bosun_k8s.cluster.connection import Answer
from bosun_k8s.cluster.errors import GONE, TooOld
from bosun_k8s.cluster.resources import Kind, Objects
from bosun_k8s.looks.observed import Object, read

Document = dict[str, Any]

_WATCH_SECONDS = 60
_SILENCE_SECONDS = _WATCH_SECONDS + 15.0
_PIECE = 1 << 16
_PAUSE_SECONDS = 0.2  # before a watch that brought nothing is opened again
ObjectT = TypeVar("ObjectT", bound=Object)


class Topic(NamedTuple):
    """What is watched: objects of a kind, read as `shape`."""

    kind: Kind
    shape: type[Object]
    selector: str = ""
    fields: str = ""


class Watching:
    """Watches over some topics, for the block; they go on over lost connections and forgotten points in time."""

    def __init__(self, objects: Objects, *topics: Topic) -> None:
        self._objects = objects
        self._topics = topics
        self._change = threading.Condition()
        self._count = 0
        self._seen = 0
        self._states: dict[int, dict[str, Object]] = {}
        self._fault: BosunError | None = None
        self._ended = False
        self._open: dict[int, Answer] = {}

    def __enter__(self) -> Self:
        for number in range(len(self._topics)):
            threading.Thread(target=self._keep, args=(number,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        for answer in list(self._open.values()):
            with suppress(Exception):  # it may have ended by itself this moment
                answer.shutdown()

    def wait(self, until: float) -> bool:
        """Wait until something has changed since the last call; False where that was not before `until` (monotonic).

        Returns first when all topics are known.

        Raises:
            BosunError: a watch cannot go on.
        """
        with self._change:
            while self._count == self._seen or len(self._states) < len(self._topics):
                if self._fault is not None:
                    raise self._fault
                if not self._change.wait(max(0.0, until - time.monotonic())) and time.monotonic() >= until:
                    return False
            self._seen = self._count
            if self._fault is not None:
                raise self._fault
            return True

    def now(self, shape: type[ObjectT]) -> list[ObjectT]:
        """Return the objects of the topic that is read as `shape`."""
        number = next(number for number, topic in enumerate(self._topics) if topic.shape is shape)
        with self._change:
            found = list(self._states.get(number, {}).values())
        return [one for one in found if isinstance(one, shape)]

    def _keep(self, number: int) -> None:
        try:
            while not self._ended:
                version = self._list(number)
                with suppress(TooOld):
                    self._follow(number, version)
        except BosunError as error:
            with self._change:
                self._fault = error
                self._count += 1
                self._change.notify_all()

    def _list(self, number: int) -> str:
        topic = self._topics[number]
        query = {"labelSelector": topic.selector, "fieldSelector": topic.fields}
        doing = f"list {topic.kind.resource} in namespace {self._objects.namespace}"
        found = self._objects.cluster.ask(doing, "GET", self._objects.path(topic.kind), query=query)
        state = {one["metadata"]["name"]: read(one, topic.shape) for one in found["items"]}
        self._tell(number, state)
        return str(found["metadata"]["resourceVersion"])

    def _tell(self, number: int, state: dict[str, Object]) -> None:
        with self._change:
            self._states[number] = state
            self._count += 1
            self._change.notify_all()

    def _follow(self, number: int, version: str) -> None:
        """Follow the changes from a version on, over any number of connections.

        Raises:
            TooOld: the API server has forgotten the version.
        """
        topic = self._topics[number]
        doing = f"watch {topic.kind.resource} in namespace {self._objects.namespace}"
        while not self._ended:
            query = {
                "watch": "true",
                "allowWatchBookmarks": "true",
                "timeoutSeconds": str(_WATCH_SECONDS),
                "resourceVersion": version,
                "labelSelector": topic.selector,
                "fieldSelector": topic.fields,
            }
            before = version
            # What cuts the connection while it is read is no failure: the next one goes on from the last change.
            with suppress(BrokenWatchError):
                path = self._objects.path(topic.kind)
                opened = self._objects.cluster.opened(doing, "GET", path, query=query, answer_seconds=_SILENCE_SECONDS)
                with opened as answer:
                    self._open[number] = answer
                    for event in _events(answer):
                        version = self._take(number, event, version)
            if version == before and not self._ended:
                time.sleep(_PAUSE_SECONDS)

    def _take(self, number: int, event: Document, version: str) -> str:
        document = event["object"]
        if event["type"] == "ERROR":
            if document.get("code") == GONE:
                raise TooOld("watch", GONE, str(document.get("message", "")))
            raise BrokenWatchError
        metadata = document["metadata"]
        if event["type"] != "BOOKMARK":
            state = dict(self._states[number])
            if event["type"] == "DELETED":
                state.pop(metadata["name"], None)
            else:
                state[metadata["name"]] = read(document, self._topics[number].shape)
            self._tell(number, state)
        return str(metadata.get("resourceVersion", version))


class BrokenWatchError(Exception):
    """The connection of a watch has ended before its time."""


def _events(answer: Answer) -> Iterator[Document]:
    """Yield the events of a watch, one a line."""
    rest = b""
    try:
        while piece := answer.read1(_PIECE):  # what is there, however it is framed; a whole answer never comes
            *lines, rest = (rest + piece).split(b"\n")
            yield from (msgspec.json.decode(line) for line in lines if line.strip())
    except Exception as error:  # a connection can end in as many ways as there are layers under it
        if isinstance(error, BosunError):
            raise
        raise BrokenWatchError from error
