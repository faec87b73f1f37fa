"""docs/kubernetes.md, typed as printed on the testbed's cluster, from an empty environment to a clean stop."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prediction_server.make_package import write_package

if TYPE_CHECKING:
    from tests.docs.conftest import Outcome, Pages

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/kubernetes.md"
NAMESPACE = "models"  # as the page has it

pytestmark = pytest.mark.k8s


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("walk")
    for seed, name in enumerate("AB"):
        write_package(folder / f"model-{name}.mlpkg", seed=seed, faults={"load_seconds": 1})
    (folder / "bosun_k8s").symlink_to(ROOT / "bosun_k8s")
    return folder


@pytest.fixture(scope="module")
def kubectl(k8s_variables: dict[str, str]) -> Iterator[Callable[..., str]]:
    """Runs kubectl; the page's namespace is not there at the beginning, and not at the end."""

    def kubectl(*words: str) -> str:
        command = [k8s_variables["BOSUN_TEST_K8S_KUBECTL"], *words]
        return subprocess.run(command, capture_output=True, text=True, env=k8s_variables, timeout=120).stdout.strip()

    if kubectl("get", "namespace", NAMESPACE, "--ignore-not-found"):
        pytest.fail(f"the page makes namespace {NAMESPACE}, which is there already; remove it")
    yield kubectl
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")


@pytest.fixture(scope="module")
def walked(
    pages: Pages,
    index: Any,
    folder: Path,
    kubectl: Callable[..., str],
    k8s_variables: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Outcome]:
    path = pages.fresh_path(tmp_path_factory.mktemp("venv") / "venv")
    program = Path(k8s_variables["BOSUN_TEST_K8S_KUBECTL"])
    password = k8s_variables["BOSUN_TEST_K8S_PRIVATE_REGISTRY_PASSWORD"]
    env = {**k8s_variables, **index.environment(), "PATH": f"{path}:{program.parent}", "REGISTRY_PASSWORD": password}
    image = k8s_variables["BOSUN_TEST_K8S_PPS_IMAGE"].partition("/")[2]
    replaced = {
        "kind-kind": kubectl("config", "current-context"),
        "https://models.example.com": k8s_variables["BOSUN_TEST_K8S_GATEWAY_URL"],
        "gateways/public": k8s_variables["BOSUN_TEST_K8S_GATEWAY"],
        "datarobot-portable-prediction-api:latest": image,
        "registry.example.com": k8s_variables["BOSUN_TEST_K8S_PRIVATE_REGISTRY"],
        "puller": k8s_variables["BOSUN_TEST_K8S_PRIVATE_REGISTRY_USER"],
    }
    return pages.walk(PAGE, folder, env, replaced)


def test_every_command_does_what_the_page_shows(walked: list[Outcome]) -> None:
    assert len(walked) == 15
    for outcome in walked:
        outcome.check()
