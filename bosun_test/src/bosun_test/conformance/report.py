"""The report card: a pytest plugin, `pytest_plugins = ["bosun_test.conformance.report"]` in the top conftest.py.

`--report-card FILE` writes it as JSON (FILE ends in .json) or as Markdown, to put into a README.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bosun_test.conformance.base import Promises
from bosun_test.conformance.profile import chosen_profile, chosen_seed

# What the reports of a promise say besides, also where they come from another process (pytest-xdist).
_PROMISE, _PROFILE = "bosun promise", "bosun profile"


class Card(NamedTuple):
    """How one adoption of the kit came out: its promises by outcome; `declared` has the reason of each."""

    name: str
    kept: list[str]
    declared: dict[str, str]
    broken: list[str]
    profile: str

    def as_mapping(self) -> dict[str, Any]:
        """Return the card as JSON has it."""
        return {"schemaVersion": 1, "seed": chosen_seed(), **self._asdict()}

    def as_markdown(self) -> str:
        """Return the card as Markdown."""
        lines = [
            f"**Bosun conformance, {self.name}**: {len(self.kept)} promises kept, {len(self.declared)} declared as not "
            f"kept, {len(self.broken)} broken (profile {self.profile}, seed {chosen_seed()}).",
            "",
        ]
        if self.declared or self.broken:
            lines += ["| promise | |", "| --- | --- |"]
            lines += [f"| {in_words(name)} | **broken** |" for name in self.broken]
            reasons = {name: reason.replace("|", "\\|") for name, reason in self.declared.items()}
            lines += [f"| {in_words(name)} | not kept: {reason} |" for name, reason in reasons.items()]
        return "\n".join(lines).rstrip() + "\n"


def in_words(promise: str) -> str:
    """Return the name of a test as the sentence that it is."""
    return promise.removeprefix("test_").replace("_", " ")


class ReportCards:
    """Gathers the outcomes of the kit's tests while pytest runs."""

    def __init__(self) -> None:
        # Adoption -> promise -> case -> "passed", "failed", "skipped" or "declared".
        self._outcomes: dict[str, dict[str, dict[str, str]]] = {}
        self._reasons: dict[tuple[str, str], str] = {}
        self._profiles: dict[str, set[str]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Have the reports say which tests are promises."""
        for item in items:
            if isinstance(item, pytest.Function) and item.cls and issubclass(item.cls, Promises):
                item.user_properties.append((_PROMISE, f"{item.cls.__name__} {item.originalname} {item.name}"))

    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Have the reports say with which profile a promise was tried, which a fixture may have chosen."""
        if any(name == _PROMISE for name, _ in item.user_properties):
            item.user_properties.append((_PROFILE, chosen_profile().name))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how one case of a promise came out."""
        told = {name: str(value) for name, value in report.user_properties}
        if _PROMISE not in told or (report.when != "call" and report.passed):
            return
        card, promise, case = told[_PROMISE].split(" ", 2)
        if _PROFILE in told:
            self._profiles.setdefault(card, set()).add(told[_PROFILE])
        outcome = "declared" if hasattr(report, "wasxfail") and not report.failed else report.outcome
        self._outcomes.setdefault(card, {}).setdefault(promise, {})[case] = outcome
        if outcome == "declared":
            self._reasons[card, case] = str(report.wasxfail)

    def cards(self) -> list[Card]:
        """Return a card for each adoption that ran."""
        return [self._card(name, outcomes) for name, outcomes in self._outcomes.items()]

    def _card(self, name: str, outcomes: Mapping[str, Mapping[str, str]]) -> Card:
        card = Card(name, [], {}, [], "+".join(sorted(self._profiles.get(name, ()))) or chosen_profile().name)
        for promise, cases in outcomes.items():
            found = set(cases.values())
            if found - {"passed", "declared"}:
                card.broken.append(promise)
            elif found == {"declared"}:
                card.declared[promise] = self._reasons[name, next(iter(cases))]
            else:  # where only some cases are declared the promise is kept, but for them
                card.kept.append(promise)
                declared = [case for case, outcome in cases.items() if outcome == "declared"]
                card.declared.update({case: self._reasons[name, case] for case in declared})
        return card._replace(declared=dict(sorted(card.declared.items())))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --report-card."""
    parser.addoption("--report-card", metavar="FILE", help="write the conformance report card (.json, else Markdown)")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to gather.

    Raises:
        pytest.UsageError: there is no such profile, or seed.
    """
    try:
        chosen_profile(), chosen_seed()
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(ReportCards(), "bosun report cards")


def pytest_report_header() -> str:
    """Say how thorough this run of the kit is."""
    return f"bosun conformance: profile {chosen_profile().name}, seed {chosen_seed()}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the cards, and write them where --report-card says."""
    gatherer = config.pluginmanager.get_plugin("bosun report cards")
    cards = gatherer.cards() if isinstance(gatherer, ReportCards) else []
    for card in cards:
        terminalreporter.section(f"report card of {card.name}")
        terminalreporter.write_line(
            f"{len(card.kept)} promises kept, {len(card.declared)} declared as not kept, {len(card.broken)} broken"
        )
        for promise, reason in card.declared.items():
            terminalreporter.write_line(f"  not kept: {in_words(promise)}: {reason}")
        for promise in card.broken:
            terminalreporter.write_line(f"  BROKEN:   {in_words(promise)}")
    path = config.getoption("--report-card")
    if path and cards:
        text = "\n".join(card.as_markdown() for card in cards)
        if path.endswith(".json"):
            text = json.dumps([card.as_mapping() for card in cards], indent=2) + "\n"
        Path(path).write_text(text)
