"""The kit catches: each faulty plugin is caught by the promise that it breaks, with a message that names the fault."""

import inspect
import runpy
import threading
from pathlib import Path

import pytest
from bosun_test.conformance import Conformance
from bosun_test.conformance.driving import Driver, PromiseBroken
from prediction_server.launch import running_server

_HERE = Path(__file__).parent
SampleEnvironment = runpy.run_path(str(_HERE / "test_sample_plugin.py"))["SampleEnvironment"]
FilesystemEnvironment = runpy.run_path(str(_HERE / "test_filesystem.py"))["FilesystemEnvironment"]

# The plugin (module and class in the folder faulty), the promise that it breaks, and what the message says.
FAULTS = [
    tuple(cell.strip() for cell in line.strip("| \n").split(" | "))
    for line in (_HERE / "faulty" / "README.md").read_text().splitlines()
    if " | test_" in line
]

# Promises that no plugin here breaks, and why.
_RUNNER = "the runner keeps it for every plugin"
_HAPPY_PATH = "who breaks it does not pass the happy path"
_CHANCE = "what it catches hangs on chance; where one comes in the middle of the other, the same is caught for certain"
UNPROVEN = {
    "test_a_replacement_without_a_new_model_id_is_refused": _RUNNER,
    "test_an_id_beyond_the_rule_is_refused_and_nothing_is_made": _RUNNER,
    "test_a_started_deployment_runs_the_given_model": _HAPPY_PATH,
    "test_the_status_of_a_process_is_that_of_the_action": _HAPPY_PATH,
    "test_replacements_of_one_deployment_at_once_are_done_one_after_the_other": _CHANCE,
    "test_starts_and_stops_of_one_deployment_at_once_end_whole_or_gone": _CHANCE,
    "test_starts_of_different_deployments_at_once_lose_nothing": _CHANCE,
    "test_every_declared_place_really_holds_a_secret": "it is about an adoption: see below",
}

_CHOOSER = """import sys

if {folder!r} not in sys.path:
    sys.path.insert(0, {folder!r})
from faulty.{module} import {name}
"""


class SharedPartsSample(SampleEnvironment):
    """As the sample's environment; some faulty plugins keep shared parts, which are no leftovers."""

    def _all(self):
        return [path for path in super()._all() if path.name not in (".index", ".proxy")]

    def shared_parts(self):
        return [str(path) for path in self._place.glob("*/.proxy")]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    base = tmp_path_factory.mktemp("base")
    with running_server("--deployments", str(base)) as server:
        yield server, base


@pytest.fixture
def faulty(request, tmp_path):
    """Return the environment of a faulty plugin, which is loaded from a module of its own."""

    def environment(fault: str):
        module, name = fault.split(".")
        path = tmp_path / f"{name}.py"
        path.write_text(_CHOOSER.format(folder=str(_HERE), module=module, name=name))
        served = request.getfixturevalue("served") if module in ("serving", "plans") else None
        found = FilesystemEnvironment(tmp_path, *served) if served else SharedPartsSample(tmp_path)
        found.plugin = str(path)
        found.settling = 0.0
        return found

    return environment


def walk_the_happy_path(driver: Driver) -> None:
    """Start, status, list, replace and stop pass."""
    started = driver.start("d1", "A")
    status, listed = driver.run("deployment_status", "d1", "A"), driver.run("deployment_list")
    replaced, stopped = driver.replace("B"), driver.run("deployment_stop", "d1", "B")
    assert [one["status"] for one in (started, status, listed, replaced, stopped)] == ["passing"] * 5
    assert [one.model for one in (started, status, replaced)] == ["A", "A", "B"]
    assert {name: entry["data"]["currentModelId"] for name, entry in listed["data"].items()} == {"d1": "A"}
    wait_for_threads()


def wait_for_threads() -> None:
    """Wait for what a faulty plugin does later, which is not to meet what comes next."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(30)


def keep(promise: str, **fixtures: object) -> None:
    """Call a promise of the kit as pytest would; `promise` may name a case: test_...[case]."""
    name, _, case = promise.rstrip("]").partition("[")
    method = getattr(Conformance(), name)
    for mark in getattr(method, "pytestmark", []):
        argument, values = mark.args
        fixtures[argument] = next(value for value in values if case in (str(value), getattr(value, "name", "")))
    method(**{name: fixtures[name] for name in inspect.signature(method).parameters})


@pytest.mark.parametrize(
    ("fault", "promise", "phrase"), FAULTS, ids=[f"{fault}, {promise}" for fault, promise, _ in FAULTS]
)
def test_a_faulty_plugin_is_caught_by_the_promise_that_it_breaks(faulty, tmp_path, monkeypatch, fault, promise, phrase):
    monkeypatch.setenv("BOSUN_CONFORMANCE", "quick")
    environment = faulty(fault)
    (tmp_path / "driver").mkdir()
    driver = Driver(environment, tmp_path / "driver")
    environment.reset()
    walk_the_happy_path(driver)
    environment.reset()
    with pytest.raises(PromiseBroken) as caught:
        keep(promise, driver=driver, environment=environment, tmp_path=tmp_path, monkeypatch=monkeypatch)
    wait_for_threads()
    print(caught.value)
    what, _, _ = str(caught.value).partition("what was done")
    assert phrase in what


def test_a_place_that_is_declared_to_hold_a_secret_and_holds_none_is_found(tmp_path, monkeypatch):
    environment = SampleEnvironment(tmp_path)
    environment.secret_places = {"the agent's variables": "it signs in with the token"}
    (tmp_path / "driver").mkdir()
    driver = Driver(environment, tmp_path / "driver")
    with pytest.raises(PromiseBroken, match="a place that is declared to hold a secret holds one"):
        keep(
            "test_every_declared_place_really_holds_a_secret",
            driver=driver,
            environment=environment,
            monkeypatch=monkeypatch,
        )


def test_each_promise_is_proven_by_a_plugin_that_breaks_it():
    assert len({fault for fault, _, _ in FAULTS}) >= 80
    promises = {name for name in dir(Conformance) if name.startswith("test_")}
    assert promises - {promise.partition("[")[0] for _, promise, _ in FAULTS} == set(UNPROVEN)
