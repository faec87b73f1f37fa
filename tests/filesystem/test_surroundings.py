"""What the machine refuses: a full disk, a read-only one, a base that is none, a package that moves, a signal."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
import yaml

from bosun_core import reporting

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 and "BOSUN_REQUIRE_ALL" not in os.environ,
    reason="mounting a small filesystem needs root; run the tests as root to include it",
)


@pytest.fixture
def mounted(tmp_path):
    """Mount small tmpfs filesystems, and unmount them at the end."""
    mounts: list[Path] = []

    def mount(name: str, options: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
        mounts.append(folder)
        return folder

    yield mount
    for folder in mounts:
        subprocess.run(["umount", folder], check=True)


@needs_root
def test_a_full_disk_fails_a_start_and_leaves_nothing(fs, mounted):
    fs.base = mounted("small", "size=1m")
    fs.settings["baseDir"] = str(fs.base)
    package = fs.package("big", os.urandom(3_000_000))
    status = fs.run("deployment_start", fs.info(package=package))
    assert status == {
        "data": None,
        "msg": f"cannot copy {package} to {fs.base}/deployment_d1: no room is left; "
        "free some, or move baseDir to a larger filesystem",
        "state": "errored",
        "status": "failing",
    }
    assert (fs.deployments(), fs.under_way()) == ({}, [])


@needs_root
def test_a_full_disk_fails_a_replacement_and_the_old_model_stays(fs, mounted):
    fs.base = mounted("small", "size=1m")
    fs.settings["baseDir"] = str(fs.base)
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    package = fs.package("big", os.urandom(3_000_000))
    status = fs.run("deployment_replace_model", fs.info(package=package, newModelId="B"))
    assert (status["status"], status["data"]) == ("failing", {"currentModelId": "A", "oldModelInUse": True})
    assert "no room is left" in status["msg"]
    assert (fs.deployments(), fs.under_way()) == ({"deployment_d1": ("A", "a model")}, [])


@needs_root
@pytest.mark.parametrize("action", ["plugin_start", "deployment_start", "deployment_replace_model", "deployment_stop"])
def test_a_read_only_base_is_one_clear_line(fs, mounted, action):
    fs.base = mounted("locked", "size=1m")
    fs.settings["baseDir"] = str(fs.base)
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    subprocess.run(["mount", "-o", "remount,ro", fs.base], check=True)
    status = fs.run(action, fs.info(package=fs.package("b"), newModelId="B"))
    assert (status["status"], status["msg"]) == (
        "failing",
        f"baseDir {fs.base} cannot be written: its filesystem is mounted read-only; mount it for writing",
    )
    assert fs.deployments() == {"deployment_d1": ("A", "a model")}


@needs_root
def test_a_read_only_base_still_answers_what_only_looks(fs, mounted):
    fs.base = mounted("locked", "size=1m")
    fs.settings["baseDir"] = str(fs.base)
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    subprocess.run(["mount", "-o", "remount,ro", fs.base], check=True)
    assert fs.run("deployment_status", fs.info())["status"] == "passing"
    assert list(fs.run("deployment_list")["data"]) == ["d1"]
    seen = fs.run("pe_status", pe={"deployments": ["d1"]})
    assert (seen["status"], seen["data"]["deploymentsStatus"]["d1"]["status"]) == ("failing", "unknown")


@pytest.mark.parametrize(
    "action", ["plugin_start", "pe_status", "deployment_list", "deployment_start", "deployment_status"]
)
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "does not exist; run: mkdir -p {path}"),
        (lambda path: path.write_text(""), "is no folder; name the folder that holds the deployments"),
    ],
    ids=["missing", "a file"],
)
def test_a_base_that_is_no_folder_is_never_made(fs, action, make, words):
    base = fs.folder / "elsewhere"
    make(base)
    before = base.exists()
    fs.settings["baseDir"] = str(base)
    status = fs.run(action, fs.info(package=fs.package("a")))
    assert (status["status"], status["msg"]) == ("failing", f"baseDir {base} {words.format(path=base)}")
    assert base.exists() == before


@pytest.mark.parametrize(
    "harm",
    [
        lambda package: os.truncate(package, 100),
        lambda package: package.write_bytes(b"other"),
        lambda package: package.unlink(),
        lambda package: (package.unlink(), package.write_bytes(b"x" * 3_000_000)),
    ],
    ids=["cut short", "rewritten", "removed", "exchanged"],
)
def test_a_package_that_changes_while_it_is_copied_fails_and_the_old_model_stays(fs, harm):
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    package = fs.package("b", os.urandom(3_000_000))
    harmed = []

    def harm_once(step: str, _done: float, _total: float | None) -> None:
        if step == "copying the package" and not harmed:
            harmed.append(package)
            harm(package)

    end = reporting.listen(harm_once)
    try:
        status = fs.run("deployment_replace_model", fs.info(package=package, newModelId="B"))
    finally:
        end()
    assert status == {
        "data": {"currentModelId": "A", "oldModelInUse": True},
        "msg": f"package {package} changed or vanished while it was copied; run the action again",
        "state": "errored",
        "status": "failing",
    }
    assert (fs.deployments(), fs.under_way()) == ({"deployment_d1": ("A", "a model")}, [])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_a_replacement_leaves_a_status_and_a_clean_place(fs, number):
    fs.run("deployment_start", fs.info(package=fs.package("a")))
    fs.package("b", b"")
    os.mkfifo(fs.folder / "events")
    package = fs.folder / "b.mlpkg"
    os.truncate(package, 2_000_000_000)  # sparse: it takes the copy long enough, and no room here
    info = fs.info(package=package, newModelId="B")
    process = fs.popen("deployment_replace_model", info, "--events", str(fs.folder / "events"))
    with (fs.folder / "events").open() as events:
        for line in events:
            if '"progress"' in line:
                process.send_signal(number)
                break
        out, err = process.communicate(timeout=30)
    status = yaml.safe_load(out)
    assert (status["status"], status["state"]) == ("failing", "errored"), err
    assert status["msg"] == f"the action was ended by {number.name}; run it again"
    assert status["data"] == {"currentModelId": "A", "oldModelInUse": True}
    assert (fs.deployments(), fs.under_way()) == ({"deployment_d1": ("A", "a model")}, [])


def test_a_large_copy_reports_its_progress(fs):
    package = fs.package("a", b"")
    os.truncate(package, 200_000_000)
    seen = []
    end = reporting.listen(lambda step, done, total: seen.append((step, done, total)))
    try:
        fs.run("deployment_start", fs.info(package=package))
    finally:
        end()
    copying = [(done, total) for step, done, total in seen if step == "copying the package"]
    assert copying[-1] == (200_000_000, 200_000_000)


def test_each_step_of_the_plan_is_reported_as_it_is_begun(fs):
    info = fs.info(package=fs.package("a"))
    plan = fs.run("deployment_start", info, dry_run=True)["data"]["plan"]
    seen = []
    end = reporting.listen(lambda step, done, total: seen.append((step, done, total)))
    try:
        fs.run("deployment_start", info)
    finally:
        end()
    assert [one for one in seen if one[0] in plan] == [(step, index, 3) for index, step in enumerate(plan)]
