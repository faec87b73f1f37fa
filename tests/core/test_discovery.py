"""From the word after --plugin to a plugin class: by name, as a module, by path; absent and broken are told apart."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.core.conftest import Bench

PLUGINS = "bosun.plugins"


def listed(bench: Bench) -> dict[str, dict[str, Any]]:
    """Return the rows of --list-plugins --json by name."""
    run = bench.command("--list-plugins", "--json")
    assert (run.code, run.stderr) == (0, "")
    return {row["name"]: row for row in json.loads(run.stdout)}


# Found


def test_a_third_partys_plugin_is_found_by_name(bench: Bench) -> None:
    bench.install_third_party()

    run = bench.command("--plugin", "acme", "--action", "plugin_start")

    assert run.outcome == ("passing", "Acme is ready")


def test_an_alias_is_a_name_too(bench: Bench) -> None:
    bench.install_third_party()

    assert bench.outcome("acme-cloud") == ("passing", "Acme is ready")


def test_an_entry_point_may_name_the_class_in_its_module(bench: Bench, plugin_source: Callable[..., str]) -> None:
    two = plugin_source(name="One") + plugin_source(name="Two")
    bench.install("acme", "1.0", {PLUGINS: {"acme": "acme_mod:Two"}}, acme_mod=two)

    assert bench.outcome("acme") == ("passing", "Two plugin_start")


@pytest.mark.parametrize("word", ["acme_mod", "acme_package.inner"])
def test_a_module_is_a_plugin_without_any_entry_point(
    bench: Bench, plugin_source: Callable[..., str], word: str
) -> None:
    path = word.replace(".", "/")
    bench.install("acme", "1.0", {}, **{"acme_package/__init__": "", path: plugin_source()})

    assert bench.outcome(word) == ("passing", "Sample plugin_start")


@pytest.mark.parametrize(
    "word", ["sample_plugin/sample_plugin", "sample_plugin/sample_plugin.py", "./sample_plugin/sample_plugin"]
)
def test_a_path_is_a_plugin_with_and_without_its_suffix(bench: Bench, word: str) -> None:
    bench.plugin(file="sample_plugin/sample_plugin.py")

    assert bench.command("--plugin", word, "--action", "pe_status").outcome == ("passing", "Sample pe_status")


def test_a_file_in_the_working_directory_is_found_by_its_bare_name(bench: Bench) -> None:
    bench.plugin(file="mine.py")

    assert bench.command("--plugin", "mine", "--action", "pe_status").outcome == ("passing", "Sample pe_status")


def test_the_folder_of_a_path_is_importable(bench: Bench) -> None:
    bench.plugin("def plugin_start(self):\n    return ok(WORD)", head="from neighbour import WORD", file="sub/mine.py")
    (bench.folder / "sub" / "neighbour.py").write_text("WORD = 'from next door'")

    assert bench.outcome(str(bench.folder / "sub" / "mine")) == ("passing", "from next door")


def test_a_file_called_like_a_module_in_use_does_not_take_its_place(bench: Bench) -> None:
    path = bench.plugin("def plugin_start(self):\n    import json\n    return ok(json.dumps([1]))", file="json.py")

    assert bench.outcome(path) == ("passing", "[1]")


def test_an_installed_name_comes_before_a_module_of_that_name(bench: Bench, plugin_source: Callable[..., str]) -> None:
    bench.install(
        "acme", "1.0", {PLUGINS: {"both": "acme_mod"}}, acme_mod=plugin_source(name="Named"), both=plugin_source()
    )

    assert bench.outcome("both") == ("passing", "Named plugin_start")


# Not found


def test_an_absent_plugin_names_what_is_installed(bench: Bench) -> None:
    bench.install_third_party()

    status, message = bench.outcome("nowhere")

    assert status == "failing"
    assert message.startswith("no plugin, module or file nowhere; installed are acme, acme-cloud, ")
    assert message.endswith("; name one of them, or a path like folder/my_plugin.py")


def test_a_folder_is_no_plugin_but_its_module_may_be(bench: Bench) -> None:
    bench.plugin(file="sample_plugin/sample_plugin.py")

    assert bench.command("--plugin", "sample_folder/", "--action", "pe_status").status["status"] == "failing"
    (bench.folder / "sample_folder").mkdir()
    run = bench.command("--plugin", "sample_folder", "--action", "pe_status")
    assert run.outcome == (
        "failing",
        "plugin sample_folder is a folder; name the module in it, say sample_folder/sample_folder",
    )


def test_a_word_that_can_be_neither_name_nor_path_is_absent(bench: Bench) -> None:
    for word in ("", "a\0b", "a..b", ".", "x" * 5000):
        assert bench.outcome(word)[0] == "failing"


# Broken


def test_a_broken_plugin_is_listed_as_broken_and_disturbs_nobody(bench: Bench) -> None:
    bench.install_third_party()
    site = bench.install("acme-torn", "0.3", {PLUGINS: {"torn": "acme_torn"}}, acme_torn="import no_such_thing\n")

    rows = listed(bench)

    reason = (
        "plugin torn (acme-torn 0.3) does not import: ModuleNotFoundError: No module named 'no_such_thing' "
        f"({site}/acme_torn.py:1); mend or reinstall it"
    )
    assert {name: rows[name] for name in ("acme", "torn")} == {
        "acme": {
            "name": "acme",
            "aliases": ["acme-cloud"],
            "distribution": "bosun-acme",
            "version": "2.5.1",
            "broken": None,
        },
        "torn": {"name": "torn", "aliases": [], "distribution": "acme-torn", "version": "0.3", "broken": reason},
    }
    assert bench.outcome("acme") == ("passing", "Acme is ready")
    assert bench.outcome("torn") == ("failing", reason)


def test_the_table_of_plugins_says_which_are_broken(bench: Bench) -> None:
    bench.install("acme-torn", "0.3", {PLUGINS: {"torn": "acme_torn"}}, acme_torn="raise SystemExit(3)\n")

    run = bench.command("--list-plugins")

    lines = {line.split()[0]: line for line in run.stdout.splitlines()}
    assert lines["name"].split() == ["name", "aliases", "distribution", "version", "state"]
    assert "acme-torn" in lines["torn"]
    assert "broken: plugin torn (acme-torn 0.3) does not import: SystemExit: 3 (" in lines["torn"]
    assert lines["fs"].endswith("ok")


def test_what_a_plugin_prints_when_it_is_imported_is_no_part_of_the_list(
    bench: Bench, plugin_source: Callable[..., str]
) -> None:
    bench.install("acme", "1", {PLUGINS: {"acme": "acme_mod"}}, acme_mod="print('noise')\n" + plugin_source())

    run = bench.command("--list-plugins", "--json")

    assert "acme" in {row["name"] for row in json.loads(run.stdout)}
    assert run.stderr == "noise\n"


def test_a_name_that_two_distributions_claim_is_an_error_that_names_both(
    bench: Bench, plugin_source: Callable[..., str]
) -> None:
    bench.install("acme", "1.0", {PLUGINS: {"both": "acme_mod"}}, acme_mod=plugin_source())
    bench.install("rival", "2.0", {PLUGINS: {"both": "rival_mod"}}, rival_mod=plugin_source())

    reason = "plugin both is claimed by rival 2.0 and by acme 1.0; uninstall one"
    assert bench.outcome("both") == ("failing", reason)
    assert listed(bench)["both"]["broken"] == reason


def test_a_distribution_that_is_on_the_path_twice_claims_its_name_once(
    bench: Bench, plugin_source: Callable[..., str]
) -> None:
    bench.install("acme", "1.0", {PLUGINS: {"acme": "acme_mod"}}, acme_mod=plugin_source(name="Old"))
    bench.install("acme", "2.0", {PLUGINS: {"acme": "acme_mod"}}, acme_mod=plugin_source(name="New"))

    assert bench.outcome("acme") == ("passing", "New plugin_start")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("acme_gone", "does not import: ModuleNotFoundError: No module named 'acme_gone'; mend or reinstall it"),
        ("acme_mod:Missing", "acme_mod has no class Missing; its entry point names it"),
        ("acme_mod:WORD", "acme_mod has no class WORD; its entry point names it"),
    ],
)
def test_an_entry_point_that_leads_nowhere_is_a_broken_plugin(
    bench: Bench, plugin_source: Callable[..., str], target: str, reason: str
) -> None:
    bench.install("acme", "1.0", {PLUGINS: {"acme": target}}, acme_mod=plugin_source(head="WORD = 'no class'"))

    status, message = bench.outcome("acme")

    assert status == "failing"
    assert message.startswith("plugin acme (acme 1.0)")
    assert message.endswith(reason)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("import no_such_thing", "ModuleNotFoundError: No module named 'no_such_thing' ({path}:1)"),
        ("x = 1\nraise RuntimeError('at import')", "RuntimeError: at import ({path}:2)"),
        ("raise SystemExit('leaving')", "SystemExit: leaving ({path}:1)"),
        ("class Torn(\n", "SyntaxError: '(' was never closed ({path}:1)"),
    ],
)
def test_a_path_that_does_not_import_keeps_its_cause(bench: Bench, text: str, cause: str) -> None:
    path = bench.folder / "torn.py"
    path.write_text(text)

    reason = f"plugin {path} does not import: {cause.format(path=path)}; mend or reinstall it"
    assert bench.outcome(str(path)) == ("failing", reason)


def test_a_module_whose_package_does_not_import_is_broken_not_absent(bench: Bench) -> None:
    site = bench.install("acme", "1", {}, **{"torn/__init__": "import no_such_thing", "torn/plugin": ""})

    assert bench.outcome("torn.plugin") == (
        "failing",
        "plugin torn.plugin does not import: ModuleNotFoundError: No module named 'no_such_thing' "
        f"({site}/torn/__init__.py:1); mend or reinstall it",
    )


# The class in the module


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has no plugin class (no classes at all); inherit one from bosun_core.BosunPluginBase"),
        (
            "class Helper: pass\nclass Other: pass",
            "has no plugin class (classes found: Helper, Other); inherit one from bosun_core.BosunPluginBase",
        ),
        (
            "from bosun_core import BosunPluginBase",
            "has no plugin class (classes found: BosunPluginBase); inherit one from bosun_core.BosunPluginBase",
        ),
    ],
    ids=["nothing", "other classes", "only the imported base"],
)
def test_a_module_without_a_plugin_class_says_what_was_found(bench: Bench, text: str, reason: str) -> None:
    path = bench.folder / "empty.py"
    path.write_text(text)

    assert bench.outcome(str(path)) == ("failing", f"plugin {path} {reason}")


def test_a_module_with_two_plugin_classes_names_them(bench: Bench, plugin_source: Callable[..., str]) -> None:
    path = bench.folder / "two.py"
    path.write_text(plugin_source(name="One") + plugin_source(name="Two"))

    assert bench.outcome(str(path)) == (
        "failing",
        f"plugin {path} has several plugin classes: One, Two; keep one in the module",
    )


def test_a_class_that_lacks_a_method_is_told_which(bench: Bench) -> None:
    path = bench.plugin(without="deployment_list")

    assert bench.outcome(path) == (
        "failing",
        f"plugin {path}: class Sample lacks deployment_list; every plugin has these methods",
    )


def test_a_class_with_an_abstract_method_of_its_own_is_told_which(bench: Bench) -> None:
    path = bench.plugin("@abc.abstractmethod\ndef special(self): ...", head="import abc")

    assert bench.outcome(path) == (
        "failing",
        f"plugin {path}: class Sample lacks special; every plugin has these methods",
    )


def test_the_most_derived_class_is_the_plugin(bench: Bench, plugin_source: Callable[..., str]) -> None:
    path = bench.folder / "derived.py"
    path.write_text(
        plugin_source(name="Base") + "class Derived(Base):\n    def pe_status(self): return ok('derived')\n"
    )

    assert bench.outcome(str(path), "pe_status") == ("passing", "derived")


def test_an_imported_base_does_not_count_beside_a_class_of_ones_own(
    bench: Bench, plugin_source: Callable[..., str]
) -> None:
    bench.install("acme", "1.0", {}, elsewhere=plugin_source(name="Base") + plugin_source(name="Unrelated"))
    path = bench.plugin(head="from elsewhere import Base, Unrelated", base="Base")

    assert bench.outcome(path) == ("passing", "Sample plugin_start")


def test_a_class_that_is_only_imported_is_the_plugin_where_there_is_no_other(
    bench: Bench, plugin_source: Callable[..., str]
) -> None:
    bench.install("acme", "1.0", {}, elsewhere=plugin_source(name="Base"), shop="from elsewhere import Base")

    assert bench.outcome("shop") == ("passing", "Base plugin_start")


def test_one_class_under_two_names_is_one_class(bench: Bench) -> None:
    path = bench.plugin()
    with (bench.folder / "sample.py").open("a") as file:
        file.write("Alias = Sample\n")

    assert bench.outcome(path) == ("passing", "Sample plugin_start")


def test_a_class_with_another_base_and_all_the_methods_is_a_plugin(bench: Bench) -> None:
    path = bench.plugin(
        "def __init__(self, plugin_config, private_config_file, pe_info, dry_run):\n    self.dry = dry_run",
        base="object",
    )

    assert bench.outcome(path) == ("passing", "Sample plugin_start")


def test_a_class_with_another_base_is_relaunched_by_a_stop_and_a_start(bench: Bench) -> None:
    calls = (
        "def __init__(self, *args):\n    self.calls = []\n"
        "def deployment_stop(self, info):\n    self.calls.append('stop')\n    return ok()\n"
        "def deployment_start(self, info):\n    self.calls.append('start')\n    return ok(calls=self.calls)\n"
    )
    path = bench.plugin(calls, base="object")

    assert bench.act(path, "deployment_relaunch", {})["data"] == {"calls": ["stop", "start"]}


def test_a_constructor_that_the_runner_cannot_call_is_one_line(bench: Bench) -> None:
    path = bench.plugin("def __init__(self, plugin_config):\n    pass")

    assert bench.outcome(path) == (
        "failing",
        "Sample(plugin_config) cannot be constructed by the runner; "
        "declare __init__(self, plugin_config, private_config_file=None, pe_info=None, dry_run=False)",
    )


# What is imported, and what is not


def run_python(bench: Bench, code: str) -> tuple[list[str], set[str]]:
    """Run `code` in a process of its own; return its lines on stdout and the modules that it has imported."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules, sep='\\n', file=sys.stderr)"],
        env=bench.environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout.splitlines(), set(done.stderr.splitlines())


