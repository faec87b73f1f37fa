"""Where the status goes: a file, a device, a pipe, stdout; and what the exit code says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from tests.core.conftest import Bench

ACT = ("--plugin", "sample.py", "--action", "pe_status")
PASSING = {"data": None, "msg": "Sample pe_status", "state": None, "status": "passing"}
RETURNS = "def pe_status(self):\n    return ActionStatusInfo(ActionStatus.{}, 'so')"


def facts(text: str) -> dict[str, Any]:
    """Return a status without its times."""
    document = yaml.safe_load(text)
    assert isinstance(document["timestamp"], int)
    assert isinstance(document["duration"], float)
    return {key: value for key, value in document.items() if key not in ("timestamp", "duration")}


@pytest.fixture(autouse=True)
def _plugin(bench: Bench) -> None:
    bench.plugin()


# A file


def test_a_status_file_holds_the_six_keys_in_order_and_stdout_nothing(bench: Bench) -> None:
    run = bench.command(*ACT, "--status-file", "status.yaml")

    lines = run.status_file.read_text().splitlines()
    assert [line.partition(":")[0] for line in lines] == ["data", "duration", "msg", "state", "status", "timestamp"]
    assert facts(run.status_file.read_text()) == PASSING
    assert (run.code, run.stdout, run.stderr) == (0, "", "")


def test_a_plugin_that_changes_the_working_directory_does_not_move_the_status_file(bench: Bench) -> None:
    bench.plugin("def pe_status(self):\n    os.chdir('/')\n    return ok('elsewhere')", head="import os")

    run = bench.command(*ACT, "--status-file", "status.yaml")

    assert facts(run.status_file.read_text()) == {**PASSING, "msg": "elsewhere"}


def test_nothing_is_left_beside_the_status_file(bench: Bench) -> None:
    (bench.folder / "out").mkdir()

    bench.command(*ACT, "--status-file", "out/status.yaml")

    assert [file.name for file in (bench.folder / "out").iterdir()] == ["status.yaml"]


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o666])
def test_an_existing_status_file_keeps_its_mode(bench: Bench, mode: int) -> None:
    file = bench.folder / "status.yaml"
    file.write_text("old")
    file.chmod(mode)

    bench.command(*ACT, "--status-file", "status.yaml", shell='umask 027; exec "$@"')

    assert (facts(file.read_text()), file.stat().st_mode & 0o777) == (PASSING, mode)


@pytest.mark.parametrize(("umask", "mode"), [("022", 0o644), ("077", 0o600), ("000", 0o666)])
def test_a_new_status_file_gets_the_mode_of_the_umask(bench: Bench, umask: str, mode: int) -> None:
    run = bench.command(*ACT, "--status-file", "status.yaml", shell=f'umask {umask}; exec "$@"')

    assert run.status_file.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing yet"])
def test_a_link_in_the_place_of_the_status_file_is_followed(bench: Bench, there: bool) -> None:
    (bench.folder / "elsewhere").mkdir()
    target = bench.folder / "elsewhere" / "real.yaml"
    if there:
        target.write_text("old")
    (bench.folder / "status.yaml").symlink_to("elsewhere/real.yaml")

    bench.command(*ACT, "--status-file", "status.yaml")

    assert facts(target.read_text()) == PASSING
    assert (bench.folder / "status.yaml").readlink() == Path("elsewhere/real.yaml")


def test_a_reader_sees_the_old_status_or_the_new_one(bench: Bench) -> None:
    file = bench.folder / "status.yaml"
    file.write_text("old")
    with file.open() as reader:
        bench.command(*ACT, "--status-file", "status.yaml")

        assert reader.read() == "old"
    assert facts(file.read_text()) == PASSING


# A pipe, a device


def test_a_status_goes_through_a_pipe(bench: Bench) -> None:
    os.mkfifo(bench.folder / "pipe")
    with subprocess.Popen(["cat", "pipe"], cwd=bench.folder, stdout=subprocess.PIPE, text=True) as reader:
        run = bench.command(*ACT, "--status-file", "pipe")
        received, _ = reader.communicate(timeout=20)

    assert (facts(received), run.code, run.stdout) == (PASSING, 0, "")
    assert (bench.folder / "pipe").is_fifo()


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("shell", ['exec "$@"', '"$@" | cat', '"$@" >file; cat file'], ids=["pipe", "cat", "file"])
def test_stdout_by_its_name_is_stdout(bench: Bench, name: str, shell: str) -> None:
    bench.plugin("def pe_status(self):\n    print('noise')\n    return ok('Sample pe_status')")

    run = bench.command(*ACT, "--status-file", name, shell=shell)

    assert (facts(run.stdout), run.stderr, run.code) == (PASSING, "noise\n", 0)


def test_stderr_by_its_name_is_stderr(bench: Bench) -> None:
    run = bench.command(*ACT, "--status-file", "/dev/stderr")

    assert (facts(run.stderr), run.stdout, run.code) == (PASSING, "", 0)


def test_the_null_device_stays_what_it_is(bench: Bench) -> None:
    run = bench.command(*ACT, "--status-file", "/dev/null", "--show-status")

    assert (facts(run.stdout), run.code) == (PASSING, 0)
    assert Path("/dev/null").is_char_device()


# Where it cannot be written


def test_a_full_device_has_the_status_on_stdout(bench: Bench) -> None:
    run = bench.command(*ACT, "--status-file", "/dev/full")

    assert (facts(run.stdout), run.code) == (PASSING, 0)
    assert run.stderr == (
        "bosun-plugin-runner: cannot write the status file /dev/full: No space left on device; "
        "make room, or name another place\n"
    )


def test_a_full_disk_has_the_status_on_stdout_and_keeps_the_old_file(bench: Bench, small_disk: Path) -> None:
    file = small_disk / "status.yaml"
    file.write_text("old")
    with pytest.raises(OSError, match="No space"):
        (small_disk / "filler").write_bytes(bytes(2 * 1024 * 1024))

    run = bench.command(*ACT, "--status-file", str(file))

    assert (facts(run.stdout), run.code, file.read_text()) == (PASSING, 0, "old")
    assert sorted(path.name for path in small_disk.iterdir()) == ["filler", "status.yaml"]
    assert run.stderr == (
        f"bosun-plugin-runner: cannot write the status file {file}: No space left on device; "
        "make room, or name another place\n"
    )


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("no/such/status.yaml", "no such folder; run: mkdir -p no/such"),
        (".", "this is a folder; name a file in it"),
        ("sample.py/status.yaml", "sample.py is no folder; name another place"),
    ],
)
def test_a_place_where_no_file_can_be_is_found_before_anything_is_done(bench: Bench, path: str, reason: str) -> None:
    bench.plugin("def pe_status(self):\n    open('done', 'w')\n    return ok()")

    run = bench.command(*ACT, "--status-file", path)

    message = f"cannot write the status file {path}: {reason}"
    assert facts(run.stdout) == {"data": None, "msg": message, "state": None, "status": "failing"}
    assert (run.code, run.stderr) == (1, f"bosun-plugin-runner: {message}\n")
    assert not (bench.folder / "done").exists()


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_an_agent_that_has_closed_the_streams_gets_its_status_file(bench: Bench, closed: str) -> None:
    bench.plugin("def pe_status(self):\n    print('noise')\n    return ok('Sample pe_status')")

    run = bench.command(*ACT, "--status-file", "status.yaml", "--show-status", shell=f'exec "$@" {closed}')

    assert (run.code, facts(run.status_file.read_text())) == (0, PASSING)


def test_a_reader_of_stdout_that_is_gone_is_one_line(bench: Bench) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as stdout:
        done = subprocess.run(
            [sys.executable, "-m", "bosun_core", *ACT],
            cwd=bench.folder,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            timeout=20,
            check=False,
        )

    assert (done.returncode, done.stderr) == (
        0,
        "bosun-plugin-runner: cannot write the status to stdout: Broken pipe\n",
    )


# Exit codes


@pytest.mark.parametrize(("status", "code"), [("OK", 0), ("ERROR", 1), ("WARN", 2), ("UNKNOWN", 3)])
def test_the_exit_code_is_the_status_where_no_file_was_written_or_it_is_asked_for(
    bench: Bench, status: str, code: int
) -> None:
    bench.plugin(RETURNS.format(status))

    bare = bench.command(*ACT)
    to_file = bench.command(*ACT, "--status-file", "status.yaml")
    with_codes = bench.command(*ACT, "--status-file", "status.yaml", "--exit-codes")
    unwritten = bench.command(*ACT, "--status-file", "/dev/full")

    assert [bare.code, to_file.code, with_codes.code, unwritten.code] == [code, 0, code, code]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--plugin", "nowhere", "--action", "pe_status"), "no plugin, module or file nowhere; "),
        (("--plugin", "sample.py", "--action", "pe_statu"), "unknown action pe_statu; did you mean pe_status?"),
        ((*ACT, "--config", "none.yaml"), "cannot read the action file none.yaml: No such file or directory; "),
    ],
    ids=["plugin", "action", "config"],
)
def test_what_cannot_be_run_is_a_failing_status_not_wrong_usage(
    bench: Bench, arguments: tuple[str, ...], message: str
) -> None:
    run = bench.command(*arguments, "--status-file", "status.yaml")

    assert (run.code, run.outcome[0]) == (0, "failing")
    assert run.outcome[1].startswith(message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*ACT, "--statusfile", "x"), "unknown flag --statusfile; did you mean --status-file?"),
        ((*ACT, "--config"), "--config needs a value"),
        (
            ("--action", "pe_status"),
            "--plugin is missing; say bosun-plugin-runner --plugin NAME --action ACTION, or see",
        ),
        ((*ACT, "--timeout", "soon"), "--timeout: 'soon' is no number of seconds above 0"),
    ],
    ids=["unknown flag", "missing value", "missing flag", "unreadable value"],
)
def test_a_command_line_that_cannot_be_read_is_64_with_a_failing_status_file(
    bench: Bench, arguments: tuple[str, ...], message: str
) -> None:
    run = bench.command("--status-file=status.yaml", *arguments)

    assert (run.code, run.stdout, run.outcome[0]) == (64, "", "failing")
    assert run.outcome[1].startswith(message)
    assert run.stderr == f"bosun-plugin-runner: {run.outcome[1]}\n"


def test_a_command_line_that_cannot_be_read_without_a_status_file_is_64_and_one_line(bench: Bench) -> None:
    run = bench.command(*ACT, "--status-file")

    assert (run.code, run.stdout) == (64, "")
    assert run.stderr.startswith("bosun-plugin-runner: --status-file needs a value; ")


# Stdin and stdout


def test_the_action_file_may_come_from_standard_input(bench: Bench) -> None:
    bench.plugin("def deployment_start(self, info):\n    return ok(info.id)")
    text = "deploymentInfo: {id: 0777, modelId: m1}"

    run = bench.command("--plugin", "sample.py", "--action", "deployment_start", "--config", "-", stdin=text)

    assert run.outcome == ("passing", "0777")


def test_show_status_shows_what_the_file_holds(bench: Bench) -> None:
    run = bench.command(*ACT, "--status-file", "status.yaml", "--show-status")

    assert run.stdout == run.status_file.read_text()


def test_json_is_one_document_of_the_same_status(bench: Bench) -> None:
    bench.plugin("def pe_status(self):\n    return ok('größer', ids=['a'])")

    run = bench.command(*ACT, "--status-file", "status.yaml", "--json")

    assert json.loads(run.stdout) == run.status
    assert run.stdout.count("\n") == 1
