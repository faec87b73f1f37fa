"""Where the runner may stand: at the engine's socket, behind TLS with no path shared, in a container on the network."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.docker

ROOT = Path(__file__).parents[3]
Act = Callable[..., dict[str, Any]]
# What follows runs where the package is on a file system that nobody else sees, and the engine's folder is hidden.
ALONE = 'mount -t tmpfs none "$1" && cp "$2"/*.mlpkg "$1" && mount -t tmpfs none "$3" && shift 3 && exec "$@"'


def walk(act: Act, folder: str, packages: dict[str, str], predict: Callable[[str], str]) -> None:
    """The actions of a deployment's life; `folder` is where the packages are for the runner."""

    def info(name: str, **more: str) -> dict[str, str]:
        return {"id": "d1", "modelId": "A", "modelArtifact": f"{folder}/{Path(packages[name]).name}", **more}

    assert act("plugin_start")["status"] == "passing"
    started = act("deployment_start", info("A"))
    url = started["data"]["predictionUrl"]
    assert predict(url) == "A"
    assert act("deployment_replace_model", info("B", newModelId="B"))["status"] == "passing"
    assert predict(url) == "B"
    status = act("deployment_status", {"id": "d1"})
    assert (status["status"], status["data"]["currentModelId"]) == ("passing", "B")
    assert act("pe_status")["status"] == "passing"
    assert act("deployment_stop", {"id": "d1"})["status"] == "passing"
    assert act("plugin_stop")["status"] == "passing"


@pytest.fixture
def packages(package: Callable[..., str]) -> dict[str, str]:
    return {"A": package("A"), "B": package("B")}


@pytest.fixture
def nothing(place: Any) -> Any:
    """The place, with nothing in it; and nothing is left in it."""
    place.clear()
    yield place
    assert (place.containers(), place.images(), place.volumes()) == ({}, [], [])


def test_at_the_engines_socket(
    nothing: Any, runner: Callable[..., Any], packages: dict[str, str], predict: Any, tmp_path: Path
) -> None:
    walk(lambda *words: runner(*words)[0], str(tmp_path), packages, predict)


def test_behind_tls_with_no_path_shared(
    nothing: Any, runner: Callable[..., Any], packages: dict[str, str], predict: Any, tmp_path: Path
) -> None:
    variables = nothing.variables
    if "BOSUN_TEST_DOCKER_TLS_HOST" not in variables:
        pytest.skip("this engine is not the testbed's own: BOSUN_TEST_DOCKER_TLS_HOST names no TLS listener")
    certificates, alone = tmp_path / "certificates", tmp_path / "alone"
    shutil.copytree(variables["BOSUN_TEST_DOCKER_CERT_PATH"], certificates)
    alone.mkdir()
    socket = Path(variables["DOCKER_HOST"].removeprefix("unix://"))
    before = ("unshare", "--mount", "sh", "-c", ALONE, "sh", str(alone), str(tmp_path), str(socket.parent))
    environ = {
        "DOCKER_HOST": variables["BOSUN_TEST_DOCKER_TLS_HOST"],
        "DOCKER_TLS_VERIFY": "1",
        "DOCKER_CERT_PATH": str(certificates),
    }
    walk(lambda *words: runner(*words, environ=environ, before=before)[0], str(alone), packages, predict)
    assert list(alone.iterdir()) == []  # nothing of it was ever seen outside


@pytest.fixture
def inside(nothing: Any, packages: dict[str, str], tmp_path: Path) -> Iterator[Act]:
    """Runs actions in a container on the network, which has nothing but Python, our wheels and the engine's socket."""
    host = nothing.variables["DOCKER_HOST"]
    if not host.startswith("unix://"):
        pytest.skip("this engine has no Unix socket to be mounted")
    image, name = nothing.variables["BOSUN_TEST_PYTHON_IMAGE"], f"agent-{nothing.network}"
    version = nothing("run", "--rm", image, "python3", "-c", "import platform; print(platform.python_version())")
    uv = ROOT / ".tools/bin/uv"
    wheels = [str(ROOT / distribution) for distribution in ("bosun_core", "bosun_docker")]
    target = [f"--target={tmp_path / 'site'}", f"--python-version={version}", "--no-sources", "--quiet"]
    subprocess.run([uv, "pip", "install", *target, *wheels], check=True, cwd=tmp_path)
    mounted = f"--volume={host.removeprefix('unix://')}:/var/run/docker.sock"
    options = ("--detach", f"--name={name}", f"--network={nothing.network}", mounted, "--env=PYTHONPATH=/site")
    nothing("run", *options, image, "sleep", "infinity")
    try:
        nothing("cp", tmp_path / "site", f"{name}:/site")
        for path in packages.values():
            nothing("cp", path, f"{name}:/tmp/")
        nothing("exec", name, "mkdir", "/tmp/actions")

        def act(action: str, info: Any = None) -> dict[str, Any]:
            files = {"config": {"deploymentInfo": info}, "private-config": nothing.settings()}
            words = []
            for option, content in files.items():
                (tmp_path / option).write_text(json.dumps(content))
                nothing("cp", tmp_path / option, f"{name}:/tmp/actions/{option}")
                words.append(f"--{option}=/tmp/actions/{option}")
            told = nothing("exec", name, "python3", "-m", "bosun_core", "--plugin=docker", f"--action={action}", *words)
            print(action, info, "->", told)
            status: dict[str, Any] = yaml.safe_load(told)
            return status

        yield act
    finally:
        nothing("rm", "--force", name)


def test_in_a_container_on_the_network(inside: Act, packages: dict[str, str], predict: Any) -> None:
    walk(inside, "/tmp", packages, predict)
