"""Deployments that cannot be served, or not yet."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from many_models import ask, folder, package, scored
from prediction_server.launch import RunningServer, running_server


def break_info(deployment: Path) -> None:
    (deployment / "config.yml").write_text("deployment_id: d1\n")


def take_package(deployment: Path) -> None:
    (deployment / "m1.mlpkg").unlink()


def add_package(deployment: Path) -> None:
    package(deployment / "m2.mlpkg", 1)


def break_package(deployment: Path) -> None:
    with zipfile.ZipFile(deployment / "m1.mlpkg", "w") as archive:
        archive.writestr("model.json", "{")


@pytest.mark.parametrize(
    ("breaks", "reason"),
    [
        (break_info, "config.yml: model_id is missing, or no text"),
        (take_package, "the folder holds no model package"),
        (add_package, "the folder holds several model packages: m1.mlpkg, m2.mlpkg"),
        (break_package, "model.json is no JSON: "),
    ],
)
def test_a_deployment_that_cannot_load_is_a_500_and_the_others_serve(
    root: Path, server: RunningServer, breaks: Callable[[Path], None], reason: str
) -> None:
    breaks(folder(root / "d1", "d1", "m1"))
    folder(root / "d2", "d2", "m2", 2)
    broken = ask(server, "d1")
    assert broken.status == 500
    assert broken.content["message"].startswith(f"deployment d1 cannot load: {reason}")
    assert ask(server, "d2").content == scored("d2", "m2", 2)


def test_a_package_may_fail_its_own_health_check_only(root: Path, server: RunningServer) -> None:
    folder(root / "d1", "d1", "m1", faults={"fail_ping": True})
    folder(root / "d2", "d2", "m2")
    paths = ["/deployments/d1/ping", "/deployments/d2/ping", "/ping"]
    assert [server.request("GET", path).status for path in paths] == [503, 200, 200]


def test_a_package_that_crashes_takes_the_server_with_it(root: Path, server: RunningServer) -> None:
    folder(root / "d1", "d1", "m1", faults={"crash_at_start": True})
    with pytest.raises(OSError, match=r"closed|reset"):
        ask(server, "d1")
    assert server.process.wait(20) == 70


def test_a_server_that_loads_says_so_for_all(root: Path, until: Callable[..., Any]) -> None:
    folder(root / "d1", "d1", "m1", 1)
    with running_server("--deployments", root, "--load-seconds", "1") as running:
        assert [ask(running, "d1").status, running.request("GET", "/ping").status] == [503, 503]
        until(lambda: running.request("GET", "/ping").status == 200)
        assert ask(running, "d1").content == scored("d1", "m1", 1)
