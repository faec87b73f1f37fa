"""docs/architecture.md names the files that a replacement really enters."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text()


def named(text: str) -> set[str]:
    """Return the files of our distributions that a text names, as paths below a distribution's src."""
    short = set(re.findall(r"\b(?:bosun_\w+|lifecycle)/[\w/]+\.py\b", text))
    return {f"bosun_core/{name}" if name.startswith("lifecycle/") else name for name in short}


def test_every_file_that_it_names_is_there() -> None:
    missing = [name for name in named(PAGE) if not (ROOT / name.partition("/")[0] / "src" / name).is_file()]

    assert (len(named(PAGE)) > 8, missing) == (True, [])


def test_the_replacement_that_it_follows_enters_the_files_that_it_names() -> None:
    section = PAGE.partition("## One replacement on the filesystem")[2].partition("\n## ")[0]
    command = [sys.executable, ROOT / "tools/entered_files.py"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    entered = set(re.findall(r"^  (\S+\.py): ", printed, re.MULTILINE))

    assert "deployment d1 holds model B instead of A" in printed
    assert named(section) - entered == set()
    # What a reader has to know of the plugin: its other files are entered from these.
    assert {name for name in named(section) if name.startswith("bosun_fs/")} >= {
        f"bosun_fs/{name}.py" for name in ("plugin", "place", "state", "desired", "rollout")
    }
