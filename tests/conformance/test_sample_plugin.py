"""The document's sample plugin keeps the contract: a folder for each deployment, and nothing that serves them."""

import hashlib
import json
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest
from bosun_test.conformance import Conformance, Environment, PackageKind, Running

_RECORD = "deployment.json"
_NOT_LOADED = "the plugin keeps packages and loads none"
_NOTHING_SERVES = "the plugin keeps packages; nothing here answers predictions"
_NO_STEPS = "the plugin is written on BosunPluginBase alone, whose actions report no steps"


class SampleEnvironment(Environment):
    plugin = "sample_plugin"
    removable: ClassVar = ("package", "record", "folder")
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
        self._place = folder / "environments"

    def private_configuration(self):
        return {"folder": str(self._place)}

    def package(self, name, kind=PackageKind.GOOD):
        path = self._packages / f"{name}, {kind.value}.mlpkg"
        path.write_text(f"the package {name}, {kind.value}")
        return path

    def running(self):
        return {
            package.parent.name: Running(model, hashlib.sha256(package.read_bytes()).hexdigest())
            for package, model in self._whole().items()
        }

    def leftovers(self):
        known = {path for package in self._whole() for path in (package, package.parent, package.parent / _RECORD)}
        return [str(path) for path in self._all() if path not in known]

    def picture(self):
        return [(str(path), path.stat().st_ino, path.stat().st_mtime_ns) for path in self._all()]

    def _whole(self):
        """Return the packages of all deployments, each with its model."""
        found = {}
        for record in self._place.glob(f"*/*/{_RECORD}"):
            served = json.loads(record.read_text())
            found[record.with_name(served["package"])] = served["model"]
        return {package: model for package, model in found.items() if package.exists()}

    def _all(self):
        return sorted(self._place.glob("*/**/*"))

    def reset(self):
        shutil.rmtree(self._place, ignore_errors=True)

    def damage(self, deployment):
        (package,) = [package for package in self._whole() if package.parent.name == deployment]
        package.unlink()

    def remove(self, deployment, part):
        (package,) = [package for package in self._whole() if package.parent.name == deployment]
        if part == "folder":
            shutil.rmtree(package.parent)
        else:
            (package if part == "package" else package.with_name(_RECORD)).unlink()

    @contextmanager
    def out_of_order(self):
        aside = self._place.with_name("aside")
        self._place.rename(aside)
        self._place.write_text("a file where the folder was")
        yield
        self._place.unlink()
        aside.rename(self._place)

    def places_of(self, text):
        return [str(path) for path in self._all() if path.is_file() and text in path.read_text()]


@pytest.mark.usefixtures("quick_profile")
class TestSamplePlugin(Conformance):
    @pytest.fixture
    def environment(self, tmp_path):
        return SampleEnvironment(tmp_path)
