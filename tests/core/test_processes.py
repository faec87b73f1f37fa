"""The process of an action: signals, time limits and deaths; whatever comes, it ends in time and its status tells."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.conftest import Bench, Started

HEAD = "import ctypes, os, signal, subprocess, time, weakref\nfrom bosun_core import progress"
HANGS = {
    "in a call": "progress('waiting', 1)\nsignal.pause()",
    "in a loop": "progress('waiting', 1)\nwhile True: pass",
    "in a library": "progress('waiting', 1)\nctypes.CDLL(None).pause()",
    "and swallows every Exception": (
        "while True:\n    try:\n        progress('waiting', 1)\n        time.sleep(60)\n    except Exception: pass"
    ),
    "while Python builds a class": (  # where it makes a RuntimeError of whatever is raised
        "class Waiting:\n    def __set_name__(self, *_):\n        progress('waiting', 1)\n        signal.pause()\n"
        "class Built:\n    attribute = Waiting()"
    ),
    "in a callback, where Python ignores whatever is raised": (
        "class Thing: pass\nthing = Thing()\n"
        "kept = weakref.ref(thing, lambda _: (progress('waiting', 1), signal.pause()))\ndel thing\nsignal.pause()"
    ),
}
SWALLOWS_EVERYTHING = (
    "while True:\n    try:\n        progress('waiting', 1)\n        signal.pause()\n    except BaseException: pass"
)
BLOCKS_SIGNALS = (
    "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\nprogress('waiting', 1)\ntime.sleep(60)"
)
# Python looks for a signal between two steps: not while it goes through the range, nor before it sleeps.
BLOCKS_BEFORE_IT_LOOKS = (
    "subprocess.Popen(('sh', '-c', f'sleep 0.1; kill -TERM {os.getppid()}'))\n"
    "time.sleep(60 + (0.5 in range(20_000_000)))"
)
STATUS = ("--status-file", "status.yaml")


def hang(bench: Bench, how: str) -> tuple[str, ...]:
    """Write a plugin that hangs in pe_status, and return the command line that runs it."""
    body = "def pe_status(self):\n" + "".join(f"    {line}\n" for line in how.splitlines())
    return ("--plugin", bench.plugin(body, head=HEAD), "--action", "pe_status", *STATUS)


def wait_until_it_hangs(runner: Started) -> None:
    runner.wait_for(lambda event: event["event"] == "progress")


def wait_until_it_blocks(runner: Started) -> None:
    """Wait until its process sleeps, or has been in its loop for a while."""
    stat = Path(f"/proc/{child_of(runner)}/stat")
    deadline = time.monotonic() + 20
    began = None
    while time.monotonic() < deadline:
        state, *numbers = stat.read_text().rpartition(")")[2].split()
        ticks = int(numbers[10])  # in user mode, of 10 ms: proc_pid_stat(5)
        began = ticks if began is None else began
        if state == "S" or ticks > began:
            return
        time.sleep(0.001)
    pytest.fail(f"the action's process neither sleeps nor computes: {stat.read_text()}")


# Signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("how", HANGS.values(), ids=HANGS)
def test_a_signal_ends_the_action_and_its_status_says_so(bench: Bench, number: signal.Signals, how: str) -> None:
    with bench.started(*hang(bench, how)) as runner:
        wait_until_it_hangs(runner)
        runner.process.send_signal(number)
        run = runner.finished()

    message = f"the action was ended by {number.name}; run it again"
    assert (run.code, run.stdout, run.stderr) == (0, "", f"bosun-plugin-runner: {message}\n")
    assert run.outcome == ("failing", message)


def test_a_signal_that_comes_just_before_the_action_blocks_ends_it(bench: Bench) -> None:
    run = bench.command(*hang(bench, BLOCKS_BEFORE_IT_LOOKS))

    assert run.outcome == ("failing", "the action was ended by SIGTERM; run it again")


def test_a_signal_while_a_plugin_is_imported_is_no_fault_of_the_plugin(bench: Bench) -> None:
    ends = "def __set_name__(self, *_): os.kill(os.getpid(), signal.SIGTERM); signal.pause()"
    plugin = bench.plugin(head=f"{HEAD}\nclass Ends:\n    {ends}\nclass Built:\n    attribute = Ends()")

    run = bench.command("--plugin", plugin, "--action", "pe_status", *STATUS)

    assert run.outcome == ("failing", "the action was ended by SIGTERM; run it again")


def test_a_signal_to_the_whole_group_as_from_a_terminal_ends_it_once(bench: Bench) -> None:
    with bench.started(*hang(bench, HANGS["in a call"])) as runner:
        wait_until_it_hangs(runner)
        for process in (runner.process.pid, child_of(runner)):
            os.kill(process, signal.SIGINT)
        run = runner.finished()

    assert run.outcome == ("failing", "the action was ended by SIGINT; run it again")


def test_what_a_plugin_cleans_up_is_not_disturbed_by_a_second_signal(bench: Bench) -> None:
    how = (
        "try:\n    progress('waiting', 1)\n    signal.pause()\n"
        "finally:\n    progress('cleaning', 1)\n    os.read(os.open('go', os.O_RDONLY), 1)\n    progress('cleaned', 1)"
    )
    go = bench.folder / "go"
    os.mkfifo(go)
    with bench.started(*hang(bench, how)) as runner:
        wait_until_it_hangs(runner)
        runner.process.terminate()
        runner.wait_for(lambda event: event.get("step") == "cleaning")
        runner.process.terminate()
        go.write_text("x")
        runner.wait_for(lambda event: event.get("step") == "cleaned")
        run = runner.finished()

    assert run.outcome == ("failing", "the action was ended by SIGTERM; run it again")


@pytest.mark.parametrize("how", [SWALLOWS_EVERYTHING, BLOCKS_SIGNALS], ids=["swallows everything", "blocks signals"])
def test_an_action_that_does_not_end_is_killed_after_the_grace(bench: Bench, how: str) -> None:
    with bench.started(*hang(bench, how), "--grace", "0.3") as runner:
        wait_until_it_hangs(runner)
        began = time.monotonic()
        runner.process.terminate()
        run = runner.finished()

    assert 0.3 <= time.monotonic() - began < 5
    assert run.outcome == ("failing", "the action did not end after SIGTERM came, and was killed; run it again")
    assert run.code == 0


def test_a_second_signal_gives_no_more_time(bench: Bench) -> None:
    with bench.started(*hang(bench, SWALLOWS_EVERYTHING), "--grace", "1") as runner:
        wait_until_it_hangs(runner)
        began = time.monotonic()
        while runner.process.poll() is None and time.monotonic() - began < 10:
            runner.process.terminate()
            time.sleep(0.05)  # a person who presses Ctrl-C again and again
        run = runner.finished()

    assert time.monotonic() - began < 5
    assert run.status["status"] == "failing"


def test_a_signal_that_was_ignored_at_the_start_as_by_nohup_is_none(bench: Bench) -> None:
    os.mkfifo(bench.folder / "go")
    arguments = hang(bench, "progress('waiting', 1)\nos.read(os.open('go', os.O_RDONLY), 1)\nreturn ok('went on')")
    with bench.started(*arguments, ignoring=(signal.SIGHUP,)) as runner:
        wait_until_it_hangs(runner)
        runner.process.send_signal(signal.SIGHUP)
        os.kill(child_of(runner), signal.SIGHUP)
        (bench.folder / "go").write_text("x")
        run = runner.finished()

    assert run.outcome == ("passing", "went on")


@pytest.mark.parametrize("ignored", [signal.SIGCHLD, signal.SIGTERM, signal.SIGINT])
def test_an_action_ends_whatever_signals_its_agent_ignores(bench: Bench, ignored: signal.Signals) -> None:
    arguments = ("--plugin", bench.plugin(), "--action", "pe_status", *STATUS)
    with bench.started(*arguments, ignoring=(ignored,)) as runner:
        run = runner.finished()

    assert run.outcome == ("passing", "Sample pe_status")


def test_a_signal_at_any_moment_leaves_a_status_or_finds_nothing_begun(bench: Bench) -> None:
    """The moments are those of a run that takes 50 ms or so: some before the action begins, some after it has ended."""
    arguments = ("--plugin", bench.plugin(), "--action", "pe_status", *STATUS)
    ended = "the action was ended by SIGTERM; run it again"
    for milliseconds in range(0, 90, 3):
        (bench.folder / "status.yaml").unlink(missing_ok=True)
        with bench.started(*arguments) as runner:
            time.sleep(milliseconds / 1000)
            runner.process.terminate()
            run = runner.finished()
        assert "Traceback" not in run.stderr
        if run.status_file.exists():
            assert run.outcome in {("failing", ended), ("passing", "Sample pe_status")}
        else:
            assert run.code == -signal.SIGTERM  # the interpreter had not begun to heed signals


# Time


@pytest.mark.parametrize("how", HANGS.values(), ids=HANGS)
def test_an_action_that_takes_too_long_is_ended(bench: Bench, how: str) -> None:
    run = bench.command(*hang(bench, how), "--timeout", "0.5")

    message = "the action took longer than 0.5 s (--timeout) and was ended; raise the limit"
    assert (run.code, run.outcome) == (0, ("failing", message))


def test_an_action_that_takes_too_long_and_does_not_end_is_killed(bench: Bench) -> None:
    began = time.monotonic()

    run = bench.command(*hang(bench, SWALLOWS_EVERYTHING), "--timeout", "0.5", "--grace", "0.3")

    assert 0.8 <= time.monotonic() - began < 5
    message = "the action did not end after its time was up (--timeout), and was killed; run it again"
    assert (run.code, run.outcome) == (0, ("failing", message))


def test_an_action_within_its_time_is_left_alone(bench: Bench) -> None:
    run = bench.command("--plugin", bench.plugin(), "--action", "pe_status", "--timeout", "20")

    assert run.outcome == ("passing", "Sample pe_status")


# Threads that a plugin leaves behind


@pytest.mark.parametrize(
    ("daemon", "left"), [(False, "ended"), (True, None)], ids=["is waited for", "that is a daemon is not"]
)
def test_a_thread_of_a_plugin(bench: Bench, daemon: bool, left: str | None) -> None:
    body = f"""
