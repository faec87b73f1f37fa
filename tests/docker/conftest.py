"""A place on the engine for one test module: a network, a container prefix and ports of its own, seen from outside."""

import http.client
import json
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from acting import Act, acting, packing
from docker_place import Place, free_port
from model_kinds import Maker

REQUESTS_OF_A_CONNECTION = 20


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest, docker_variables: dict[str, str]) -> Iterator[Place]:
    name = uuid.uuid4().hex[:6]
    made = Place(docker_variables, f"bt{name}_", f"bosun-test-{name}", free_port())
    try:
        made("network", "create", made.network)
    except (AssertionError, OSError) as error:
        pytest.fail(f"the engine does not answer, run `make testbed-docker` again: {error}", pytrace=False)
    patch = pytest.MonkeyPatch()
    for variable, value in docker_variables.items():
        if variable.startswith("DOCKER_"):
            patch.setenv(variable, value)
    failed_before = request.session.testsfailed
    try:
        yield made
        if request.session.testsfailed > failed_before:
            print(made.story())
    finally:
        patch.undo()
        made.clear()
        made("network", "rm", made.network)


@pytest.fixture
def clean(place: Place) -> Place:
    """The place, with nothing in it but perhaps its proxy."""
    place.clear(keep_proxy=True)
    return place


@pytest.fixture
def maker(place: Place, tmp_path: Path) -> Iterator[Maker]:
    """Makes models of every kind; what it made is gone afterwards, with the deployments that use it."""
    folder = tmp_path / "models"
    folder.mkdir()
    made = Maker(place, folder)
    yield made
    place.clear(keep_proxy=True)
    made.clear()


@pytest.fixture
def act(place: Place, tmp_path: Path) -> Act:
    """Runs one action through the runner, and returns its status."""
    return acting("docker", place.settings, tmp_path)


@pytest.fixture(autouse=True)
def _quick_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each action takes a second here: the kit's thorough profiles are for nights."""
    if "BOSUN_CONFORMANCE" not in os.environ:
        monkeypatch.setenv("BOSUN_CONFORMANCE", "quick")


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., str]:
    """Makes a model package, and returns its path."""
    return packing(tmp_path)


@pytest.fixture
def predict() -> Iterator[Callable[..., str]]:
    """Sends one prediction and returns the id of the model that answered."""

    own = threading.local()
    opened: list[http.client.HTTPConnection] = []

    def connection(netloc: str) -> http.client.HTTPConnection:
        """Each thread's own, a fresh one now and then: one for each request would use up the machine's ports."""
        own.asked = getattr(own, "asked", 0) + 1
        if own.asked % REQUESTS_OF_A_CONNECTION == 1 or own.netloc != netloc:
            if hasattr(own, "open"):
                own.open.close()
            own.netloc, own.open = netloc, http.client.HTTPConnection(netloc, timeout=10)
            opened.append(own.open)
        return own.open

    def ask(url: str) -> str:
        address = urlsplit(url)
        path = f"{address.path}?{address.query}" if address.query else address.path
        link = connection(address.netloc)
        try:
            link.request("POST", path, b'[{"x": 1, "y": 2}]', {"Content-Type": "application/json"})
            response = link.getresponse()
            content = response.read()
        except BaseException:
            link.close()
            raise
        if response.status != http.client.OK:
            raise ConnectionError(f"{response.status} {content[:200]!r}")
        return str(json.loads(content)["modelId"])

    yield ask
    for link in opened:
        link.close()
