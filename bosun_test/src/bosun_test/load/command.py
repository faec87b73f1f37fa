"""The command line of `bosun-load`: a prediction URL under load, while another command runs."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from bosun_core.errors import BosunError, EnvironmentFailure, ExitCode, UsageError

from bosun_test.load.asking import Question, connected
from bosun_test.load.bursts import sweep
from bosun_test.load.clients import Load
from bosun_test.load.picture import drawn
from bosun_test.load.report import Run

_REQUESTS_OF_A_CONNECTION = 20  # one for each request would use up the machine's ports within a minute
_FIRST_ANSWER_SECONDS = 10.0
_CLIENTS, _CLIENTS_OF_A_BURST = 4, 40
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 3600
_MOST_REQUESTS = 1_000_000


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; --help shows how to call it")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="bosun-load",
        description="Ask for predictions without a pause, and tell which model answered when, how fast, and what "
        "failed. Ends with 1 where a request or COMMAND failed, or the old model answered after COMMAND had ended.",
        usage="%(prog)s [options] URL [-- COMMAND ...]",
        allow_abbrev=False,
    )
    parser.add_argument("url", metavar="URL", help="where predictions are asked for by POST")
    parser.add_argument(
        "--seconds",
        type=float,
        metavar="N",
        help="how long (10; with --pause until each pause was made once); with COMMAND how long before and after it "
        "(1; with --pause a pause more)",
    )
    parser.add_argument(
        "--clients",
        type=int,
        metavar="N",
        help=f"how many ask ({_CLIENTS}, half of them on new connections; with --pause {_CLIENTS_OF_A_BURST})",
    )
    parser.add_argument(
        "--pause",
        type=float,
        metavar="SECONDS",
        help="have all clients ask at once on connections that they keep, then wait about SECONDS, from 50 ms less to "
        "10 ms more: give the time after which the server closes an idle connection (5 for uvicorn)",
    )
    parser.add_argument("--body", metavar="FILE", help="the body of a request (without it: [])")
    parser.add_argument("--content-type", default="application/json", metavar="TYPE", help="its type (%(default)s)")
    parser.add_argument("--picture", metavar="FILE", help="draw the run as an SVG")
    parser.add_argument("--title", metavar="TEXT", help="what stands above the picture (without it: the URL's path)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run under load and return the exit code: 0, 1 where something failed, 64 for wrong arguments."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    cut = words.index("--") if "--" in words else len(words)
    command = words[cut + 1 :]
    try:
        options = _parser().parse_args(words[:cut])
        return _run(options, command)
    except BosunError as error:
        sys.stderr.write(f"bosun-load: {error}\n")
        return ExitCode.USAGE if isinstance(error, UsageError) else ExitCode.FAILING


def _run(options: argparse.Namespace, command: Sequence[str]) -> int:
    load = _load(options)
    picture = None if options.picture is None else _checked(Path(options.picture))
    code, ended = 0, None
    seconds = options.seconds if options.seconds is not None else _seconds(options.pause, command)
    with load:
        if not load.flowing(_FIRST_ANSWER_SECONDS):
            fault = load.samples[-1].fault if load.samples else f"no answer within {_FIRST_ANSWER_SECONDS:g} s"
            raise EnvironmentFailure(f"no prediction comes from {options.url}: {fault}; is the deployment started?")
        try:
            time.sleep(seconds)  # so long it was asked for
            if command:
                code, ended = _while_it_runs(load, command)
                time.sleep(seconds)
        except KeyboardInterrupt:
            sys.stderr.write("bosun-load: ended early\n")
    run = Run(load.samples, ended)
    sys.stdout.write("\n".join([*run.lines(), ""]))
    if picture is not None:
        picture.write_text(drawn(load.samples, load.marks, options.title or urlsplit(options.url).path))
    return ExitCode.FAILING if code or run.failed or run.late else ExitCode.PASSING


def _load(options: argparse.Namespace) -> Load:
    """Return the load that the options ask for.

    Raises:
        UsageError: one of them cannot be used.
    """
    if urlsplit(options.url).scheme not in ("http", "https") or not urlsplit(options.url).hostname:
        raise UsageError(f"{options.url} is no URL; it begins with http:// or https://")
    clients = options.clients
    if clients is None:
        clients = _CLIENTS if options.pause is None else _CLIENTS_OF_A_BURST
    if clients < 1 or (options.seconds is not None and not 0 <= options.seconds < 86400):
        raise UsageError("--clients is at least 1, --seconds is between 0 and 86400")
    if options.pause is not None and not _SHORTEST_PAUSE <= options.pause <= _LONGEST_PAUSE:
        raise UsageError(f"--pause is between {_SHORTEST_PAUSE} and {_LONGEST_PAUSE}")
    try:
        body = b"[]" if options.body is None else Path(options.body).read_bytes()
    except OSError as error:
        raise UsageError(f"--body {options.body} cannot be read: {error.strerror}") from None
    question = Question(options.url, body, options.content_type)
    pauses = [] if options.pause is None else sweep(options.pause)
    renewing = 0 if pauses else clients // 2
    kept = [partial(connected, question)] * (clients - renewing)
    renewed = [partial(connected, question, _REQUESTS_OF_A_CONNECTION)] * renewing
    return Load(lambda: "", threads=0, limit=_MOST_REQUESTS, kept_open=[*kept, *renewed], pauses=pauses)


def _seconds(pause: float | None, command: Sequence[str]) -> float:
    """Return how long it is asked where nobody says it; with a pause there is a burst after the command."""
    if command:
        return 1.0 + (pause or 0.0)
    return 10.0 if pause is None else sum(sweep(pause))


def _checked(path: Path) -> Path:
    """Return the path of the picture, found to be writable before the load begins."""
    try:
        path.touch()
    except OSError as error:
        raise UsageError(f"--picture {path} cannot be written: {error.strerror}") from None
    return path


def _while_it_runs(load: Load, command: Sequence[str]) -> tuple[int, float]:
    """Run the command; return its exit code, and when it had ended."""
    load.mark("begins")
    try:
        code = subprocess.run(command, check=False).returncode
    except OSError as error:
        raise UsageError(f"{command[0]} cannot be run: {error.strerror}") from None
    return code, load.mark("ended")
