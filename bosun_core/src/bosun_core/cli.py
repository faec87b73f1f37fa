"""`bosun-plugin-runner`: arguments in, status and exit code out."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

from bosun_core.complaints import complain
from bosun_core.errors import BosunError, ExitCode, UsageError
from bosun_core.options import HelpWanted, Options, asks_for_information, read_options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code (docs/status.md)."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        _open_closed_streams()
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        options = read_options(arguments)
    except UsageError as error:
        return _refuse(error, arguments)
    except HelpWanted as wanted:
        text = str(wanted)
        return _printed(lambda: sys.stdout.write(text))
    if not asks_for_information(options):
        from bosun_core.signals import keep_for_later

        keep_for_later()
        return _act(options)
    from bosun_core.inform import inform

    return _printed(lambda: inform(options, sys.stdout))


def _printed(print_it: Callable[[], object]) -> int:
    """Print what the runner tells about itself, and return the exit code."""
    try:
        print_it()
        sys.stdout.flush()
    except BosunError as error:
        complain(str(error))
        return ExitCode.FAILING
    except BrokenPipeError:  # the reader has seen enough
        return _with_stdout_given_up(ExitCode.PASSING)
    except OSError as error:
        complain(f"cannot write to stdout: {error.strerror}; make room, or send it elsewhere")
        return _with_stdout_given_up(ExitCode.FAILING)
    return ExitCode.PASSING


def _with_stdout_given_up(code: int) -> int:
    sys.stdout = None  # else the interpreter flushes it once more, and says so
    return code


def _act(options: Options) -> int:
    """Run the action in a child process; its imports stand behind the fork, which copies what there is before it."""
    from bosun_core.supervisor import Limits, supervised

    def action() -> int:
        from bosun_core.command import run

        return run(options)

    def died(reason: str) -> int:
        from bosun_core.command import tell_of_death

        return tell_of_death(options, reason)

    return supervised(action, died, Limits(options.timeout, options.grace))


def console() -> NoReturn:
    """Run as the script `bosun-plugin-runner`."""
    gc.set_threshold(200_000)  # in a process this short, looking for cycles is a third of a list of 10,000
    code = main()
    with suppress(OSError, ValueError, AttributeError):  # a stream is closed, or was never there
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)  # nothing is left to tidy; the interpreter would take 3 ms to find that out


def _open_closed_streams() -> None:
    """Have the null device where whoever started us has closed a stream; the next file opened would take its place."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
    sys.stdin = sys.stdin or os.fdopen(0)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


def _refuse(error: UsageError, arguments: Sequence[str]) -> int:
    """Say what is wrong with the command line, in a status file too where `--status-file` can still be made out."""
    path = _status_file_of(arguments)
    problems = [str(error)]
    if path is not None:
        from bosun_core.runner import failure_document
        from bosun_core.status_file import write

        try:
            write(path, failure_document("", str(error)))
        except BosunError as unwritten:
            problems.append(str(unwritten))
    for problem in problems:
        complain(problem)
    return ExitCode.USAGE


def _status_file_of(arguments: Sequence[str]) -> str | None:
    for index, argument in enumerate(arguments):
        if argument.startswith("--status-file="):
            return argument.partition("=")[2] or None
        if argument == "--status-file" and index + 1 < len(arguments) and not arguments[index + 1].startswith("--"):
            return arguments[index + 1]
    return None
