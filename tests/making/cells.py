"""The cells of the matrix, kind of model by action, as a table at the end of the report."""

from collections.abc import Iterator

import pytest

PROPERTY = "cell"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    cells: dict[tuple[str, str], str] = {}
    for outcome, words in (("passed", "ok"), ("skipped", "left out"), ("error", "failed"), ("failed", "failed")):
        for report in terminalreporter.stats.get(outcome, []):
            cells |= dict.fromkeys(_cells(report), words)
    if not cells:
        return
    kinds, actions = (list(dict.fromkeys(cell[at] for cell in cells)) for at in (0, 1))
    terminalreporter.section("kinds of models by actions")
    terminalreporter.line("".join(f"{word:<14}" for word in ("", *actions)))
    for kind in kinds:
        said = [cells.get((kind, action), "not run") for action in actions]
        terminalreporter.line("".join(f"{word:<14}" for word in (kind, *said)))


def _cells(report: pytest.TestReport) -> Iterator[tuple[str, str]]:
    for name, value in getattr(report, "user_properties", ()):
        if name == PROPERTY:
            kind, _, action = str(value).partition(" ")
            yield kind, action
