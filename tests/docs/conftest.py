"""Walks through a page: writes its files and runs its commands, in order, in one shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
LIMIT = 240.0  # seconds for all the commands of a page
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = "walked:"


class Command(NamedTuple):
    """One command of a page, and the output that the page shows for it; None where it is about the command alone."""

    text: str
    shown: str | None


class Outcome(NamedTuple):
    """What a command of a page wrote, and its exit code."""

    command: Command
    output: str
    code: int

    def check(self) -> None:
        """Check that the command did what the page says; `...` stands for anything."""
        told = f"$ {self.command.text}\n{self.output}\nexit code {self.code}"
        shown = self.command.shown
        if not shown:
            assert self.code == 0, told
        if shown is not None:
            found = _normal(self.output)
            assert re.fullmatch(_pattern(_normal(shown)), found), f"{told}\nthe page shows:\n{shown}"


def _normal(text: str) -> str:
    """Return a text without what differs from run to run: times, and the width of a terminal."""
    text = re.sub(r"^duration: [\d.e-]+$", "duration: 0", text, flags=re.MULTILINE)
    text = re.sub(r"^timestamp: \d{13}$", "timestamp: 0", text, flags=re.MULTILINE)
    text = re.sub(r"seconds_total(\{.*\}) [\d.e-]+$", r"seconds_total\1 0", text, flags=re.MULTILINE)
    text = re.sub(r"={3,}", "===", text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"


def _pattern(shown: str) -> str:
    """Return a regular expression for an output: a line `...` is any lines, `...` within one any characters."""
    lines = shown.splitlines(keepends=True)
    return "".join(r"(?:.*\n)*" if line == "...\n" else ".*".join(map(re.escape, line.split("..."))) for line in lines)


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Yield language and content of each fenced block of a page."""
    return ((match[1], match[2]) for match in _BLOCK.finditer(page.read_text()))


def steps(page: Path) -> Iterator[tuple[str, str] | Command]:
    """Yield what is to be done, in order: files as (path, content), and commands."""
    for language, content in blocks(page):
        path = re.match(r"# ([\w./-]+\.\w+)\n", content)
        if path and language != "console":
            yield path[1], content
        elif language == "shell":
            yield from (Command(line, None) for line in content.splitlines())
        elif language == "console":
            for part in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                yield Command(command, shown)


def walk(page: Path, folder: Path, env: Mapping[str, str], replaced: Mapping[str, str]) -> list[Outcome]:
    """Do all that a page says, in `folder`; `replaced` are words of the page that are others here."""
    script, commands = ["exec 2>&1"], []
    for step in steps(page):
        if isinstance(step, Command):
            commands.append(step)
            script += [f"printf '\\n{_MARK}\\n'", step.text, f"printf '\\n{_MARK} %s\\n' $?"]
        else:
            path, content = step
            script += [f"mkdir -p $(dirname {path})", f"cat > {path} <<'END-OF-FILE'\n{content}END-OF-FILE"]
    text = "\n".join(script) + "\n"
    for word, other in replaced.items():
        text = text.replace(word, other)
    done = subprocess.run(
        ["bash"], input=text, cwd=folder, env=env, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    print(done.stdout)
    found = re.findall(rf"^{_MARK}\n(.*?)\n?^{_MARK} (\d+)$", done.stdout, re.MULTILINE | re.DOTALL)
    assert len(found) == len(commands), f"{len(found)} of {len(commands)} commands came to their end"
    return [Outcome(command, output, int(code)) for command, (output, code) in zip(commands, found, strict=True)]


def bare_path(folder: Path) -> str:
    """Return a PATH on which there is Python and what every machine has, but nothing of this environment."""
    folder.mkdir()
    _script(folder / "python3", f"{sys.base_prefix}/bin/python3")
    return f"{folder}:/usr/local/bin:/usr/bin:/bin"


def fresh_path(folder: Path) -> str:
    """Return a PATH as it is in a new virtual environment, in which nothing is installed yet."""
    venv.create(folder)
    # pip of this environment, told to act there: that spares the time to install pip.
    _script(folder / "bin/pip", f"{sys.executable} -m pip --quiet --python {folder}/bin/python")
    return f"{folder}/bin:/usr/bin:/bin"


def here_path() -> str:
    """Return a PATH that begins with the commands of this environment."""
    return f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def _script(path: Path, command: str) -> None:
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    path.chmod(0o755)


class Pages(NamedTuple):
    """What the tests of pages need of this file."""

    walk: Callable[..., list[Outcome]]
    steps: Callable[[Path], Iterator[tuple[str, str] | Command]]
    blocks: Callable[[Path], Iterator[tuple[str, str]]]
    bare_path: Callable[[Path], str]
    fresh_path: Callable[[Path], str]
    here_path: Callable[[], str]


@pytest.fixture(scope="session")
def pages() -> Pages:
    return Pages(walk, steps, blocks, bare_path, fresh_path, here_path)
