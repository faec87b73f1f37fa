"""A place on the engine for one test module: a network, a container prefix and ports of its own, seen from outside."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from acting import Act, acting, packing
from asking import predicting
from docker_place import Place, free_port
from kit_sample import sample_the_kit
from model_kinds import Maker


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    sample_the_kit(config, items, Path(__file__).with_name("test_conformance.py"), cases=3, slow_promises=7)


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
        made.remove_network()


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


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., str]:
    """Makes a model package, and returns its path."""
    return packing(tmp_path)


@pytest.fixture
def predict() -> Iterator[Callable[[str], str]]:
    """Sends one prediction and returns the id of the model that answered."""
    with predicting() as ask:
        yield ask
