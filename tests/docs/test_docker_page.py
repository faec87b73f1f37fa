"""docs/docker.md, typed as printed with the testbed's images, from an empty environment to a clean stop."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prediction_server.make_package import write_package

if TYPE_CHECKING:
    from tests.docs.conftest import Outcome, Pages

PAGE = Path(__file__).parents[2] / "docs/docker.md"
NETWORK, PREFIX = "bosun", "mlops_"  # as the page has them
LABEL = f"label=com.datarobot.bosun.place={NETWORK}/{PREFIX}"
IMAGES = {
    "traefik:v3.6": "BOSUN_TEST_TRAEFIK_IMAGE",
    "datarobot/datarobot-portable-prediction-api:latest": "BOSUN_TEST_PPS_IMAGE",
    "rabbitmq:3-management": "BOSUN_TEST_RABBITMQ_IMAGE",
    "datarobot/mlops-tracking-agent:latest": "BOSUN_TEST_AGENT_IMAGE",
}

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("walk")
    for seed, name in enumerate("AB"):
        write_package(folder / f"model-{name}.mlpkg", seed=seed, faults={"load_seconds": 1})
    return folder


@pytest.fixture(scope="module")
def there(docker_variables: dict[str, str]) -> Iterator[Callable[[], list[str]]]:
    """Tells what stands on the engine of what the page makes: nothing at the beginning; what is left is removed."""

    def docker(*words: str) -> list[str]:
        done = subprocess.run(["docker", *words], capture_output=True, text=True, env=docker_variables, timeout=120)
        return done.stdout.split()

    def there() -> list[str]:
        kinds = [["ps", "--all"], ["volume", "ls"], ["image", "ls"], ["network", "ls"]]
        filters = [LABEL, LABEL, LABEL, f"name=^{NETWORK}$"]
        return [one for kind, rule in zip(kinds, filters, strict=True) for one in docker(*kind, "-q", "--filter", rule)]

    if there():
        pytest.fail(f"the page makes network {NETWORK} and containers {PREFIX}*, which are there already; remove them")
    yield there
    docker("rm", "--force", "--volumes", *docker("ps", "--all", "-q", "--filter", LABEL))
    for kind in ("volume", "image"):
        docker(kind, "rm", "--force", *docker(kind, "ls", "-q", "--filter", LABEL))
    docker("network", "rm", NETWORK)


@pytest.fixture(scope="module")
def walked(
    pages: Pages,
    index: Any,
    folder: Path,
    there: Callable[[], list[str]],
    docker_variables: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Outcome]:
    path = pages.fresh_path(tmp_path_factory.mktemp("venv") / "venv")
    env = {**docker_variables, **index.environment(), "PATH": path, "COLUMNS": "80"}
    images = {name: docker_variables[variable] for name, variable in IMAGES.items()}
    return pages.walk(PAGE, folder, env, images)


def test_every_command_does_what_the_page_shows(walked: list[Outcome]) -> None:
    assert len(walked) > 15
    for outcome in walked:
        outcome.check()


def test_it_leaves_nothing_on_the_engine(walked: list[Outcome], there: Callable[[], list[str]]) -> None:
    assert there() == []


def test_the_picture_is_of_a_replacement_in_which_no_request_failed(walked: list[Outcome], folder: Path) -> None:
    texts = [one.text or "" for one in ET.parse(folder / "replacement.svg").iter("{http://www.w3.org/2000/svg}text")]
    assert texts[0].startswith("deployment_replace_model: ")
    assert texts[0].endswith(" requests, 0 failed")
    assert {"begins", "ended", "model-A", "model-B"} <= set(texts)


def test_the_events_tell_the_steps_of_the_replacement(walked: list[Outcome], folder: Path) -> None:
    events = [json.loads(line) for line in (folder / "replacement.jsonl").read_text().splitlines()]
    steps = list(dict.fromkeys(event["step"] for event in events if "step" in event))
    known = [
        "sending",
        "making",
        "start it",
        "wait until it answers",
        "switch",
        "remove the old route",
        "draining",
        "done",
    ]
    assert [one for step in steps for one in known if step.startswith(one)] == known
