"""Plugins that cannot be used, or break the contract: blamed in one line; nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.bad_input.conftest import Stage

Source = Callable[..., str]

PLUGIN = "{tmp}/broken.py"
MEND = "mend or reinstall it"
INHERIT = "inherit one from bosun_core.BosunPluginBase"
DECLARE = "declare __init__(self, plugin_config, private_config_file=None, pe_info=None, dry_run=False)"
BUG = "this is a bug of the plugin: --log-level debug shows where"
DIED = "before it had a status; run it again with --log-level debug"
# What the module is made of, and the line.
MODULES = {
    "a syntax error": (
        "x = 1\nreturn x\n",
        f"plugin {PLUGIN} does not import: SyntaxError: 'return' outside function ({PLUGIN}:2); {MEND}",
    ),
    "a requirement that is missing": (
        "\nimport nonesuch\n",
        f"plugin {PLUGIN} does not import: ModuleNotFoundError: No module named 'nonesuch' ({PLUGIN}:2); {MEND}",
    ),
    "an exception": (
        "raise RuntimeError('no licence;\\n\\tbuy one')\n",
        f"plugin {PLUGIN} does not import: RuntimeError: no licence; buy one ({PLUGIN}:1); {MEND}",
    ),
    "an exception without a text": (
        "raise RuntimeError\n",
        f"plugin {PLUGIN} does not import: RuntimeError ({PLUGIN}:1); {MEND}",
    ),
    "sys.exit": (
        "import sys\nsys.exit(0)\n",
        f"plugin {PLUGIN} does not import: SystemExit: 0 ({PLUGIN}:2); {MEND}",
    ),
    "what is no exception": (
        "raise KeyboardInterrupt",
        f"plugin {PLUGIN} failed in plugin_start: KeyboardInterrupt ({PLUGIN}:1); {BUG}",
    ),
    "os._exit": ("import os\nos._exit(7)\n", f"the action's process ended with exit code 7 {DIED}"),
    "nothing": ("", f"plugin {PLUGIN} has no plugin class (no classes at all); {INHERIT}"),
    "other classes": (
        "class B: pass\nclass A: pass\n",
        f"plugin {PLUGIN} has no plugin class (classes found: A, B); {INHERIT}",
    ),
}


@pytest.mark.parametrize(("module", "line"), MODULES.values(), ids=MODULES)
def test_a_module_that_is_no_plugin_is_blamed(stage: Stage, module: str, line: str) -> None:
    path = stage.put("broken.py", module)
    stage.refused(*stage.command("plugin_start", plugin=path), line=line)


def test_two_plugin_classes_are_named(stage: Stage, plugin_source: Source) -> None:
    path = stage.put("broken.py", plugin_source(name="Two") + plugin_source(name="One"))
    line = f"plugin {PLUGIN} has several plugin classes: One, Two; keep one in the module"
    stage.refused(*stage.command("plugin_start", plugin=path), line=line)


@pytest.mark.parametrize("base", ["BosunPluginBase", "object"])
def test_a_method_that_is_missing_is_named(stage: Stage, plugin_source: Source, base: str) -> None:
    path = stage.put("broken.py", plugin_source(base=base, without="pe_status"))
    line = f"plugin {PLUGIN}: class Sample lacks pe_status; every plugin has these methods"
    stage.refused(*stage.command("plugin_start", plugin=path), line=line)


# The body of a class whose methods are right but for this one, and the line; `@` stands for where it stands.
BODIES = {
    "no arguments of a constructor": (
        "def __init__(self): pass",
        f"Sample() cannot be constructed by the runner; {DECLARE}",
    ),
    "an exception of the constructor": ("def __init__(self, *given): raise RuntimeError('no')", "RuntimeError: no @"),
    "sys.exit of the constructor": (
        "def __init__(self, *given): raise SystemExit(2)",
        f"plugin {PLUGIN} called sys.exit(2); it should return a status",
    ),
    "too many arguments": (
        "def plugin_start(self, one, two): return ok()",
        "Sample.plugin_start(one, two) cannot be called by the runner; declare it as plugin_start(self)",
    ),
    "a number for a method": (
        "plugin_start = 5",
        f"plugin {PLUGIN}: class Sample lacks plugin_start; every plugin has these methods",
    ),
    "async": (
        "async def plugin_start(self): return ok()",
        "Sample.plugin_start is declared with async def; declare it with def",
    ),
    "nothing returned": (
        "def plugin_start(self): pass",
        "Sample.plugin_start returned None instead of an ActionStatusInfo",
    ),
    "a text returned": (
        "def plugin_start(self): return 'ok'",
        "Sample.plugin_start returned 'ok' instead of an ActionStatusInfo",
    ),
    "a boolean returned": (
        "def plugin_start(self): return True",
        "Sample.plugin_start returned True instead of an ActionStatusInfo",
    ),
    "a generator": (
        "def plugin_start(self): yield ok()",
        "Sample.plugin_start returned an object of type generator instead of an ActionStatusInfo",
    ),
    "an unknown status": (
        "def plugin_start(self): return ActionStatusInfo('fine')",
        "Sample.plugin_start returned status 'fine', which is none of passing, warning, failing, unknown",
    ),
    "an unknown state": (
        "def plugin_start(self): return ActionStatusInfo(ActionStatus.OK, state='well')",
        "Sample.plugin_start returned state 'well', which is none of ready, stopped, errored, launching, "
        "replacingModel, shuttingDown, unknown",
    ),
    "a list for data": (
        "def plugin_start(self): return ActionStatusInfo(ActionStatus.OK, data=[1])",
        "Sample.plugin_start returned [1] as data instead of a dict",
    ),
    "a text for a duration": (
        "def plugin_start(self): return ActionStatusInfo(ActionStatus.OK, duration='1 s')",
        "Sample.plugin_start returned '1 s' as duration instead of a number",
    ),
    "data within itself": (
        "def plugin_start(self): own = {}; own['own'] = own; return ok(**own)",
        "Sample.plugin_start returned data that is nested deeper than 100 levels, or contains itself",
    ),
    "a number too long to write": (
        "def plugin_start(self): return ok(number=10 ** 5000)",
        "Sample.plugin_start returned a number of more than 4096 bits",
    ),
    "an exception": ("def plugin_start(self): raise KeyError('a')", "KeyError: 'a' @"),
    "an exception of two lines": (
        "def plugin_start(self): raise RuntimeError('one\\n  two\\x1b[31m')",
        "RuntimeError: one two [31m @",
    ),
    "an exception that has no text": (
        "def plugin_start(self): raise type('E', (Exception,), {'__str__': lambda self: self.missing})()",
        "E: E without a text @",
    ),
    "KeyboardInterrupt": ("def plugin_start(self): raise KeyboardInterrupt", "KeyboardInterrupt @"),
    "GeneratorExit": ("def plugin_start(self): raise GeneratorExit", "GeneratorExit @"),
    "its own kind of exit": ("def plugin_start(self): raise type('End', (BaseException,), {})('over')", "End: over @"),
    "endless recursion": (
        "def plugin_start(self): self.plugin_start()",
        "RecursionError: maximum recursion depth exceeded @",
    ),
    "sys.exit": (
        "def plugin_start(self): raise SystemExit('bye')",
        f"plugin {PLUGIN} called sys.exit('bye'); it should return a status",
    ),
    "os._exit": (
        "def plugin_start(self): import os; os._exit(0)",
        f"the action's process ended with exit code 0 {DIED}",
    ),
    "a crash": (
        "def plugin_start(self): import os; os.abort()",
        f"the action's process was killed by SIGABRT {DIED}",
    ),
}


@pytest.mark.parametrize(("body", "line"), BODIES.values(), ids=BODIES)
def test_a_plugin_that_breaks_the_contract_is_blamed(stage: Stage, plugin_source: Source, body: str, line: str) -> None:
    source = plugin_source(body)
    path = stage.put("broken.py", source)
    if line.endswith("@"):
        place = f"({PLUGIN}:{source.splitlines().index('    ' + body) + 1})"
        line = f"plugin {PLUGIN} failed in plugin_start: {line.replace('@', place)}; {BUG}"
    stage.refused(*stage.command("plugin_start", plugin=path), line=line)
