"""A command line that cannot be read: exit code 64, one line, and a failing status file where that can be made out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.bad_input.conftest import Stage

HELP = "bosun-plugin-runner --help shows the command line"
SAY = "say bosun-plugin-runner --plugin NAME --action ACTION, or see --help"
SECONDS = f"is no number of seconds above 0; {HELP}"
SIZE = f"is no size; write say 500MiB or 2GiB; {HELP}"
ALONE = "each value follows its flag, and one with spaces is quoted"
EMPTY = "has an empty value; write one after it, or leave the flag out"
WHOLE = ("--plugin", "fs", "--action", "deployment_stop", "--config", "{tmp}/action.yaml")
# The flags besides --status-file, and the line.
MISUSES: dict[str, tuple[tuple[str, ...], str]] = {
    "nothing": ((), f"--plugin is missing; {SAY}"),
    "no plugin": (("--action", "pe_status"), f"--plugin is missing; {SAY}"),
    "no action": (("--plugin", "fs"), f"--action is missing; {SAY}"),
    "an unknown flag": ((*WHOLE, "--quux"), "unknown flag --quux; bosun-plugin-runner --help shows them all"),
    "an unknown flag with a value": ((*WHOLE, "--pluginn=fs"), "unknown flag --pluginn; did you mean --plugin?"),
    "a short flag": ((*WHOLE, "-p"), "unknown flag -p; bosun-plugin-runner --help shows them all"),
    "a flag cut short": ((*WHOLE, "--dry"), "unknown flag --dry; did you mean --dry-run?"),
    "underscores": ((*WHOLE, "--show_status"), "unknown flag --show_status; did you mean --show-status?"),
    "a word alone": ((*WHOLE, "extra"), f"'extra' stands alone; {ALONE}"),
    "a value missing": ((*WHOLE, "--timeout"), f"--timeout needs a value; {HELP}"),
    "a flag for a value": ((*WHOLE, "--events", "--json"), f"--events needs a value; {HELP}"),
    "a value too many": ((*WHOLE, "--json=yes"), f"--json takes no value; {HELP}"),
    "an empty plugin": (("--plugin", "", "--action", "pe_status"), f"--plugin {EMPTY}"),
    "an empty action": (("--plugin", "fs", "--action", ""), f"--action {EMPTY}"),
    "an empty path": ((*WHOLE, "--private-config="), f"--private-config {EMPTY}"),
    "seconds in words": ((*WHOLE, "--timeout", "abc"), f"--timeout: 'abc' {SECONDS}"),
    "negative seconds": ((*WHOLE, "--timeout", "-1"), f"--timeout: '-1' {SECONDS}"),
    "no seconds": ((*WHOLE, "--timeout", "0"), f"--timeout: '0' {SECONDS}"),
    "seconds that are no number": ((*WHOLE, "--grace", "nan"), f"--grace: 'nan' {SECONDS}"),
    "endless seconds": ((*WHOLE, "--download-timeout", "inf"), f"--download-timeout: 'inf' {SECONDS}"),
    "a size in words": ((*WHOLE, "--download-limit", "much"), f"--download-limit: 'much' {SIZE}"),
    "a size in another unit": ((*WHOLE, "--download-limit", "5GB"), f"--download-limit: '5GB' {SIZE}"),
    "no size": ((*WHOLE, "--download-limit", "0"), f"--download-limit: '0' {SIZE}"),
    "an unknown log level": (
        (*WHOLE, "--log-level", "loud"),
        f"--log-level: 'loud' is none of debug, info, warning, error, critical; {HELP}",
    ),
    "an unknown shell": (
        ("--print-completion", "fish"),
        f"--print-completion: 'fish' is none of bash, zsh, tcsh; {HELP}",
    ),
    "--output alone": (
        (*WHOLE, "--output", "{tmp}/x"),
        "--output goes with --gen-config or --schema; --status-file is for the status",
    ),
    "a configuration of no plugin": (
        ("--gen-config",),
        "--plugin is missing; name the plugin whose configuration is wanted",
    ),
    "a schema of no plugin": (("--schema",), "--plugin is missing; name the plugin whose configuration is wanted"),
}


@pytest.mark.parametrize(("flags", "line"), MISUSES.values(), ids=MISUSES)
def test_a_command_line_that_cannot_be_read_does_nothing(stage: Stage, flags: tuple[str, ...], line: str) -> None:
    stage.put("action.yaml", "deploymentInfo: {id: d0}")
    given = [stage.placed(flag) for flag in flags]
    stage.refused(*given, f"--status-file={stage.status_file}", line=line, code=64)


def test_a_status_file_that_is_named_first_is_found_too(stage: Stage) -> None:
    stage.refused(
        "--status-file", str(stage.status_file), "--timeout", line=f"--timeout needs a value; {HELP}", code=64
    )


@pytest.mark.parametrize("flags", [("--status-file",), ("--status-file=", "--frob"), ("--status-file", "--frob")])
def test_a_status_file_that_cannot_be_made_out_is_not_written(stage: Stage, flags: tuple[str, ...]) -> None:
    before = stage.tree()
    run = stage.run("--plugin", "fs", "--action", "pe_status", *flags)
    assert (run.code, run.stdout, run.stderr.count("\n"), run.document) == (64, "", 1, None)
    assert stage.tree() == before


# A file that the runner is to write or read besides, and the line.
FILES = {
    "events in no folder": (
        ("--events", "{tmp}/none/events"),
        "cannot append to --events {tmp}/none/events: No such file or directory; check the path",
    ),
    "events in a folder": (
        ("--events", "{tmp}/base"),
        "cannot append to --events {tmp}/base: Is a directory; check the path",
    ),
    "events in a socket": (
        ("--events", "{tmp}/socket"),
        "cannot append to --events {tmp}/socket: No such device or address; check the path",
    ),
    "a log in no folder": (
        ("--logfile", "{tmp}/none/log"),
        "cannot write --logfile {tmp}/none/log: No such file or directory; check the path",
    ),
    "a log in a folder": (
        ("--logfile", "{tmp}/base"),
        "cannot write --logfile {tmp}/base: Is a directory; check the path",
    ),
    "a log configuration without its parts": (
        ("--log-config", "{tmp}/logging.ini"),
        "cannot use --log-config {tmp}/logging.ini: 'formatters' is missing in it; "
        "it takes a file for logging.config.fileConfig",
    ),
}


@pytest.mark.parametrize(("flags", "line"), FILES.values(), ids=FILES)
def test_a_file_that_cannot_be_used_stops_the_action(stage: Stage, flags: tuple[str, ...], line: str) -> None:
    config = stage.put("action.yaml", "deploymentInfo: {id: d0}")
    stage.put("logging.ini", "[nothing]\n")
    stage.put_socket("socket")
    stage.refused(*stage.command("deployment_stop", "--config", config, *flags), line=line, state="errored")
