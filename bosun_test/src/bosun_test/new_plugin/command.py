"""The command line of `bosun-new-plugin`: arguments in, files and exit code out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from bosun_core.errors import BosunError, ExitCode, UsageError

from bosun_test.new_plugin.names import check_name, placeholders
from bosun_test.new_plugin.writing import write_plugin


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; --help shows how to call it")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="bosun-new-plugin",
        description="Write a complete distribution of a Bosun plugin: it works, keeps the contract, and says what to "
        "change (docs/write-a-plugin.md).",
        allow_abbrev=False,
    )
    parser.add_argument("name", metavar="NAME", help="the word after --plugin, say my-cloud")
    parser.add_argument(
        "--directory", metavar="DIR", help="the folder of the new distribution, empty or not there (./bosun-NAME)"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the distribution and return the exit code: 0, 1 where it cannot be written, 64 for wrong arguments."""
    try:
        options = _parser().parse_args(arguments)
        name = check_name(options.name)
        folder = Path(options.directory or f"bosun-{name}")
        paths = write_plugin(folder, placeholders(name))
    except BosunError as error:
        sys.stderr.write(f"bosun-new-plugin: {error}\n")
        return ExitCode.USAGE if isinstance(error, UsageError) else ExitCode.FAILING
    sys.stdout.write(f"wrote bosun-{name}, {len(paths)} files, to {folder}; next:\n")
    sys.stdout.write(f"  cd {folder}\n  pip install --editable . --group dev\n  pytest\n")
    return ExitCode.PASSING
