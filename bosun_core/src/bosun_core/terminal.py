"""How a status, a table and progress look on a terminal. rich (100 ms to import) is loaded only there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

from bosun_core.status import ActionStatus

_COLOURS = {
    ActionStatus.OK.value: "green",
    ActionStatus.WARN.value: "yellow",
    ActionStatus.ERROR.value: "red",
    ActionStatus.UNKNOWN.value: "magenta",
}


def print_status(document: Mapping[str, Any], stream: TextIO) -> None:
    """Print a status readably: its line, then its data, entries of deployments as a table."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream)
    status = str(document["status"])
    line = Text(status, style=f"bold {_COLOURS.get(status, 'white')}")
    if document["state"]:
        line.append(f" · {document['state']}", style="default")
    if document["duration"] is not None:
        line.append(f" · {document['duration']:g} s", style="dim")
    console.print(line)
    if document["msg"]:
        console.print(Text(str(document["msg"])))
    _print_data(document["data"] or {}, console)


def _print_data(data: Mapping[str, Any], console: Any) -> None:
    from rich.text import Text

    if data and all(isinstance(entry, Mapping) and "status" in entry for entry in data.values()):
        console.print(_deployments_table(data))
        return
    for key, value in data.items():
        if key == "deploymentsStatus" and isinstance(value, Mapping):
            console.print(_deployments_table(value))
        elif isinstance(value, list):
            console.print(Text(f"{key}:"))
            for item in value:
                console.print(Text(f"  - {item}"))
        else:
            console.print(Text(f"{key}: {value}"))


def _deployments_table(entries: Mapping[str, Mapping[str, Any]]) -> Any:
    from rich.text import Text

    rows = []
    for name, entry in entries.items():
        status = str(entry.get("status"))
        facts = entry.get("data") or {}
        cells = [
            entry.get("state"),
            facts.get("currentModelId"),
            facts.get("predictionUrl"),
            entry.get("msg"),
        ]
        rows.append(
            [
                name,
                Text(status, style=_COLOURS.get(status, "default")),
                *("" if cell is None else str(cell) for cell in cells),
            ]
        )
    return _table(["deployment", "status", "state", "model", "prediction URL", "message"], rows)


def _table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    return table


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], stream: TextIO) -> None:
    """Print a table: boxed on a terminal, columns with two spaces between elsewhere."""
    if stream.isatty():
        from rich.console import Console

        Console(file=stream).print(_table(headings, rows))
        return
    widths = [max(len(row[column]) for row in [headings, *rows]) for column in range(len(headings))]
    for row in [headings, *rows]:
        stream.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")


def progress_bar() -> tuple[Callable[[str, float, float | None], None], Callable[[], None]]:
    """Return a listener that shows progress on stderr, and the call that takes the bar away."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
    )
    tasks: dict[str, TaskID] = {}

    def show(step: str, done: float, total: float | None) -> None:
        if step not in tasks:
            bar.start()
            tasks[step] = bar.add_task(step, total=total)
        bar.update(tasks[step], completed=done, total=total)

    return show, bar.stop
