"""Streams that cannot be written (a full disk, a reader that has gone): the status file is written all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.conftest import Bench

ACT = ("--plugin", "sample.py", "--action", "pe_status")
TO_FILE = (*ACT, "--status-file", "status.yaml")

STDERR = {
    "full": 'exec "$@" 2>/dev/full',
    "without a reader": """exec bash -c 'exec 2> >(exec true); wait $!; exec "$@"' bash "$@" """,
    "closed": 'exec "$@" 2>&-',
}
BOOM = "def pe_status(self):\n    raise RuntimeError('boom')"
PRINTS = (
    "def pe_status(self):\n"
    "    print('x', flush=True)\n"
    "    print('y', file=sys.stderr, flush=True)\n    return ok('ran')"
)
LOGS = "def pe_status(self):\n    logging.getLogger('own').error('x')\n    return ok('ran')"
DIES = "def pe_status(self):\n    os._exit(3)"


@pytest.mark.parametrize("shell", STDERR.values(), ids=STDERR)
@pytest.mark.parametrize(
    ("body", "outcome"),
    [(BOOM, "RuntimeError: boom"), (PRINTS, "ran"), (LOGS, "ran"), (DIES, "ended with exit code 3")],
    ids=["it fails", "it prints", "it logs", "it dies"],
)
def test_a_status_file_is_written_whatever_stderr_is(bench: Bench, shell: str, body: str, outcome: str) -> None:
    bench.plugin(body, head="import logging, os, sys")

    run = bench.command(*TO_FILE, shell=shell)

    assert outcome in run.status["msg"]
    assert (run.code, run.stdout) == (0, "")


@pytest.mark.parametrize("shell", STDERR.values(), ids=STDERR)
def test_a_command_line_that_cannot_be_read_has_its_status_file_whatever_stderr_is(bench: Bench, shell: str) -> None:
    run = bench.command("--bogus", "--status-file", "status.yaml", shell=shell)

    assert (run.code, run.outcome) == (
        64,
        ("failing", "unknown flag --bogus; bosun-plugin-runner --help shows them all"),
    )


@pytest.mark.parametrize("level", ["debug", "INFO"])
def test_a_log_that_cannot_be_written_loses_its_lines_and_nothing_else(bench: Bench, level: str) -> None:
    bench.plugin(LOGS, head="import logging")

    run = bench.command(*TO_FILE, "--log-level", level, "--logfile", "/dev/full")

    assert (run.code, run.outcome) == (0, ("passing", "ran"))
    assert "Traceback" not in run.stderr
    assert "ERROR own: x" in run.stderr


def test_both_streams_full_still_give_the_exit_code_of_the_status(bench: Bench) -> None:
    bench.plugin("def pe_status(self):\n    return ActionStatusInfo(ActionStatus.WARN, 'so')")

    run = bench.command(*ACT, shell='exec "$@" >/dev/full 2>/dev/full')

    assert run.code == 2


INFORMATION = {
    "--list-actions": ("--list-actions",),
    "--version": ("--version",),
    "--help": ("--help",),
    "--list-plugins": ("--list-plugins",),
    "--gen-config": ("--gen-config", "--action", "pe_status"),
    "--schema": ("--schema", "--plugin", "fs"),
    "--print-completion": ("--print-completion", "bash"),
}


@pytest.mark.parametrize("asked", INFORMATION.values(), ids=INFORMATION)
def test_information_for_a_full_stdout_ends_in_one_line(bench: Bench, asked: tuple[str, ...]) -> None:
    run = bench.command(*asked, shell='exec "$@" >/dev/full')

    assert run.stderr == (
        "bosun-plugin-runner: cannot write to stdout: No space left on device; make room, or send it elsewhere\n"
    )
    assert run.code == 1


@pytest.mark.parametrize("asked", INFORMATION.values(), ids=INFORMATION)
def test_information_that_nobody_reads_to_its_end_is_no_error(bench: Bench, asked: tuple[str, ...]) -> None:
    run = bench.command(*asked, shell="""exec bash -c 'exec > >(exec true); wait $!; exec "$@"' bash "$@" """)

    assert (run.code, run.stderr) == (0, "")
