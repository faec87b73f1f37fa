"""A place on the engine for one test module: a network, a container prefix and ports of its own, seen from outside."""

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from acting import Act, acting, packing
from asking import predicting
from docker_place import Place, free_port
from kit_sample import sample_the_kit
from model_kinds import Maker

RUNNER = str(Path(sys.executable).with_name("bosun-plugin-runner"))
LIMIT_SECONDS = 200


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
def begin(place: Any, tmp_path: Path) -> Iterator[Callable[..., Callable[[], dict[str, Any]]]]:
    """Begins one action as a process, of the runner or of a `program` like it; call what it returns for the status."""
    number = iter(range(1000))
    processes: list[subprocess.Popen[bytes]] = []

    def run(
        action: str, info: dict[str, Any] | None = None, program: Sequence[str | Path] = (RUNNER,), **settings: Any
    ) -> Callable[[], dict[str, Any]]:
        config, private, status = (tmp_path / f"{name}-{next(number)}" for name in ("config", "private", "status"))
        config.write_text(json.dumps({"deploymentInfo": info}))
        private.write_text(yaml.safe_dump(place.settings(readinessLimit=100, **settings)))
        files = [f"--config={config}", f"--private-config={private}", f"--status-file={status}"]
        command = [*program, "--plugin=docker", f"--action={action}", *files]
        with status.with_suffix(".err").open("wb") as stderr:
            process = subprocess.Popen(command, stderr=stderr)
        processes.append(process)

        def finish() -> dict[str, Any]:
            process.wait(LIMIT_SECONDS)
            assert "Traceback" not in status.with_suffix(".err").read_text()
            told: dict[str, Any] = yaml.safe_load(status.read_text())
            print(action, info, "->", told["status"], told["msg"])
            return told

        finish.process = process  # type: ignore[attr-defined]  # for tests that end it
        return finish

    yield run
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def predict() -> Iterator[Callable[[str], str]]:
    """Sends one prediction and returns the id of the model that answered."""
    with predicting() as ask:
        yield ask


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, str]:
    """The settings that name a certificate for 127.0.0.1, which is its own authority."""
    files = {"traefikCertificate": str(tmp_path / "cert.pem"), "traefikKey": str(tmp_path / "key.pem")}
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", files["traefikKey"])
    name = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-out", files["traefikCertificate"])
    subprocess.run(["openssl", "req", "-x509", *key, *name], check=True, capture_output=True)
    return files
