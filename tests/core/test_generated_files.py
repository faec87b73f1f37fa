"""`--output`: a generated file never takes the place of what somebody has written, unless they say so."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.conftest import Bench

WHAT = {
    "--gen-config": ("--plugin", "fs", "--gen-config"),
    "--gen-config --action": ("--gen-config", "--action", "deployment_start"),
    "--schema": ("--plugin", "fs", "--schema"),
}
EDITED = "baseDir: deployments\n"

each = pytest.mark.parametrize("what", WHAT.values(), ids=WHAT)


@each
@pytest.mark.parametrize("content", ["", EDITED, "x" * 100_000], ids=["empty", "edited", "long"])
def test_a_file_with_other_content_is_refused_and_stays(bench: Bench, what: tuple[str, ...], content: str) -> None:
    file = bench.folder / "gen.yaml"
    file.write_text(content)

    run = bench.command(*what, "--output", "gen.yaml")

    assert run.stderr == "bosun-plugin-runner: gen.yaml exists with other content; name another file, or add --force\n"
    assert (run.code, run.stdout, file.read_text()) == (1, "", content)


@each
@pytest.mark.parametrize("more", ["\n", "# mine\n"])
def test_a_generated_file_that_somebody_added_to_is_refused(bench: Bench, what: tuple[str, ...], more: str) -> None:
    file = bench.folder / "gen.yaml"
    bench.command(*what, "--output", "gen.yaml")
    with file.open("a") as edited:
        edited.write(more)
    before = file.read_text()

    assert bench.command(*what, "--output", "gen.yaml").code == 1
    assert file.read_text() == before


@each
def test_the_same_content_is_not_written_again(bench: Bench, what: tuple[str, ...]) -> None:
    file = bench.folder / "gen.yaml"
    bench.command(*what, "--output", "gen.yaml")
    before = file.stat()

    run = bench.command(*what, "--output", "gen.yaml")

    assert (run.code, run.stdout, run.stderr) == (0, "", "")
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@each
def test_force_replaces_a_file(bench: Bench, what: tuple[str, ...]) -> None:
    printed = bench.command(*what).stdout
    file = bench.folder / "gen.yaml"
    file.write_text(EDITED)

    run = bench.command(*what, "--output", "gen.yaml", "--force")

    assert (run.code, run.stderr, file.read_text()) == (0, "", printed)


@each
def test_a_file_that_is_not_there_is_made(bench: Bench, what: tuple[str, ...]) -> None:
    printed = bench.command(*what).stdout

    run = bench.command(*what, "--output", "gen.yaml")

    assert (run.code, (bench.folder / "gen.yaml").read_text()) == (0, printed)


@each
def test_a_link_to_a_file_counts_as_the_file(bench: Bench, what: tuple[str, ...]) -> None:
    (bench.folder / "mine.yaml").write_text(EDITED)
    (bench.folder / "gen.yaml").symlink_to("mine.yaml")

    assert bench.command(*what, "--output", "gen.yaml").code == 1
    assert (bench.folder / "mine.yaml").read_text() == EDITED


def test_a_pipe_is_written_through(bench: Bench) -> None:
    os.mkfifo(bench.folder / "pipe")
    with subprocess.Popen(["cat", "pipe"], cwd=bench.folder, stdout=subprocess.PIPE, text=True) as reader:
        run = bench.command(*WHAT["--schema"], "--output", "pipe")
        received, _ = reader.communicate(timeout=20)

    assert (run.code, received) == (0, bench.command(*WHAT["--schema"]).stdout)


def test_force_alone_is_a_wrong_command_line(bench: Bench) -> None:
    run = bench.command(*WHAT["--schema"], "--force")

    assert run.stderr == "bosun-plugin-runner: --force goes with --output; it replaces the file that is there\n"
    assert run.code == 64
