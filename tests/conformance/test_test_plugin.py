"""bosun-test's own plugin keeps the contract: a small file for each deployment, and nothing that serves them."""

import json
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest
from bosun_test.conformance import Conformance, Environment, PackageKind, Running

_TIMES = (
    "launch_time_sec", "stop_time_sec", "replace_model_time_sec", "relaunch_time_sec", "pe_status_time_sec",
    "deployment_status_time_sec", "deployment_list_time_sec", "plugin_start_time", "plugin_stop_time",
)  # fmt: skip
_NOT_LOADED = "the plugin remembers a package by its hash and loads none"
_NOTHING_SERVES = "the plugin stands in for an environment; nothing here answers predictions"
_NO_STEPS = "the plugin is written on BosunPluginBase alone, whose actions report no steps"


class StandInEnvironment(Environment):
    plugin = "test"
    removable: ClassVar = ("record", "record's content")
    not_kept: ClassVar = {
        "test_a_replacement_with_a_package_that_cannot_load_keeps_the_old_model": _NOT_LOADED,
        "test_a_replacement_with_a_package_that_crashes_after_loading_keeps_the_old_model": _NOT_LOADED,
        "test_a_replacement_with_a_package_that_is_never_ready_keeps_the_old_model": _NOT_LOADED,
        "test_a_start_with_a_package_that_cannot_load_leaves_nothing": _NOT_LOADED,
        "test_a_start_with_a_package_that_is_never_ready_leaves_nothing": _NOT_LOADED,
        "test_the_prediction_url_answers_with_the_model_that_was_started": _NOTHING_SERVES,
        "test_the_prediction_url_is_the_same_after_a_replacement": _NOTHING_SERVES,
        "test_no_request_fails_while_a_model_is_replaced": _NOTHING_SERVES,
        "test_no_request_fails_while_a_deployment_is_launched_anew": _NOTHING_SERVES,
        "test_no_request_fails_while_the_agent_restarts": _NOTHING_SERVES,
        "test_the_steps_that_ran_are_the_steps_that_were_planned": _NO_STEPS,
        "test_a_step_that_fails_leaves_what_was_there_or_all_that_is_new": _NO_STEPS,
    }

    def __init__(self, folder: Path) -> None:
        self._packages = folder / "packages"
        self._packages.mkdir()
        self._tmp_dir = folder / "environment"
        self._tmp_dir.mkdir()

    def private_configuration(self):
        return {**dict.fromkeys(_TIMES, 0), "tmp_dir": str(self._tmp_dir)}

    def package(self, name, kind=PackageKind.GOOD):
        path = self._packages / f"{name}, {kind.value}.mlpkg"
        path.write_text(f"the package {name}, {kind.value}")
        return path

    def running(self):
        records = [json.loads(path.read_text()) for path in self._records()]
        return {record["deployment_id"]: Running(record["model_id"], record["package_hash"]) for record in records}

    def _records(self):
        return [path for path in self._files() if path.suffix == ".json" and path.read_text()]

    def _files(self):
        return sorted(self._tmp_dir.iterdir())

    def leftovers(self):
        return [str(path) for path in self._files() if path not in self._records()]

    def picture(self):
        return [(str(path), path.stat().st_ino, path.stat().st_mtime_ns) for path in self._files()]

    def reset(self):
        for path in self._files():
            path.unlink()

    def damage(self, deployment):
        self._record(deployment).write_text("")

    def remove(self, deployment, part):
        if part == "record":
            self._record(deployment).unlink()
        else:
            self.damage(deployment)

    def _record(self, deployment):
        (record,) = [path for path in self._records() if json.loads(path.read_text())["deployment_id"] == deployment]
        return record

    @contextmanager
    def out_of_order(self):
        aside = self._tmp_dir.with_name("aside")
        self._tmp_dir.rename(aside)
        yield
        aside.rename(self._tmp_dir)

    def places_of(self, text):
        return [str(path) for path in self._files() if text in path.read_text()]


@pytest.mark.usefixtures("quick_profile")
class TestTestPlugin(Conformance):
    @pytest.fixture
    def environment(self, tmp_path):
        return StandInEnvironment(tmp_path)
