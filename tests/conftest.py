"""What all tests share: the conformance kit's report, and the engine that `make testbed-docker` made."""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["bosun_test.conformance.report"]

RUN = "BOSUN_TEST_DOCKER"
CACHE = Path(os.environ.get("BOSUN_CACHE") or Path.home() / ".cache" / "bosun")
NEED_DOCKER = ("testbed/*test_*.py", "docker/*test_*.py", "docs/test_docker_page.py")


def _variables() -> dict[str, str]:
    """What `make testbed-docker` wrote, under what this process's environment says."""
    file = CACHE / "docker.env"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {**dict(line.split("=", 1) for line in lines), **os.environ}


VARIABLES = _variables()
LEFT_OUT = VARIABLES.get(RUN) != "1"
collect_ignore_glob = list(NEED_DOCKER) if LEFT_OUT else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if LEFT_OUT:
        terminalreporter.section("left out")
        files = ", ".join(f"tests/{pattern}" for pattern in NEED_DOCKER)
        terminalreporter.line(f"{files} need Docker: run `make testbed-docker` first (docs/testbed.md)")


@pytest.fixture(scope="session")
def docker_variables() -> dict[str, str]:
    """The environment that leads to the engine, and names the images."""
    return VARIABLES


@pytest.fixture(scope="session")
def until() -> Callable[..., Any]:
    """Asks until there is an answer that holds, and returns it."""

    def ask(question: Callable[[], Any], seconds: float = 60) -> Any:
        end = time.monotonic() + seconds
        while not (answer := question()):
            assert time.monotonic() < end, f"it did not come about in {seconds} s"
            time.sleep(0.1)  # between two looks
        return answer

    return ask


@pytest.fixture(scope="session")
def local_index() -> Any:
    """Return the module tools/local_index.py."""
    path = Path(__file__).parents[1] / "tools/local_index.py"
    spec = importlib.util.spec_from_file_location("local_index", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def index(local_index: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a package index that runs on this machine and has our distributions, built and published just now."""
    with local_index.of_ours(tmp_path_factory.mktemp("index")) as index:
        yield index