def test_running_one_plugin_imports_no_other(bench: Bench, plugin_source: Callable[..., str]) -> None:
    bench.install_third_party()
    bench.install("other", "1.0", {PLUGINS: {"other": "other_mod"}}, other_mod=plugin_source())

    code = "from bosun_core.runner import *\nprint(run_action(ActionRequest('acme', 'plugin_start'))['msg'])"
    lines, modules = run_python(bench, code)

    assert lines == ["Acme is ready"]
    assert "bosun_acme.plugin" in modules
    assert not {"other_mod", "bosun_fs", "bosun_test", "sample_plugin"} & modules


def test_the_list_of_actions_imports_neither_yaml_nor_pluggy_nor_a_plugin(bench: Bench) -> None:
    bench.install_third_party()

    lines, modules = run_python(bench, "from bosun_core.cli import main\nmain(['--list-actions'])")

    assert (
        not {"yaml", "pluggy", "msgspec", "rich", "logging", "importlib.metadata", "bosun_acme", "bosun_fs"} & modules
    )
    assert lines == [
        "plugin_start",
        "plugin_stop",
        "deployment_start",
        "deployment_stop",
        "deployment_replace_model",
        "deployment_status",
        "pe_status",
        "deployment_list",
        "deployment_relaunch",
    ]
