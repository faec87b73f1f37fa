"""Words after `--plugin` and `--action` that name nothing: told in one line with what there is; nothing is changed."""

from __future__ import annotations

import os
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.bad_input.conftest import Stage

INSTALLED = ", ".join(sorted({entry_point.name for entry_point in entry_points(group="bosun.plugins")}))
HINT = f"installed are {INSTALLED}; name one of them, or a path like folder/my_plugin.py"
INHERIT = "inherit one from bosun_core.BosunPluginBase"
# The word, and the line.
PLUGINS = {
    "a word": ("nonesuch", f"no plugin, module or file nonesuch; {HINT}"),
    "another case": ("FS", f"no plugin, module or file FS; {HINT}"),
    "a dotted name": ("nonesuch.plugin", f"no plugin, module or file nonesuch.plugin; {HINT}"),
    "a path": ("{tmp}/none.py", f"no plugin, module or file {{tmp}}/none.py; {HINT}"),
    "a path below a file": ("{tmp}/package/x", f"no plugin, module or file {{tmp}}/package/x; {HINT}"),
    "a file of another kind": ("{tmp}/package", f"no plugin, module or file {{tmp}}/package; {HINT}"),
    "a folder": ("{tmp}/base", "plugin {tmp}/base is a folder; name the module in it, say {tmp}/base/base"),
    "a device": ("/dev/null", f"no plugin, module or file /dev/null; {HINT}"),
    "a long name": ("x" * 300, f"no plugin, module or file {'x' * 300}; {HINT}"),
    "a name of 5,000 characters": ("x" * 5_000, f"no plugin, module or file {'x' * 5_000}; {HINT}"),
    "an umlaut": ("größe", f"no plugin, module or file größe; {HINT}"),
    "two lines": ("a\nb", f"no plugin, module or file a b; {HINT}"),
    "an expression": ("*", f"no plugin, module or file *; {HINT}"),
    "a module of Python": (
        "json",
        f"plugin json has no plugin class (classes found: JSONDecodeError, JSONDecoder, JSONEncoder); {INHERIT}",
    ),
    "a module without a class": ("keyword", f"plugin keyword has no plugin class (no classes at all); {INHERIT}"),
}


@pytest.mark.parametrize(("word", "line"), PLUGINS.values(), ids=PLUGINS)
def test_a_word_that_names_no_plugin_is_refused(stage: Stage, word: str, line: str) -> None:
    stage.refused(*stage.command("plugin_start", "--plugin", word), line=line)


def test_a_word_that_is_no_text_is_refused(stage: Stage) -> None:
    command = [*map(os.fsencode, stage.command("plugin_start")), b"--plugin", b"\xff\xfe"]
    stage.refused(*command, line=rf"no plugin, module or file \udcff\udcfe; {HINT}")


# The word, and the line.
ACTIONS = {
    "a word": ("begin", "unknown action begin; --list-actions shows them all"),
    "letters exchanged": ("deployment_strat", "unknown action deployment_strat; did you mean deployment_start?"),
    "a hyphen": ("plugin-start", "unknown action plugin-start; did you mean plugin_start?"),
    "a method that is no action": ("__init__", "unknown action __init__; --list-actions shows them all"),
    "a hook that is no action": ("around_action", "unknown action around_action; --list-actions shows them all"),
    "two lines": ("a\nb", "unknown action a b; --list-actions shows them all"),
}


@pytest.mark.parametrize(("word", "line"), ACTIONS.values(), ids=ACTIONS)
def test_a_word_that_names_no_action_is_refused(stage: Stage, word: str, line: str) -> None:
    stage.refused(*stage.command(word), line=line)
