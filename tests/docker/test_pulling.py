"""Images from a registry: pulled with the user's login, and each way in which that fails told in one line."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bosun_core.reporting import listen
from model_kinds import CUSTOM, Maker

pytestmark = pytest.mark.docker

Act = Callable[..., dict[str, Any]]
LOGIN = "bosun:$2y$04$GTDiHQcalMMFHNeCuBuT/ePV/uwTc7j9.tC9J/1zHFMyUGvgz7sVC"  # bosun and secret-of-a-test


def configured(folder: Path, registry: str, password: str | None) -> Path:
    """A Docker configuration with this login, or without one."""
    login = base64.b64encode(f"bosun:{password}".encode()).decode()
    folder.mkdir()
    auths = {} if password is None else {registry: {"auth": login}}
    (folder / "config.json").write_text(json.dumps({"auths": auths}))
    return folder


@pytest.fixture(scope="module")
def registry(
    place: Any, tmp_path_factory: pytest.TempPathFactory, until: Callable[..., Any]
) -> Iterator[tuple[str, str]]:
    """A registry on this machine that wants a login, and an image of a model in it that the engine does not have."""
    program = shutil.which("docker-registry")
    if program is None or not place.variables["DOCKER_HOST"].startswith("unix://"):
        pytest.skip("needs an engine on this machine, and docker-registry: make testbed-docker installs it")
    folder = tmp_path_factory.mktemp("registry")
    address = f"127.0.0.1:{place.other_port()}"
    (folder / "htpasswd").write_text(f"{LOGIN}\n")
    settings = {
        "version": "0.1",
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": address},
        "auth": {"htpasswd": {"realm": "test", "path": str(folder / "htpasswd")}},
    }
    (folder / "config.json").write_text(json.dumps(settings))
    models = folder / "models"
    models.mkdir()
    maker = Maker(place, models)
    image = f"{address}/models/a:1"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(folder / "config.json")], stdout=log, stderr=log)
    try:
        made = maker.image(models / "pulled", "A", {})
        place("tag", made, image)
        login = {**place.variables, "DOCKER_CONFIG": str(configured(folder / "login", address, "secret-of-a-test"))}
        until(lambda: subprocess.run(["docker", "push", image], env=login, capture_output=True).returncode == 0)
        place("image", "rm", image, made)
        yield address, image
    finally:
        process.terminate()
        process.wait(20)
        place.clear()
        place("image", "rm", "--force", image, check=False)


def start(act: Act, image: str, **more: Any) -> dict[str, Any]:
    values = {"image": image}
    return act(
        "deployment_start", {"id": "d1", "modelId": "A", "modelExecutionType": CUSTOM, "keyValueConfig": values}, **more
    )


def test_an_image_is_pulled_with_the_users_login_and_stays_when_the_deployment_goes(
    clean: Any, act: Act, registry: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    predict: Callable[..., str],
) -> None:  # fmt: skip
    address, image = registry
    monkeypatch.setenv("DOCKER_CONFIG", str(configured(tmp_path / "login", address, "secret-of-a-test")))
    plan = start(act, image, dry_run=True)["data"]["plan"]
    assert plan.index(f"pull image {image}") == plan.index(f"create container {clean.prefix}deployment_d1_A") - 1
    steps: list[str] = []
    end = listen(lambda step, *_: steps.append(step))
    try:
        status = start(act, image)
    finally:
        end()
    assert (status["status"], predict(status["data"]["predictionUrl"])) == ("passing", "A"), status
    assert f"pulling {image}" in steps
    assert "secret-of-a-test" not in json.dumps(status)
    act("deployment_stop", {"id": "d1"})
    assert clean("image", "inspect", "--format", "{{index .RepoTags 0}}", image) == image
    clean("image", "rm", image)


@pytest.mark.parametrize(
    ("password", "tag", "told"),
    [
        ("a-wrong-one", "1", "the registry refused the credentials; run `docker login` as the user of this process"),
        (None, "1", "run `docker login`"),
        ("secret-of-a-test", "none", "the registry has no such tag; correct the image's name"),
    ],
)
def test_what_the_registry_refuses_is_told_with_what_to_do(
    clean: Any, act: Act, registry: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    password: str | None, tag: str, told: str,
) -> None:  # fmt: skip
    address, image = registry
    monkeypatch.setenv("DOCKER_CONFIG", str(configured(tmp_path / "login", address, password)))
    wanted = f"{image.rpartition(':')[0]}:{tag}"
    status = start(act, wanted)
    assert status["status"] == "failing"
    assert status["msg"].startswith(f"keyValueConfig.image: cannot pull image {wanted}: "), status["msg"]
    assert told in status["msg"]
    assert "wrong-one" not in status["msg"]
    assert list(clean.containers()) == [clean.proxy]


def test_a_registry_that_is_not_there_is_told(clean: Any, act: Act) -> None:
    status = start(act, "127.0.0.1:1/nowhere/model:1")
    assert status["msg"].startswith("keyValueConfig.image: cannot pull image 127.0.0.1:1/nowhere/model:1: ")
    assert "bring the image to the engine (`docker load`)" in status["msg"]


def test_a_pull_that_takes_too_long_is_ended(clean: Any, act: Act) -> None:
    """A registry that takes connections and says nothing."""
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        image = f"127.0.0.1:{listener.getsockname()[1]}/silent/model:1"
        status = start(act, image, pullLimit=2)
    assert status["msg"] == f"keyValueConfig.image: pulling image {image} takes longer than 2 s; raise pullLimit"
