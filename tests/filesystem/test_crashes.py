"""SIGKILL at every step: what a reader sees is whole, and the same action again converges and leaves nothing behind."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from bosun_core.runner import ActionRequest
from bosun_test.conformance.steps import killed

from bosun_fs import copying, place

OLD = ("A", "old " * 700_000)
NEW = ("B", "new " * 700_000)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(copying, "_CHUNK", 1024 * 1024)  # so that the package is copied in several steps


def kill_at_every_step(fs, request: ActionRequest) -> Iterator[int]:
    """Run the action again and again, each time on the same beginning, killed at its n-th step."""
    beginning = fs.folder / "beginning"
    shutil.copytree(fs.base, beginning)
    number = 0
    while True:
        number += 1
        shutil.rmtree(fs.base)
        shutil.copytree(beginning, fs.base)
        if not killed(request, number):
            print(f"{request.action}: killed at each of {number - 1} steps")
            return
        yield number


def test_a_start_that_is_killed_leaves_all_or_none_and_converges(fs):
    info = fs.info(model="B", package=fs.package("new", NEW[1].encode()))
    steps = 0
    for steps in kill_at_every_step(fs, fs.request("deployment_start", info)):
        assert fs.deployments() in ({}, {"deployment_d1": NEW}), f"killed at step {steps}"
        assert fs.run("deployment_start", info)["status"] == "passing", f"killed at step {steps}"
        assert (fs.deployments(), fs.under_way()) == ({"deployment_d1": NEW}, []), f"killed at step {steps}"
    assert steps >= 40


def test_a_replacement_that_is_killed_leaves_the_old_or_the_new_and_converges(fs):
    fs.run("deployment_start", fs.info(package=fs.package("old", OLD[1].encode())))
    info = fs.info(package=fs.package("new", NEW[1].encode()), newModelId="B")
    steps = 0
    for steps in kill_at_every_step(fs, fs.request("deployment_replace_model", info)):
        assert fs.deployments() in ({"deployment_d1": OLD}, {"deployment_d1": NEW}), f"killed at step {steps}"
        assert fs.run("deployment_replace_model", info)["status"] == "passing", f"killed at step {steps}"
        assert (fs.deployments(), fs.under_way()) == ({"deployment_d1": NEW}, []), f"killed at step {steps}"
    assert steps >= 50


def test_a_stop_that_is_killed_leaves_all_or_none_and_converges(fs):
    fs.run("deployment_start", fs.info(package=fs.package("old", OLD[1].encode())))
    steps = 0
    for steps in kill_at_every_step(fs, fs.request("deployment_stop", fs.info())):
        assert fs.deployments() in ({"deployment_d1": OLD}, {}), f"killed at step {steps}"
        assert fs.run("deployment_stop", fs.info())["status"] == "passing", f"killed at step {steps}"
        assert (fs.deployments(), fs.under_way()) == ({}, []), f"killed at step {steps}"
    assert steps >= 20


def test_without_an_exchange_in_the_kernel_a_killed_replacement_converges_all_the_same(fs, monkeypatch):
    monkeypatch.setattr(place, "_renameat2", lambda _one, _other: False)
    fs.run("deployment_start", fs.info(package=fs.package("old", OLD[1].encode())))
    info = fs.info(package=fs.package("new", NEW[1].encode()), newModelId="B")
    steps = 0
    for steps in kill_at_every_step(fs, fs.request("deployment_replace_model", info)):
        # Here alone a reader may find none for a moment; the next action brings the old one back before all else.
        assert fs.deployments() in ({"deployment_d1": OLD}, {"deployment_d1": NEW}, {}), f"killed at step {steps}"
        assert fs.run("deployment_replace_model", info)["status"] == "passing", f"killed at step {steps}"
        assert (fs.deployments(), fs.under_way()) == ({"deployment_d1": NEW}, []), f"killed at step {steps}"
    assert steps >= 50


def test_what_a_killed_action_left_is_cleared_by_an_action_on_another_deployment(fs):
    info = fs.info(package=fs.package("old", OLD[1].encode()))
    request = fs.request("deployment_start", info)
    for _ in kill_at_every_step(fs, request):
        if fs.under_way():
            break
    assert fs.under_way(), "no kill left anything under way"
    fs.run("deployment_start", fs.info("other", package=fs.package("new", b"new")))
    assert fs.under_way() == []
    assert Path(fs.base / "deployment_other").is_dir()
