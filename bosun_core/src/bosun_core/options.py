"""The command line of `bosun-plugin-runner`, read.

argparse, not typer: `--list-actions` may take 5.4 times a bare interpreter's start. Measured with Python 3.11: bare
8.5 ms, argparse 15 ms, typer 0.28 alone 49 ms (5.7 times).
"""

import argparse
import functools
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, NoReturn

from bosun_core.errors import UsageError

_LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
_SHELLS = ("bash", "zsh", "tcsh")


class Options(NamedTuple):
    """What the command line says."""

    plugin: str | None
    action: str | None
    config: str | None
    private_config: str | None
    status_file: str | None
    show_status: bool
    json: bool
    exit_codes: bool
    dry_run: bool
    timeout: float | None
    grace: float
    download_timeout: float
    download_limit: int
    events: str | None
    list_actions: bool
    list_plugins: bool
    gen_config: bool
    schema: bool
    output: str | None
    force: bool
    print_completion: str | None
    version: bool
    logfile: str | None
    log_level: str
    log_config: str | None


class HelpWanted(Exception):  # it is no error
    """The command line asks for `--help`; its text is the text of this."""


class _Parser(argparse.ArgumentParser):
    def print_help(self, _file: object = None) -> NoReturn:
        raise HelpWanted(self.format_help())

    def error(self, message: str) -> NoReturn:
        plain = message.removeprefix("argument ").replace(": expected one argument", " needs a value")
        plain = re.sub(": ignored explicit argument .*", " takes no value", plain)
        raise UsageError(f"{plain}; {self.prog} --help shows the command line")


def read_options(arguments: Sequence[str]) -> Options:
    """Return what the command line says.

    Raises:
        UsageError: an unknown flag, a missing or unreadable value, or flags that make no sense together.
        HelpWanted: it asks for that.
    """
    known = parser()
    namespace, unknown = known.parse_known_args(arguments)
    if unknown:
        raise UsageError(_unknown(unknown[0], known))
    options = Options(**{name: getattr(namespace, name) for name in Options._fields})
    _check(options)
    return options


def asks_for_information(options: Options) -> bool:
    """Tell whether the runner is to tell about itself instead of running an action."""
    return bool(_needs_no_plugin(options) or options.gen_config or options.schema)


def _needs_no_plugin(options: Options) -> bool:
    return bool(options.list_actions or options.list_plugins or options.version or options.print_completion)


def _unknown(word: str, known: argparse.ArgumentParser) -> str:
    if not word.startswith("-"):
        return f"{word!r} stands alone; each value follows its flag, and one with spaces is quoted"
    import difflib

    flags = [flag for action in known._actions for flag in action.option_strings if flag.startswith("--")]
    near = difflib.get_close_matches(word.partition("=")[0], flags, n=1)
    hint = f"did you mean {near[0]}?" if near else f"{known.prog} --help shows them all"
    return f"unknown flag {word.partition('=')[0]}; {hint}"


