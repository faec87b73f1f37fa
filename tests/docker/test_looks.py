"""What the actions that look say while a deployment changes under them."""

import os
import select
import socket
import socketserver
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.docker

LIST = b"/containers/json"
PIECE = 65536


class Relay(socketserver.ThreadingUnixStreamServer):
    """A socket that leads to the engine's, and holds the first list of containers back until `meanwhile` is done."""

    def __init__(self, path: str, engine: str) -> None:
        self.path, self.engine = path, engine
        self.meanwhile: Callable[[], Any] | None = None
        super().__init__(path, Passing)


class Passing(socketserver.BaseRequestHandler):
    """One connection, until either end has nothing more to say."""

    server: Relay

    def handle(self) -> None:
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(self.server.engine)
            others = {engine: self.request, self.request: engine}
            while True:
                for source in select.select([*others], [], [])[0]:
                    if not (piece := source.recv(PIECE)):
                        return
                    if LIST in piece and self.server.meanwhile is not None:
                        action, self.server.meanwhile = self.server.meanwhile, None
                        action()
                    others[source].sendall(piece)


@pytest.fixture
def relay(place: Any) -> Iterator[Relay]:
    engine = place.variables["DOCKER_HOST"]
    if not engine.startswith("unix://"):
        pytest.skip(f"a relay stands before a Unix socket, not before {engine}")
    with tempfile.TemporaryDirectory() as folder, Relay(f"{folder}/engine", engine.removeprefix("unix://")) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_a_replacement_between_routes_and_containers_is_not_taken_for_a_fault(
    clean: Any, act: Callable[..., Any], package: Callable[..., str], relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    engine = os.environ["DOCKER_HOST"]

    def replace() -> None:
        monkeypatch.setenv("DOCKER_HOST", engine)
        act("deployment_replace_model", {"id": "d1", "newModelId": "B", "modelArtifact": package("B")})

    relay.meanwhile = replace
    monkeypatch.setenv("DOCKER_HOST", f"unix://{relay.path}")
    told = act("deployment_status", {"id": "d1"})
    assert (relay.meanwhile, told["status"], told["data"]["currentModelId"]) == (None, "passing", "B")
