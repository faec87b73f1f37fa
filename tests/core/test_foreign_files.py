"""Files and links that another local user has put where ours are to be: they choose neither modes nor places."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bosun_core import write_whole

if TYPE_CHECKING:
    from tests.core.conftest import Bench

ACT = ("--plugin", "sample.py", "--action", "pe_status")
OTHER, THIRD = 65534, 65533
KEY = "ssh-rsa key\n"

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 and "BOSUN_REQUIRE_ALL" not in os.environ, reason="only root can act as two other users"
)


@contextmanager
def acting_as(user: int) -> Iterator[None]:
    """Have this process do as `user` would, who has no rights beyond their own."""
    os.setegid(user)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def drop() -> Iterator[Path]:
    """A folder that every user may write to, as the system's own for temporary files, below folders all may enter."""
    folder = Path(tempfile.mkdtemp(prefix="bosun-drop-", dir="/tmp"))
    folder.chmod(0o1777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def keys(bench: Bench) -> Path:
    """A file of root in a folder that nobody else may enter."""
    folder = bench.folder / "private"
    folder.mkdir(mode=0o700)
    file = folder / "keys"
    file.write_text(KEY)
    return file


@pytest.fixture(autouse=True)
def _plugin(bench: Bench) -> None:
    bench.plugin()


def mode(path: Path) -> str:
    return stat.filemode(path.lstat().st_mode)


@pytest.mark.parametrize("planted", [0o6777, 0o4755, 0o2775, 0o1777, 0o666, 0o777, 0o000], ids=oct)
def test_a_file_of_another_user_does_not_choose_the_mode_of_the_status_file(
    bench: Bench, drop: Path, planted: int
) -> None:
    file = drop / "status.yaml"
    with acting_as(OTHER):
        file.write_text("x")
        file.chmod(planted)

    bench.command(*ACT, "--status-file", str(file), shell='umask 022; exec "$@"')

    assert (mode(file), file.stat().st_uid) == ("-rw-r--r--", 0)
    assert "status: passing" in file.read_text()


@pytest.mark.parametrize("own", [0o6777, 0o4711, 0o2660, 0o1644], ids=oct)
def test_a_file_of_ours_keeps_no_bit_but_those_to_read_and_write(bench: Bench, own: int) -> None:
    file = bench.folder / "status.yaml"
    file.write_text("x")
    file.chmod(own)

    bench.command(*ACT, "--status-file", str(file))

    assert stat.S_IMODE(file.stat().st_mode) == own & 0o666


def test_a_second_name_of_a_file_of_ours_does_not_choose_the_mode(bench: Bench, drop: Path) -> None:
    open_to_all = bench.folder / "open"
    open_to_all.write_text("ours")
    open_to_all.chmod(0o666)
    try:
        os.link(open_to_all, drop / "status.yaml")
    except OSError as error:
        pytest.skip(f"the drop is on another filesystem: {error}")

    bench.command(*ACT, "--status-file", str(drop / "status.yaml"), shell='umask 022; exec "$@"')

    assert mode(drop / "status.yaml") == "-rw-r--r--"
    assert open_to_all.read_text() == "ours"


@pytest.mark.parametrize("target", ["keys", "nothing", "loop"])
def test_a_link_of_another_user_is_refused_before_the_action_begins(
    bench: Bench, drop: Path, keys: Path, target: str
) -> None:
    bench.plugin("def pe_status(self):\n    open('acted', 'w').close()\n    return ok()")
    leads_to = {"keys": keys, "nothing": keys.with_name("new"), "loop": drop / "status.yaml"}[target]
    with acting_as(OTHER):
        (drop / "status.yaml").symlink_to(leads_to)

    run = bench.command(*ACT, "--status-file", str(drop / "status.yaml"))

    assert run.stderr == (
        f"bosun-plugin-runner: cannot write the status file {drop}/status.yaml: status.yaml is a link that belongs to "
        "another user, so it is not followed; name another place\n"
    )
    assert (run.code, "status: failing" in run.stdout) == (1, True)
    assert (keys.read_text(), [file.name for file in keys.parent.iterdir()]) == (KEY, ["keys"])
    assert not (bench.folder / "acted").exists()


def test_a_folder_that_is_another_users_link_is_refused_where_all_may_write(
    bench: Bench, drop: Path, keys: Path
) -> None:
    with acting_as(OTHER):
        (drop / "out").symlink_to(keys.parent)

    run = bench.command(*ACT, "--status-file", str(drop / "out" / "keys"))

    assert "out is a link that belongs to another user" in run.stderr
    assert keys.read_text() == KEY


def test_a_folder_that_is_a_link_in_its_owners_own_folder_is_followed(bench: Bench, drop: Path) -> None:
    with acting_as(OTHER):
        (drop / "app" / "releases").mkdir(parents=True, mode=0o755)
        (drop / "app" / "current").symlink_to("releases")

    bench.command(*ACT, "--status-file", str(drop / "app" / "current" / "status.yaml"))

    assert (drop / "app" / "releases" / "status.yaml").exists()


@pytest.mark.parametrize("owner", [0, OTHER], ids=["root's", "one's own"])
def test_a_user_who_is_not_root_follows_links_of_root_and_their_own(drop: Path, owner: int) -> None:
    with acting_as(OTHER):
        (drop / "real").mkdir()
    with acting_as(owner):
        (drop / "status.yaml").symlink_to("real/status.yaml")

    with acting_as(OTHER):
        write_whole(drop / "status.yaml", b"new")

    assert (drop / "real" / "status.yaml").read_text() == "new"


def test_a_user_who_is_not_root_follows_no_link_of_a_third(drop: Path) -> None:
    with acting_as(OTHER):
        (drop / "mine").write_text("kept")
    with acting_as(THIRD):
        (drop / "status.yaml").symlink_to("mine")

    with acting_as(OTHER), pytest.raises(PermissionError, match="belongs to another user"):
        write_whole(drop / "status.yaml", b"new")

    assert (drop / "mine").read_text() == "kept"


def test_a_second_name_of_roots_link_is_refused(drop: Path, keys: Path) -> None:
    trusted = drop / "trusted"
    trusted.symlink_to(keys)
    os.link(trusted, drop / "status.yaml", follow_symlinks=False)

    with pytest.raises(PermissionError, match="belongs to another user"):
        write_whole(drop / "status.yaml", b"new")

    assert keys.read_text() == KEY


def test_a_link_that_comes_between_two_looks_is_not_followed(drop: Path, keys: Path) -> None:
    """The folder is held open and the last name is replaced, never opened: so a late link is replaced itself."""
    moments = iter(range(1000))

    def plant(event: str, _: tuple[object, ...]) -> None:
        if armed and event == "bosun.step" and next(moments) == 0:
            (drop / "status.yaml").symlink_to(keys)

    armed = [True]
    sys.addaudithook(plant)
    write_whole(drop / "status.yaml", b"new")
    armed.clear()

    assert (keys.read_text(), (drop / "status.yaml").read_text()) == (KEY, "new")
    assert not (drop / "status.yaml").is_symlink()


@pytest.mark.parametrize("what", [("--plugin", "sample.py", "--schema"), ("--gen-config", "--action", "pe_status")])
def test_output_follows_no_link_of_another_user(bench: Bench, drop: Path, keys: Path, what: tuple[str, ...]) -> None:
    bench.plugin(
        "settings_model = Own",
        head="from bosun_core import Settings\nclass Own(Settings, frozen=True):\n    a: int = 1",
    )
    with acting_as(OTHER):
        (drop / "made").symlink_to(keys)

    run = bench.command(*what, "--output", str(drop / "made"), "--force")

    assert "made is a link that belongs to another user" in run.stderr
    assert (run.code, keys.read_text()) == (1, KEY)


@pytest.mark.parametrize("flag", ["--events", "--logfile"])
def test_what_is_appended_follows_no_link_of_another_user(bench: Bench, drop: Path, keys: Path, flag: str) -> None:
    with acting_as(OTHER):
        (drop / "log").symlink_to(keys)

    run = bench.command(*ACT, flag, str(drop / "log"), "--log-level", "debug")

    assert "log is a link that belongs to another user" in run.status["msg"]
    assert keys.read_text() == KEY
