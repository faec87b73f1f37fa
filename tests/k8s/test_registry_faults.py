"""A registry that breaks an upload, is full, away, or lets nobody in: it goes on, or one line tells why not."""

import hashlib
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from bosun_test.conformance.load import Load
from docker_place import free_port
from fault_proxy import Faults, proxied
from killing import make_larger
from wire import Wire, cut_at, wired

pytestmark = pytest.mark.k8s
Act = Callable[..., dict[str, Any]]

AWAY_SECONDS = 2.0


@pytest.fixture
def wire(place: Any) -> Iterator[Wire]:
    """A wire to the open registry, at an address from which nodes pull too."""
    host, _, port = place.registry.rpartition(":")
    with wired((host, int(port)), spare(place)) as made:
        yield made


def spare(place: Any) -> tuple[str, int]:
    """An address of a registry to be."""
    host, _, port = place.variables["BOSUN_TEST_K8S_SPARE_REGISTRIES"].rpartition(",")[2].rpartition(":")
    return host, int(port)


def through(place: Any, address: str) -> dict[str, Any]:
    """Settings with which all that is asked of the registry is asked at that address."""
    base = place.variables["BOSUN_TEST_K8S_PPS_IMAGE"].partition("/")[2]
    return {"generatedImageRepo": f"{address}/{place.namespace}/models", "ppsBaseImage": f"{address}/{base}"}


def sha256(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def package_in_the_pod(place: Any) -> str:
    (name,) = (one["metadata"]["name"] for one in place.objects("pods"))
    told: str = place("exec", name, "-c", "model", "--", "sha256sum", "/opt/ml/model/model.mlpkg")
    return told.split()[0]


def test_an_upload_that_breaks_is_made_all_the_same(
    clean: Any, wire: Wire, act: Act, package: Callable[..., str]
) -> None:
    artifact = make_larger(package("A"))
    wire.break_after, wire.breaks = 1_000_000, 2
    status = act(
        "deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": artifact}, **through(clean, wire.name)
    )
    assert (status["status"], wire.broken) == ("passing", 2), status["msg"]
    assert package_in_the_pod(clean) == sha256(artifact)


def test_a_registry_that_comes_back_is_waited_for(
    clean: Any, wire: Wire, act: Act, package: Callable[..., str]
) -> None:
    artifact = make_larger(package("A"))
    info = {"id": "d1", "modelId": "A", "modelArtifact": artifact}
    with cut_at(wire, "sending the package", AWAY_SECONDS) as happened:
        status = act("deployment_start", info, **through(clean, wire.name))
    assert (status["status"], happened) == ("passing", ["sending the package"]), status["msg"]
    assert package_in_the_pod(clean) == sha256(artifact)


def test_an_answer_that_is_lost_after_the_change_was_made_is_no_failure(
    clean: Any, act: Act, package: Callable[..., str]
) -> None:
    artifact = make_larger(package("A"))
    faults = Faults()
    faults.loses_answers = True
    with proxied(f"http://{clean.registry}", faults, spare(clean)) as address:
        settings = through(clean, address)
        status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": artifact}, **settings)
    print("\n".join(faults.happened))
    assert (status["status"], package_in_the_pod(clean)) == ("passing", sha256(artifact)), status["msg"]
    assert {one.partition(" ")[0] for one in faults.happened} == {"POST", "PATCH", "PUT"}


@pytest.fixture
def full_registry(tmp_path: Path) -> Iterator[str]:
    """A registry on a disk of one megabyte."""
    disk, address = tmp_path / "disk", f"127.0.0.1:{free_port()}"
    disk.mkdir()
    storage = {"filesystem": {"rootdirectory": str(disk)}}
    content = {"version": 0.1, "storage": storage, "http": {"addr": address}, "log": {"level": "error"}}
    (tmp_path / "registry.json").write_text(json.dumps(content))
    program = shutil.which("docker-registry") or shutil.which("registry")
    assert program is not None, "install Debian's docker-registry"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "bosun-test", disk], check=True)
    try:
        with subprocess.Popen([program, "serve", tmp_path / "registry.json"], stderr=subprocess.DEVNULL) as process:
            try:
                _wait_for(f"http://{address}/v2/")
                yield address
            finally:
                process.terminate()
    finally:
        subprocess.run(["umount", disk], check=True)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            urlopen(url, timeout=5).close()
        except URLError:
            assert time.monotonic() < deadline, f"{url} does not answer"
            time.sleep(0.05)  # between two looks
        else:
            return


def refused(clean: Any, act: Act, package: Callable[..., str], ask: Callable[[str], str], **settings: Any) -> str:
    """What a replacement tells whose image cannot be made; the old model serves all the while, and nothing is left."""
    info = {"id": "d1", "modelId": "A", "modelArtifact": make_larger(package("A"))}
    url = act("deployment_start", info, environmentId="e")["data"]["predictionUrl"]
    before = clean.made()
    new = {**info, "newModelId": "B", "modelArtifact": make_larger(package("B"))}
    with Load(lambda: ask(url), threads=2) as load:
        assert load.flowing()
        status = act("deployment_replace_model", new, environmentId="e", registryLimit=2, **settings)
    assert (status["status"], status["state"], status["data"]["oldModelInUse"]) == ("failing", "errored", True)
    assert (load.failed(), load.answered_by("B"), clean.made()) == ([], [], before)
    assert "\n" not in status["msg"]
    return str(status["msg"])


def test_a_full_registry_is_told(
    clean: Any, full_registry: str, act: Act, package: Callable[..., str], predict: Callable[[str], str]
) -> None:
    told = refused(clean, act, package, predict, generatedImageRepo=f"{full_registry}/models")
    assert told.startswith(f"the registry {full_registry} fails "), told
    assert told.endswith("; look at its log and disk"), told


def test_an_upload_that_always_breaks_is_told(
    clean: Any, wire: Wire, act: Act, package: Callable[..., str], predict: Callable[[str], str]
) -> None:
    wire.break_after, wire.breaks = 100_000, 1_000
    told = refused(clean, act, package, predict, **through(clean, wire.name))
    assert told.startswith(f"the registry {wire.name} breaks off what is sent to it"), told


def test_a_registry_that_lets_nobody_in_is_told(
    clean: Any, act: Act, package: Callable[..., str], predict: Callable[[str], str]
) -> None:
    private = clean.variables["BOSUN_TEST_K8S_PRIVATE_REGISTRY"]
    told = refused(clean, act, package, predict, generatedImageRepo=f"{private}/{clean.namespace}/models")
    assert told.startswith(f"the registry {private} refuses access without credentials"), told
    assert told.endswith("; correct registrySecretName"), told
