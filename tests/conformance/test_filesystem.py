"""bosun-fs keeps the contract: the whole kit, with the prediction server serving its folders."""

import http.client
import json
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import pytest
import yaml
from bosun_test.conformance import Conformance, Environment, NothingAnswersError, PackageKind, Running, sha256_of
from prediction_server.launch import RunningServer, running_server
from prediction_server.make_package import write_package

_JUDGED_LATER = "the plugin puts files in place; whether a package loads is seen by the server that reads them"
_FAULTS = {
    PackageKind.GOOD: None,
    PackageKind.CANNOT_LOAD: {"crash_at_start": True},
    PackageKind.CRASHES_AFTER_LOADING: {"crash_after_seconds": 1},
    PackageKind.NEVER_READY: {"fail_ping": True},
}


class FilesystemEnvironment(Environment):
    plugin = "fs"
    removable: ClassVar = ("package", "information file", "folder")
    settling = 1.0  # the server looks at the folder when it is asked, and answers by the former model while it loads
    not_kept: ClassVar = {
        "test_a_replacement_with_a_package_that_cannot_load_keeps_the_old_model": _JUDGED_LATER,
        "test_a_replacement_with_a_package_that_crashes_after_loading_keeps_the_old_model": _JUDGED_LATER,
        "test_a_replacement_with_a_package_that_is_never_ready_keeps_the_old_model": _JUDGED_LATER,
        "test_a_start_with_a_package_that_cannot_load_leaves_nothing": _JUDGED_LATER,
        "test_a_start_with_a_package_that_is_never_ready_leaves_nothing": _JUDGED_LATER,
    }

    def __init__(self, folder: Path, server: RunningServer, base: Path) -> None:
        self._packages = folder / "packages"
        self._packages.mkdir()
        self._server = server
        self._base = base

    def private_configuration(self):
        url = self._server.url
        return {"baseDir": str(self._base), "deploymentPredictionBaseUrl": url, "deploymentKVFile": "kv.yaml"}

    def package(self, name, kind=PackageKind.GOOD):
        path = self._packages / f"{name.replace(' ', '-').replace(',', '')}-{kind.name.lower()}.mlpkg"
        if not path.exists():
            write_package(path, "linear", seed=sum(name.encode()), faults=_FAULTS[kind])
        return path

    def running(self):
        found = {}
        for folder in self._whole():
            ids = yaml.safe_load((folder / "config.yml").read_text())
            (package,) = folder.glob("*.mlpkg")
            found[ids["deployment_id"]] = Running(ids["model_id"], sha256_of(package))
        return found

    def _folders(self):
        return sorted(folder for folder in self._base.iterdir() if not folder.name.startswith("."))

    def _whole(self):
        return [
            folder for folder in self._folders() if (folder / "config.yml").exists() and any(folder.glob("*.mlpkg"))
        ]

    def leftovers(self):
        in_part = [folder for folder in self._folders() if folder not in self._whole()]
        return sorted(map(str, [*in_part, *self._base.glob(".bosun/*/*")]))

    def picture(self):
        files = [path for folder in self._folders() for path in [folder, *folder.iterdir()]]
        return [(str(path), path.stat().st_ino, path.stat().st_mtime_ns) for path in files] + self.leftovers()

    def reset(self):
        for path in self._base.iterdir():
            shutil.rmtree(path)

    def damage(self, deployment):
        (package,) = self._base.glob(f"*{deployment}/*.mlpkg")
        package.unlink()

    def remove(self, deployment, part):
        (package,) = self._base.glob(f"*{deployment}/*.mlpkg")
        if part == "folder":
            shutil.rmtree(package.parent)
        else:
            (package if part == "package" else package.with_name("config.yml")).unlink()

    @contextmanager
    def out_of_order(self):
        aside = self._base.with_name("aside")
        self._base.rename(aside)
        yield
        aside.rename(self._base)

    def places_of(self, text):
        files = (path for path in self._base.rglob("*") if path.is_file())
        return [str(path) for path in files if text.encode() in path.read_bytes()]

    def ask(self, deployment, url):
        with self.kept_open(deployment, url) as ask:
            return ask()

    @contextmanager
    def kept_open(self, deployment, url):
        address = urlsplit(url)
        body, headers = json.dumps([{"x": 1, "y": 2}]), {"Content-Type": "application/json"}

        def ask():
            connection.request("POST", address.path, body, headers)
            response = connection.getresponse()
            content = json.loads(response.read())
            if response.status != 200:
                raise NothingAnswersError(f"{response.status} {content}")
            return content["modelId"]

        with closing(http.client.HTTPConnection(address.netloc, timeout=10)) as connection:
            yield ask


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, Path]]:
    base = tmp_path_factory.mktemp("base")
    with running_server("--deployments", str(base)) as server:
        yield server, base


class TestFilesystem(Conformance):
    @pytest.fixture
    def environment(self, tmp_path, served):
        return FilesystemEnvironment(tmp_path, *served)
