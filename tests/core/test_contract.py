"""Which contract a plugin was made for: what fits is run, all else is one line that says what to do."""

from __future__ import annotations

import importlib.metadata
import json
from typing import TYPE_CHECKING

import pytest
from bosun_core.contract import CONTRACT_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.core.conftest import Bench

CORE = f"bosun-core {importlib.metadata.version('bosun-core')}"


@pytest.mark.parametrize("declared", [f"'{CONTRACT_VERSION}'", "None"])
def test_a_plugin_made_for_this_contract_runs_and_so_does_one_that_does_not_say(bench: Bench, declared: str) -> None:
    path = bench.plugin(f"contract_version = {declared}")

    assert bench.outcome(path) == ("passing", "Sample plugin_start")


@pytest.mark.parametrize("newer", ["1.1", "1.10", "2.0", "10.0"])
def test_a_plugin_made_for_a_newer_contract_is_told_to_upgrade_core(bench: Bench, newer: str) -> None:
    path = bench.plugin(f"contract_version = '{newer}'")

    assert bench.outcome(path) == (
        "failing",
        f"plugin {path} was made for contract {newer}, {CORE} implements {CONTRACT_VERSION}; "
        "run: pip install --upgrade bosun-core",
    )


def test_a_plugin_made_for_a_contract_that_is_no_longer_supported_is_told_both_ways_out(bench: Bench) -> None:
    path = bench.plugin("contract_version = '0.9'")

    assert bench.outcome(path) == (
        "failing",
        f"plugin {path} was made for contract 0.9, which {CORE} no longer supports; "
        "upgrade the plugin, or run: pip install 'bosun-core<0.1'",
    )


@pytest.mark.parametrize("declared", ["1.0", "'one'", "''", "'1'", "'1.0.0'", "'-1.0'", "('1', '0')"])
def test_what_is_no_contract_version_is_told(bench: Bench, declared: str) -> None:
    path = bench.plugin(f"contract_version = {declared}")

    assert bench.outcome(path) == (
        "failing",
        f'plugin {path}: contract_version is {declared}; write the text "{CONTRACT_VERSION}", '
        "or leave the attribute out",
    )


def test_the_contract_is_told_before_a_method_that_another_contract_may_not_have(bench: Bench) -> None:
    path = bench.plugin("contract_version = '2.0'", without="pe_status")

    assert bench.outcome(path)[1].startswith(f"plugin {path} was made for contract 2.0, ")


def test_a_plugin_that_imports_what_a_newer_core_has_is_told_to_upgrade(
    bench: Bench, plugin_source: Callable[..., str]
) -> None:
    text = plugin_source(head="from bosun_core import from_the_future")
    bench.install("acme", "2.0", {"bosun.plugins": {"acme": "acme_mod"}}, acme_mod=text)

    status, message = bench.outcome("acme")

    assert status == "failing"
    assert message.startswith("plugin acme (acme 2.0) does not import: ImportError: cannot import name ")
    assert message.endswith("; upgrade bosun-core, or the plugin")


def test_the_list_of_plugins_shows_which_was_made_for_another_contract(
    bench: Bench, plugin_source: Callable[..., str]
) -> None:
    text = plugin_source("contract_version = '2.0'")
    bench.install("acme", "2.0", {"bosun.plugins": {"acme": "acme_mod"}}, acme_mod=text)

    run = bench.command("--list-plugins", "--json")

    broken = {row["name"]: row["broken"] for row in json.loads(run.stdout)}
    assert broken["acme"] == (
        f"plugin acme (acme 2.0) was made for contract 2.0, {CORE} implements {CONTRACT_VERSION}; "
        "run: pip install --upgrade bosun-core"
    )
