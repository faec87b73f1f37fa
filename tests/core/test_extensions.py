"""Extensions wrap and observe actions; whatever they do, the plugin's outcome stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.conftest import Bench

GROUP = "bosun.extensions"
HEAD = "import os, sys\nfrom bosun_core import ActionVetoed, observer, wrapper\nSEEN = []\n"


def extend(bench: Bench, body: str, name: str = "watch") -> Path:
    """Install an extension whose class has this body; returns its file."""
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    module = f"{name}_mod"
    text = f"{HEAD}class Watch:\n{indented}"
    return bench.install(f"acme-{name}", "1.0", {GROUP: {name: f"{module}:Watch"}}, **{module: text}) / f"{module}.py"


def seen(name: str = "watch") -> list[Any]:
    """Return what the extension has noted in this process."""
    import sys

    noted: list[Any] = sys.modules[f"{name}_mod"].SEEN
    return noted


def line_of(file: Path, text: str) -> int:
    return 1 + [line.strip() for line in file.read_text().splitlines()].index(text)


# What they may do


def test_an_extension_of_a_third_party_wraps_every_action(bench: Bench) -> None:
    bench.install_third_party()
    env = {"ACME_AUDIT": str(bench.folder / "audit")}

    for action in ("plugin_start", "deployment_list", "deployment_stop"):
        config = bench.action_file({})
        bench.command("--plugin", "acme", "--action", action, "--config", config, env=env)

    assert (bench.folder / "audit").read_text() == (
        "plugin_start passing\ndeployment_list passing\ndeployment_stop passing\n"
    )


def test_a_wrapper_of_one_action_sees_that_one_and_its_outcome(bench: Bench) -> None:
    extend(
        bench,
        "@wrapper\n"
        "def deployment_start(self, deployment_info):\n"
        "    SEEN.append(deployment_info.id)\n"
        "    outcome = yield\n"
        "    SEEN.append(outcome.msg)\n"
        "    return outcome",
    )
    path = bench.plugin()

    bench.act(path, "deployment_stop", {})
    assert bench.outcome(path, "deployment_start", deployment={}) == ("passing", "Sample deployment_start")

    assert seen() == ["d1", "Sample deployment_start"]


def test_a_wrapper_of_all_actions_learns_what_the_action_is_about(bench: Bench) -> None:
    extend(
        bench,
        "@wrapper\n"
        "def around_action(self, context):\n"
        "    info = context.deployment_info and context.deployment_info.id\n"
        "    SEEN.append((context.action, context.plugin, context.dry_run, dict(context.plugin_config), info))\n"
        "    return (yield)",
    )
    path = bench.plugin()

    bench.act(path, "plugin_start", None, {"name": "x"})
    bench.act(path, "deployment_stop", {}, dry_run=True)

    assert seen() == [
        ("plugin_start", path, False, {"name": "x"}, None),
        ("deployment_stop", path, True, {}, "d1"),
    ]


def test_an_extension_may_be_a_module(bench: Bench) -> None:
    text = f"{HEAD}@wrapper\ndef around_action(context):\n    SEEN.append(context.action)\n    return (yield)\n"
    bench.install("acme-watch", "1.0", {GROUP: {"watch": "watch_mod"}}, watch_mod=text)

    bench.act(bench.plugin(), "plugin_start")

    assert seen() == ["plugin_start"]


def test_an_observer_sees_progress_as_it_is_reported(bench: Bench) -> None:
    extend(bench, "@observer\ndef action_progress(self, step, done, total):\n    SEEN.append((step, done, total))")
    path = bench.plugin(
        "def plugin_start(self):\n    progress('copying', 1, 2)\n    progress('counting', 7)\n    return ok()",
        head="from bosun_core import progress",
    )

    bench.act(path, "plugin_start")

    assert seen() == [("copying", 1, 2), ("counting", 7, None)]


def test_a_veto_is_the_outcome_and_the_plugin_is_not_asked(bench: Bench) -> None:
    extend(
        bench,
        "@wrapper\ndef deployment_stop(self, deployment_info):\n"
        "    raise ActionVetoed('it is Friday; try again on Monday')\n    yield",
    )
    path = bench.plugin("def deployment_stop(self, info):\n    raise AssertionError('asked')")

    assert bench.outcome(path, "deployment_stop", deployment={}) == (
        "failing",
        "extension watch vetoed deployment_stop: it is Friday; try again on Monday",
    )
    assert bench.outcome(path, "deployment_start", deployment={}) == ("passing", "Sample deployment_start")


def test_a_veto_comes_before_a_package_is_fetched(bench: Bench) -> None:
    extend(bench, "@wrapper\ndef around_action(self, context):\n    raise ActionVetoed('not today; wait')\n    yield")

    outcome = bench.outcome(
        bench.plugin(), "deployment_start", deployment={"modelArtifact": "http://127.0.0.1:1/m.mlpkg"}
    )

    assert outcome == ("failing", "extension watch vetoed around_action: not today; wait")


def test_a_wrapper_sees_what_the_plugin_raises(bench: Bench) -> None:
    extend(
        bench,
        "@wrapper\ndef around_action(self, context):\n    try:\n        return (yield)\n"
        "    except Exception as error:\n        SEEN.append(repr(error))\n        raise",
    )
    path = bench.plugin("def pe_status(self):\n    raise BosunError('down')", head="from bosun_core import BosunError")

    assert bench.outcome(path, "pe_status") == ("failing", "down")
    assert seen() == ["BosunError('down')"]


# What they do wrong: the plugin's outcome stands, with a warning that names the extension

BEFORE = "@wrapper\ndef around_action(self, context):\n    {statement}\n    return (yield)"
AFTER = "@wrapper\ndef around_action(self, context):\n    outcome = yield\n    {statement}\n    return outcome"


@pytest.mark.parametrize("moment", [BEFORE, AFTER], ids=["before", "after"])
@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("raise ValueError('no')", "ValueError: no"),
        ("sys.exit(3)", "SystemExit: 3"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
    ids=["raises", "exits", "errs"],
)
def test_an_extension_that_raises_is_a_warning(bench: Bench, moment: str, statement: str, told: str) -> None:
    file = extend(bench, moment.format(statement=statement))

    assert bench.outcome(bench.plugin()) == (
        "warning",
        f"Sample plugin_start; extension watch failed in around_action: {told} ({file}:{line_of(file, statement)})",
    )


def test_a_veto_that_comes_too_late_is_a_warning(bench: Bench) -> None:
    statement = "raise ActionVetoed('no')"
    file = extend(bench, AFTER.format(statement=statement))

    assert bench.outcome(bench.plugin()) == (
        "warning",
        "Sample plugin_start; extension watch failed in around_action: "
        f"ActionVetoed: no ({file}:{line_of(file, statement)})",
    )


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("    yield\n    yield", "it yielded twice"),
        ("    if context is None:\n        yield", "it did not yield"),
    ],
    ids=["twice", "never"],
)
def test_an_extension_that_does_not_yield_once_is_a_warning(bench: Bench, body: str, problem: str) -> None:
    extend(bench, f"@wrapper\ndef around_action(self, context):\n{body}")

    assert bench.outcome(bench.plugin()) == (
        "warning",
        f"Sample plugin_start; extension watch failed in around_action: {problem}",
    )


@pytest.mark.parametrize("returned", ["None", "'mine'", "SEEN"])
def test_what_an_extension_returns_does_not_count(bench: Bench, returned: str) -> None:
    extend(bench, f"@wrapper\ndef around_action(self, context):\n    yield\n    return {returned}")

    assert bench.outcome(bench.plugin()) == ("passing", "Sample plugin_start")


def test_an_extension_that_swallows_the_plugins_error_does_not_hide_it(bench: Bench) -> None:
    extend(
        bench,
        "@wrapper\ndef around_action(self):\n    try:\n        yield\n    except BaseException:\n        return 'fine'",
    )
    path = bench.plugin("def pe_status(self):\n    raise BosunError('down')", head="from bosun_core import BosunError")

    assert bench.outcome(path, "pe_status") == ("failing", "down")


def test_an_observer_that_raises_is_one_warning_however_often(bench: Bench) -> None:
    file = extend(bench, "@observer\ndef action_progress(self, step, done, total):\n    raise ValueError('no')")
    path = bench.plugin(
        "def plugin_start(self):\n    [progress('copying', n) for n in range(9)]\n    return ok('done')",
        head="from bosun_core import progress",
    )

    number = line_of(file, "raise ValueError('no')")
    assert bench.outcome(path) == (
        "warning",
        f"done; extension watch failed in action_progress: ValueError: no ({file}:{number})",
    )


def test_two_extensions_fail_and_both_are_named(bench: Bench) -> None:
    extend(bench, "@wrapper\ndef around_action(self, context):\n    yield\n    yield", "one")
    extend(bench, "@wrapper\ndef plugin_start(self):\n    yield\n    yield", "two")

    status, message = bench.outcome(bench.plugin())

    assert status == "warning"
    assert sorted(message.split("; ")) == [
        "Sample plugin_start",
        "extension one failed in around_action: it yielded twice",
        "extension two failed in plugin_start: it yielded twice",
    ]


def test_a_failing_action_stays_failing_beside_a_failing_extension(bench: Bench) -> None:
    extend(bench, "@wrapper\ndef around_action(self, context):\n    yield\n    yield")
    path = bench.plugin("def plugin_start(self):\n    return ActionStatusInfo(ActionStatus.ERROR, 'down')")

    assert bench.outcome(path) == ("failing", "down; extension watch failed in around_action: it yielded twice")


# What no extension may be, in one line; the action runs without it


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (
            "def deployment_start(self, deployment_info):\n    return 'mine'",
            "extension watch: deployment_start is not marked; put @bosun_core.wrapper on it",
        ),
        (
            "@observer\ndef deployment_start(self, deployment_info):\n    return 'mine'",
            "extension watch: deployment_start would answer instead of the environment plugin; "
            "mark it with @bosun_core.wrapper and yield once in it",
        ),
        (
            "@wrapper\ndef deployment_start(self, deployment_info):\n    return 'mine'",
            "extension watch: deployment_start would answer instead of the environment plugin; "
            "mark it with @bosun_core.wrapper and yield once in it",
        ),
        (
            "@wrapper\ndef deployment_strat(self, deployment_info):\n    return (yield)",
            "extension watch wraps deployment_strat, which is no action; did you mean deployment_start?",
        ),
        (
            "@wrapper\ndef unlike_any(self):\n    return (yield)",
            "extension watch wraps unlike_any, which is no action; the hooks are plugin_start, plugin_stop, "
            "deployment_start, deployment_stop, deployment_replace_model, deployment_status, pe_status, "
            "deployment_list, deployment_relaunch, around_action, action_progress",
        ),
        (
            "@observer\ndef action_progres(self, step, done, total): ...",
            "extension watch wraps action_progres, which is no action; did you mean action_progress?",
        ),
        ("pass", "extension watch wraps nothing; put @bosun_core.wrapper on a method called around_action"),
        (
            "@wrapper\ndef around_action(self, one, two):\n    return (yield)",
            "Watch.around_action(one, two) cannot be called by the runner; declare it as around_action(self, context)",
        ),
        (
            "@observer\ndef action_progress(self, one):\n    pass",
            "Watch.action_progress(one) cannot be called by the runner; "
            "declare it as action_progress(self, step, done, total)",
        ),
    ],
    ids=[
        "unmarked",
        "observer",
        "no yield",
        "misspelt",
        "unlike any",
        "misspelt observer",
        "empty",
        "parameters",
        "too few",
    ],
)
def test_what_is_no_extension_is_one_line(bench: Bench, body: str, problem: str) -> None:
    extend(bench, body)

    assert bench.outcome(bench.plugin()) == ("warning", f"Sample plugin_start; {problem}")


def test_a_module_that_answers_an_action_is_no_extension(bench: Bench) -> None:
    text = f"{HEAD}@wrapper\ndef around_action():\n    return (yield)\ndef pe_status():\n    return 'mine'\n"
    bench.install("acme-watch", "1.0", {GROUP: {"watch": "watch_mod"}}, watch_mod=text)

    assert bench.outcome(bench.plugin()) == (
        "warning",
        "Sample plugin_start; extension watch: pe_status is not marked; put @bosun_core.wrapper on it",
    )


@pytest.mark.parametrize(
    ("target", "text", "cause"),
    [
        (
            "watch_mod",
            "import no_such_thing",
            "ModuleNotFoundError: No module named 'no_such_thing' ({site}/watch_mod.py:1)",
        ),
        ("watch_mod", "raise SystemExit(1)", "SystemExit: 1 ({site}/watch_mod.py:1)"),
        (
            "watch_mod:C",
            "class C:\n def __init__(self): 1 / 0",
            "ZeroDivisionError: division by zero ({site}/watch_mod.py:2)",
        ),
    ],
    ids=["import", "exit", "constructor"],
)
def test_an_extension_that_cannot_be_loaded_is_one_line(bench: Bench, target: str, text: str, cause: str) -> None:
    site = bench.install("acme-watch", "1.0", {GROUP: {"watch": target}}, watch_mod=text)

    status, message = bench.outcome(bench.plugin())

    assert status == "warning"
    assert message == (
        f"Sample plugin_start; extension watch (acme-watch 1.0) cannot be loaded: {cause.format(site=site)}"
        "; mend it, or leave it out with BOSUN_EXTENSIONS"
    )


def test_an_extension_that_is_not_in_its_module_is_one_line(bench: Bench) -> None:
    bench.install("acme-watch", "1.0", {GROUP: {"watch": "watch_mod:Missing"}}, watch_mod="")

    assert bench.outcome(bench.plugin()) == (
        "warning",
        "Sample plugin_start; extension watch (acme-watch 1.0): watch_mod has no Missing, "
        "which its entry point names; mend it",
    )


# Which of them take part


@pytest.mark.parametrize(
    ("limit", "taking_part"),
    [(None, ["one", "two"]), ("two", ["two"]), (" one , two ", ["one", "two"]), ("", []), (",", [])],
)
def test_bosun_extensions_limits_them(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, limit: str | None, taking_part: list[str]
) -> None:
    for name in ("one", "two"):
        extend(
            bench, f"@wrapper\ndef around_action(self):\n    sys.seen_here.append('{name}')\n    return (yield)", name
        )
    if limit is not None:
        monkeypatch.setenv("BOSUN_EXTENSIONS", limit)
    here: list[str] = []
    monkeypatch.setattr("sys.seen_here", here, raising=False)

    assert bench.outcome(bench.plugin()) == ("passing", "Sample plugin_start")
    assert sorted(here) == taking_part


def test_an_extension_that_is_left_out_is_not_imported(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.install("acme-watch", "1.0", {GROUP: {"watch": "watch_mod"}}, watch_mod="import no_such_thing")
    monkeypatch.setenv("BOSUN_EXTENSIONS", "")

    assert bench.outcome(bench.plugin()) == ("passing", "Sample plugin_start")


def test_an_unknown_name_in_bosun_extensions_is_a_warning(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOSUN_EXTENSIONS", "nowhere,elsewhere")

    assert bench.outcome(bench.plugin()) == (
        "warning",
        "Sample plugin_start; BOSUN_EXTENSIONS names extensions that are not installed: elsewhere, nowhere",
    )
