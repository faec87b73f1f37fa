"""`bosun-new-plugin` refuses in one line what it cannot do, and then leaves everything as it was."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.new_plugin.conftest import Run

RULE = "write small letters, digits and single hyphens, a letter first, 30 at most, say my-cloud"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("My_Cloud", f"'My_Cloud' is no name for a plugin; {RULE}"),
        ("my_cloud", f"'my_cloud' is no name for a plugin; {RULE}"),
        ("my--cloud", f"'my--cloud' is no name for a plugin; {RULE}"),
        ("1cloud", f"'1cloud' is no name for a plugin; {RULE}"),
        ("cloud-", f"'cloud-' is no name for a plugin; {RULE}"),
        ("../cloud", f"'../cloud' is no name for a plugin; {RULE}"),
        ("cloud\n", f"'cloud\\n' is no name for a plugin; {RULE}"),
        ("a" * 31, f"'{'a' * 31}' is no name for a plugin; {RULE}"),
        ("", f"'' is no name for a plugin; {RULE}"),
        ("docker", "docker is a name of Bosun's own; choose another one"),
        ("core", "core is a name of Bosun's own; choose another one"),
        ("bosun-cloud", "bosun-cloud has the prefix already; write bosun-new-plugin cloud"),
    ],
)
def test_a_name_that_no_plugin_can_have_is_refused(
    write: Callable[..., Run], tmp_path: Path, name: str, message: str
) -> None:
    assert write(name, cwd=tmp_path) == (64, "", f"bosun-new-plugin: {message}\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "the following arguments are required: NAME"),
        (("cloud", "--directroy", "x"), "unrecognized arguments: --directroy x"),
        (("cloud", "--dir", "x"), "unrecognized arguments: --dir x"),
        (("cloud", "--directory"), "argument --directory: expected one argument"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_refused(
    write: Callable[..., Run], tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    expected = f"bosun-new-plugin: {message}; --help shows how to call it\n"
    assert write(*arguments, cwd=tmp_path) == (64, "", expected)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(write: Callable[..., Run], tmp_path: Path) -> None:
    theirs = tmp_path / "bosun-cloud" / "theirs"
    theirs.parent.mkdir()
    theirs.write_text("mine")

    done = write("cloud", cwd=tmp_path)

    assert done == (1, "", "bosun-new-plugin: bosun-cloud is not empty; name another folder with --directory\n")
    assert [path.read_text() for path in theirs.parent.iterdir()] == ["mine"]


def test_a_file_in_the_way_is_refused(write: Callable[..., Run], tmp_path: Path) -> None:
    (tmp_path / "bosun-cloud").write_text("a file")

    done = write("cloud", cwd=tmp_path)

    assert done == (1, "", "bosun-new-plugin: cannot write bosun-cloud: Not a directory; name another folder\n")


@pytest.mark.parametrize("directory", ["empty", "not/there/yet", "."])
def test_the_folder_may_be_empty_or_missing(write: Callable[..., Run], tmp_path: Path, directory: str) -> None:
    (tmp_path / "here" / "empty").mkdir(parents=True)
    cwd = tmp_path / "here" / "empty" if directory == "." else tmp_path / "here"

    done = write("cloud", "--directory", directory, cwd=cwd)

    assert (done.code, done.stdout.splitlines()[0]) == (0, f"wrote bosun-cloud, 14 files, to {directory}; next:")
    assert (cwd / directory / "src/bosun_cloud/plugin.py").is_file()


def test_a_file_that_cannot_be_written_whole_leaves_nothing_of_the_rest(
    write: Callable[..., Run], tmp_path: Path
) -> None:
    smallest = 4096  # bytes that a file may have: the licence does not fit

    done = write(
        "cloud",
        "--directory",
        "a/b",
        cwd=tmp_path,
        before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (smallest,) * 2),
    )

    assert done == (1, "", "bosun-new-plugin: cannot write a/b/LICENSE: File too large; name another folder\n")
    assert list(tmp_path.iterdir()) == []
