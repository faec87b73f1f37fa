"""What all tests share: the conformance kit's report, and what `make testbed-docker` and `make testbed-k8s` made."""

from __future__ import annotations

import importlib.util
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ["bosun_test.conformance.report", "cells"]

# Started with nohup or in the background, tests and their runners would ignore these, as the runner does on purpose.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
# One for all processes of a run, which have to choose the same sample.
SEED = os.environ.setdefault("BOSUN_SEED", str(random.SystemRandom().randrange(10_000)))

CACHE = Path(os.environ.get("BOSUN_CACHE") or Path.home() / ".cache" / "bosun")
# What `make testbed-NAME` makes is needed by these tests; BOSUN_TEST_NAME says whether they run.
NEED = {
    "docker": ("testbed/test_docker_*.py", "docker/*test_*.py", "docs/test_docker_page.py"),
    "k8s": ("testbed/k8s/*test_*.py", "k8s/*test_*.py", "docs/test_kubernetes_page.py"),
}
CALLED = {"docker": "Docker", "k8s": "Kubernetes"}


def _variables() -> dict[str, str]:
    """What the testbed wrote, under what this process's environment says."""
    files = [CACHE / f"{name}.env" for name in NEED]
    lines = [line for file in files if file.exists() for line in file.read_text(encoding="utf-8").splitlines()]
    given = dict(os.environ)
    if given.get("BOSUN_TEST_K8S") != "1":
        given.pop("KUBECONFIG", None)  # somebody's cluster is for tests only when they say so
    return {**dict(line.split("=", 1) for line in lines), **given}


VARIABLES = _variables()
LEFT_OUT = [name for name in NEED if VARIABLES.get(f"BOSUN_TEST_{name.upper()}") != "1"]
collect_ignore_glob = [pattern for name in LEFT_OUT for pattern in NEED[name]]


def pytest_configure(config: pytest.Config) -> None:
    if LEFT_OUT and "BOSUN_REQUIRE_ALL" in os.environ:
        needed = " ".join(f"testbed-{name}" for name in LEFT_OUT)
        raise pytest.UsageError(f"BOSUN_REQUIRE_ALL is set, and tests would be left out: run `make {needed}` first")


def pytest_report_header() -> str:
    return f"samples of what takes too long to be tried whole: BOSUN_SEED={SEED}"


class ByEngine(LoadScopeScheduling):  # type: ignore[misc]
    """Has one process run what shares an engine or a cluster, and one what stands in the same file."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        path = file.removeprefix("tests/")
        if path.startswith("docker/own_engine/"):  # an engine that starts or ends changes the machine's packet rules
            return "k8s"
        return next((name for name, globs in NEED.items() if any(fnmatch(path, glob) for glob in globs)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return ByEngine(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if LEFT_OUT:
        terminalreporter.section("left out")
    for name in LEFT_OUT:
        files = ", ".join(f"tests/{pattern}" for pattern in NEED[name])
        terminalreporter.line(f"{files} need {CALLED[name]}: run `make testbed-{name}` first (docs/testbed.md)")


@pytest.fixture
def quick_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the kit make less of a plugin whose actions take seconds, or whose like is tried in full elsewhere."""
    if "BOSUN_CONFORMANCE" not in os.environ:
        monkeypatch.setenv("BOSUN_CONFORMANCE", "quick")


@pytest.fixture(scope="session")
def docker_variables() -> dict[str, str]:
    """The environment that leads to the engine, and names the images."""
    return VARIABLES


@pytest.fixture(scope="session")
def k8s_variables() -> dict[str, str]:
    """The environment that leads to the cluster, and names what it has."""
    return VARIABLES


@pytest.fixture(scope="session")
def until() -> Callable[..., Any]:
    """Asks until there is an answer that holds, and returns it."""

    def ask(question: Callable[[], Any], seconds: float = 60, pause: float = 0.1) -> Any:
        end = time.monotonic() + seconds
        while not (answer := question()):
            assert time.monotonic() < end, f"it did not come about in {seconds} s"
            time.sleep(pause)
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
