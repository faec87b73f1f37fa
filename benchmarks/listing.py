"""The list of many deployments, against a bare loop that opens and parses their info files with the same parser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from environment import Installed
from measure import Row, measure

_LOOP = """
import pathlib, sys, yaml
for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    if not folder.name.startswith("."):
        with open(folder / "config.yml", "rb") as file:
            yaml.load(file, Loader=yaml.CSafeLoader)
"""


def rows(installed: Installed) -> Iterator[Row]:
    """Measure lists of 100, 1,000 and 10,000 deployments."""
    seconds = {}
    command = installed.command("deployment_list")
    for number in (100, 1_000, 10_000):
        _make(installed, number)
        listed = measure(command, 5)
        loop = measure([installed.python, "-I", "-c", _LOOP, installed.base], 3).seconds
        seconds[number] = listed.seconds
        mark = 4.0 if number == 10_000 else None
        yield Row(f"list of {number:,} deployments, times the bare loop", listed.seconds / loop, "x", mark)
        yield Row(f"list of {number:,} deployments, memory", listed.memory / 1e6, "MB", 100.0)
    few = (seconds[1_000] - seconds[100]) / 900
    many = (seconds[10_000] - seconds[1_000]) / 9_000
    yield Row("cost of one more deployment beyond 1,000, times that below", many / few, "x", 1.5)
    shutil.rmtree(installed.base)
    installed.base.mkdir()


def _make(installed: Installed, number: int) -> None:
    """Make the folders of `number` deployments from one that the plugin made itself."""
    package = installed.folder / "tiny.mlpkg"
    package.write_bytes(b"a model")
    first = installed.base / "deployment_d0"
    if not first.exists():
        info = {"id": "d0", "modelId": "A", "modelArtifact": str(package)}
        measure(installed.command("deployment_start", info), 1)
    record = (first / ".bosun.json").read_text()
    info_file = (first / "config.yml").read_text()
    for index in range(number):
        folder = installed.base / f"deployment_d{index}"
        if not folder.exists():
            folder.mkdir()
            own = info_file.replace("d0", f"d{index}")
            (folder / "config.yml").write_text(own)
            (folder / "tiny.mlpkg").write_bytes(b"a model")
            mine = record.replace('"d0"', f'"d{index}"').replace(_sha256(info_file), _sha256(own))
            (folder / ".bosun.json").write_text(mine)


def _sha256(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()