def pe_status(self):
    threading.Thread(target=work, daemon={daemon}).start()
    return ok("done")
"""
    work = "    time.sleep(0.5)\n    pathlib.Path('left').write_text('ended')"
    head = f"import pathlib, threading, time\ndef work():\n{work}"
    run = bench.command("--plugin", bench.plugin(body, head=head), "--action", "pe_status", *STATUS)

    file = bench.folder / "left"
    assert (run.outcome, file.read_text() if file.exists() else None) == (("passing", "done"), left)


# The runner itself is killed


@pytest.mark.parametrize("how", HANGS.values(), ids=HANGS)
def test_an_action_ends_when_its_runner_is_killed(bench: Bench, how: str) -> None:
    with bench.started(*hang(bench, how)) as runner:
        wait_until_it_hangs(runner)
        wait_until_it_blocks(runner)  # nobody is left to remind it
        runner.process.kill()
        run = runner.finished()  # waits for the end of the action's process too, which holds the pipes

    assert run.outcome == ("failing", "the action was ended by SIGTERM; run it again")


def test_an_action_that_does_not_end_does_not_outlive_its_killed_runner(bench: Bench) -> None:
    with bench.started(*hang(bench, SWALLOWS_EVERYTHING), "--grace", "0.3") as runner:
        wait_until_it_hangs(runner)
        wait_until_it_blocks(runner)  # as above
        began = time.monotonic()
        runner.process.kill()
        runner.finished()  # as above

    assert time.monotonic() - began < 5


def child_of(runner: Started) -> int:
    """Return the process that runs the action."""
    (child,) = Path(f"/proc/{runner.process.pid}/task/{runner.process.pid}/children").read_text().split()
    return int(child)