def _check(options: Options) -> None:
    for name, value in options._asdict().items():
        if value == "":
            flag = f"--{name.replace('_', '-')}"
            raise UsageError(f"{flag} has an empty value; write one after it, or leave the flag out")
    if _needs_no_plugin(options):
        return
    if options.output is not None and not (options.gen_config or options.schema):
        raise UsageError("--output goes with --gen-config or --schema; --status-file is for the status")
    if options.force and options.output is None:
        raise UsageError("--force goes with --output; it replaces the file that is there")
    if options.gen_config or options.schema:
        if options.plugin is None and not (options.gen_config and options.action is not None):
            raise UsageError("--plugin is missing; name the plugin whose configuration is wanted")
        return
    for flag, value in (("--plugin", options.plugin), ("--action", options.action)):
        if value is None:
            raise UsageError(f"{flag} is missing; say bosun-plugin-runner --plugin NAME --action ACTION, or see --help")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    result = _Parser(
        prog="bosun-plugin-runner",
        description="Run one action of a management agent on a prediction environment, and write its status.",
        epilog="The status goes to --status-file, else to stdout; all else goes to stderr. Exit codes: docs/status.md.",
        allow_abbrev=False,
        # Without a width argparse imports shutil for every flag that is added, 5 ms.
        formatter_class=functools.partial(argparse.HelpFormatter, width=110),
    )
    add = result.add_argument_group("the action").add_argument
    add(
        "--plugin",
        metavar="NAME",
        help="the environment plugin: an installed name, a module, or a path with or without .py",
    )
    add("--action", metavar="ACTION", help="the action to run (--list-actions)")
    add(
        "--config",
        metavar="FILE",
        help="the action file: pluginConfig, peInfo, deploymentInfo; - is standard input",
    )
    add("--private-config", metavar="FILE", help="the plugin's own configuration (--gen-config makes one)")
    add("--dry-run", action="store_true", help="say step by step what would be done, and change nothing")
    add(
        "--timeout",
        type=_seconds,
        metavar="SECONDS",
        help="end the action after this time (default: no limit)",
    )
    add(
        "--grace",
        type=_seconds,
        default=10.0,
        metavar="SECONDS",
        help="time that an ended action has to clean up (10)",
    )
    add(
        "--download-timeout",
        type=_seconds,
        default=3600.0,
        metavar="SECONDS",
        help="limit for fetching a package by URL (3600)",
    )
    add(
        "--download-limit",
        type=_bytes,
        default=50 * 1024**3,
        metavar="BYTES",
        help="largest package fetched by URL, say 2GiB (50GiB)",
    )

    add = result.add_argument_group("the status").add_argument
    add("--status-file", metavar="FILE", help="write the status here (YAML)")
    add("--show-status", action="store_true", help="show the status on stdout as well")
    add("--json", action="store_true", help="show it on stdout as one JSON document")
    add(
        "--exit-codes",
        action="store_true",
        help="exit 0 passing, 1 failing, 2 warning, 3 unknown, also with --status-file",
    )
    add("--events", metavar="FILE", help="append events to FILE while the action runs, one JSON object a line")

    add = result.add_argument_group("instead of an action").add_argument
    add("--list-actions", action="store_true", help="print the actions, one a line")
    add("--list-plugins", action="store_true", help="print the installed plugins, and why one is broken")
    add(
        "--gen-config",
        action="store_true",
        help="print a commented private configuration; with --action that action's file",
    )
    add("--schema", action="store_true", help="print the JSON Schema of the private configuration")
    add("--output", metavar="FILE", help="write what --gen-config or --schema prints to FILE, if it is not there yet")
    add("--force", action="store_true", help="have --output replace a file with other content")
    add("--print-completion", type=_one_of(_SHELLS), choices=_SHELLS, help="print the completion script of a shell")
    add("--version", action="store_true", help="print the version")

    add = result.add_argument_group("the log").add_argument
    add(
        "--log-level",
        type=_one_of(_LOG_LEVELS),
        choices=_LOG_LEVELS,
        default="warning",
        help="what is logged to stderr (warning)",
    )
    add("--logfile", metavar="FILE", help="log to FILE as well")
    add("--log-config", metavar="FILE", help="log as this file of Python's logging.config.fileConfig says")
    return result


def _one_of(choices: Sequence[str]) -> Callable[[str], str]:
    """Return a type for argparse: one of these words, in any case.

    The words of argparse itself for a wrong choice differ from one Python to the next.
    """

    def check(text: str) -> str:
        if text.lower() not in choices:
            raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(choices)}")
        return text.lower()

    return check


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value < 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return value


def _bytes(text: str) -> int:
    units = {"": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4}
    number = text.rstrip("KMGTiB")
    unit = text[len(number) :]
    if not number.isdecimal() or not number.isascii() or unit not in units or int(number) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write say 500MiB or 2GiB")
    return int(number) * units[unit]
