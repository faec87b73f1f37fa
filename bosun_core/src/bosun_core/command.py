"""One action as a command: its process, its streams, its status file and its exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from bosun_core import status_file
from bosun_core.complaints import complain, tolerant_streams
from bosun_core.errors import BosunError, ExitCode, Interruption, StatusNotWritten
from bosun_core.log import LogSettings, set_up
from bosun_core.options import Options
from bosun_core.runner import ActionRequest, bug_of_plugin, failure_document, run_action
from bosun_core.signals import hold_signals
from bosun_core.status import ActionStatus
from bosun_core.yaml_writing import as_yaml

_CODES = {
    ActionStatus.OK.value: ExitCode.PASSING,
    ActionStatus.ERROR.value: ExitCode.FAILING,
    ActionStatus.WARN.value: ExitCode.WARNING,
    ActionStatus.UNKNOWN.value: ExitCode.UNKNOWN,
}

_STDOUT = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")  # by name: they are stderr's while the action runs


def run(options: Options) -> int:
    """Run the action that the command line asks for, report its status, and return the exit code."""
    home = os.open(".", getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC)
    with _stdout_kept_for_status() as stdout, tolerant_streams():
        return _report(_status(options, home), options, stdout)


def tell_of_death(options: Options, reason: str) -> int:
    """Report the failing status of an action whose process has died, and return the exit code."""
    return _report(failure_document(options.action or "", reason), options, sys.stdout)


def _status(options: Options, home: int) -> dict[str, Any]:
    """Run the action and return its status, whatever ends it; no signal disturbs what follows."""
    hide_progress: Callable[[], None] = lambda: None  # noqa: E731  # the bar that is not shown has nothing to hide
    try:
        try:
            if options.status_file is not None:
                status_file.check_writable_place(options.status_file)
            set_up(LogSettings(options.log_level, options.logfile, options.log_config))
            if sys.stderr.isatty():
                hide_progress = _show_progress()
            document = run_action(_request(options))
        finally:
            hold_signals()
            os.fchdir(home)  # a plugin may have gone elsewhere, and the status file's path may be relative
            hide_progress()
    except (BosunError, Interruption) as error:
        document = failure_document(options.action or "", str(error))
    except BaseException as error:  # run_action tells of each Exception; a plugin may raise what is none
        document = failure_document(options.action or "", bug_of_plugin(_request(options), error))
    return document


def _show_progress() -> Callable[[], None]:
    from bosun_core.reporting import listen
    from bosun_core.terminal import progress_bar

    show, hide = progress_bar()
    listen(show)
    return hide


def _request(options: Options) -> ActionRequest:
    return ActionRequest(
        plugin=options.plugin or "",
        action=options.action or "",
        config=options.config,
        private_config=options.private_config,
        dry_run=options.dry_run,
        events=options.events,
        download_timeout=options.download_timeout,
        download_limit=options.download_limit,
    )


def _report(document: dict[str, Any], options: Options, stdout: TextIO) -> int:
    """Write the status where it belongs, the file first, and return the exit code."""
    problem = None if options.status_file is None else _write_status_file(options.status_file, document, stdout)
    if document["status"] == ActionStatus.ERROR.value and document["msg"]:
        complain(document["msg"])
    if problem is not None and problem != document["msg"]:  # else it is said already
        complain(problem)
    is_written = options.status_file is not None and problem is None
    if not is_written or options.show_status or options.json:
        _show(document, options, stdout)
    return ExitCode.PASSING if is_written and not options.exit_codes else _CODES[document["status"]]


def _write_status_file(path: str, document: dict[str, Any], stdout: TextIO) -> str | None:
    """Write the status file; return what kept it from being written."""
    if path in _STDOUT:
        return _put(stdout, lambda: stdout.write(as_yaml(document)))
    try:
        status_file.write(path, document)
    except StatusNotWritten as error:
        return str(error)
    return None


def _show(document: dict[str, Any], options: Options, stdout: TextIO) -> None:
    def write() -> None:
        if options.json:
            import json

            stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
        elif stdout.isatty():
            from bosun_core.terminal import print_status

            print_status(document, stdout)
        else:
            stdout.write(as_yaml(document))

    problem = _put(stdout, write)
    if problem is not None:
        complain(problem)


def _put(stdout: TextIO, write: Callable[[], object]) -> str | None:
    """Write to stdout; return what kept it from being written."""
    try:
        write()
        stdout.flush()
    except OSError as error:
        return f"cannot write the status to stdout: {error.strerror}"
    return None


@contextmanager
def _stdout_kept_for_status() -> Iterator[TextIO]:
    """Keep stdout for the status: whatever a plugin or its subprocesses print goes to stderr."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    stream = os.fdopen(kept, "w", encoding="utf-8")
    try:
        yield stream
    finally:
        with suppress(OSError, ValueError):  # a plugin has closed it
            sys.stdout.flush()
        os.dup2(kept, 1)
        with suppress(OSError):
            stream.close()
