"""The page docs/reference.md: signatures and docstrings of the public names, read from the source."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import NamedTuple

from bosun_test.conformance.report import in_words

import bosun_core
from bosun_core import answers, lifecycle, runner
from bosun_test import conformance

_WIDTH = 100
_SETTING = re.compile(r"Annotated\[(?P<kind>.*?), described\('(?P<text>[^']*)'.*\)\]")

INTRODUCTION = """\
# Reference

What authors of plugins and extensions may import, and count on as long as the contract's major version stays
([write-a-plugin.md](write-a-plugin.md#the-contract-and-its-version)). Whatever is not here may change at any time.
"""


PROMISES = """\
## The promises

What the kit tests, each a test of that name in `Conformance`. Whoever cannot keep one declares it in `not_kept`.
"""


class Group(NamedTuple):
    """One part of the page: its heading, what stands below it, and where its names are imported from."""

    heading: str
    about: str
    module: ModuleType
    names: Sequence[str]


GROUPS = (
    Group("A plugin", "", bosun_core, ("BosunPluginBase", "CONTRACT_VERSION")),
    Group(
        "A plugin on the lifecycle",
        "`from bosun_core import EnvironmentPlugin`; the rest from `bosun_core.lifecycle`. The plugin returns a "
        "backend, and the lifecycle has the actions.",
        lifecycle,
        (
            "EnvironmentPlugin", "Backend", "RecordBackend", "Observed", "Served", "Request", "Desired", "Difference",
            "Step", "SKIPPED", "StepWarning", "Change", "Lock", "FILE_LOCK", "Preflight", "Survey", "read_record",
            "NothingKept",
        ),
    ),
    Group("What an action is given", "", bosun_core, ("DeploymentInfo", "PEInfo")),
    Group("What it returns", "", bosun_core, ("ActionStatusInfo", "ActionStatus", "DeploymentState")),
    Group(
        "Standard answers",
        "The contract's answers in the same words for every environment: `from bosun_core import answers`.",
        answers,
        (
            "DeploymentEntry", "already_serves", "stopped", "already_stopped", "unknown_deployment", "nothing_kept",
            "planned", "with_warnings", "list_of", "environment_status", "nothing_seen", "old_model_in_use",
        ),
    ),
    Group(
        "Errors",
        "What a plugin raises for a user to mend. Any other exception is told as a bug of the plugin.",
        bosun_core,
        ("BosunError", "ConfigurationError", "InvalidRequest", "EnvironmentFailure", "Interruption"),
    ),
    Group("Private configuration", "", bosun_core, ("Settings", "described")),
    Group(
        "Helpers",
        "",
        bosun_core,
        (
            "environment_id", "explained", "leased", "local_artifact", "locked", "progress", "slug_with_hash",
            "uninterrupted", "write_whole",
        ),
    ),
    Group(
        "Extensions",
        "[extensions.md](extensions.md) shows them at work.",
        bosun_core,
        ("ActionContext", "ActionVetoed", "observer", "wrapper"),
    ),
    Group(
        "Running an action in a test",
        "`from bosun_core.runner import ActionRequest, run_action`.",
        runner,
        ("ActionRequest", "run_action"),
    ),
    Group(
        "The conformance kit",
        "`bosun_test.conformance`, with the extra `bosun-test[conformance]`. "
        "The pytest plugin `bosun_test.conformance.report` prints the report card.",
        conformance,
        tuple(conformance.__all__),
    ),
)  # fmt: skip


class Name(NamedTuple):
    """One name as its module defines it: the statement, and the docstring of what has none of its own."""

    node: ast.stmt
    doc: str
    module: ModuleType


def page() -> Iterator[str]:
    """Yield the parts of the page."""
    yield INTRODUCTION
    for group in GROUPS:
        yield f"## {group.heading}\n"
        if group.about:
            yield group.about + "\n"
        for name in group.names:
            yield from (f"### {name}\n", *_entry(_found(group.module, name), name))
    yield PROMISES
    yield from _promises()


def _found(module: ModuleType, name: str) -> Name:
    """Find where a name is defined: in the module itself, or in the one that it comes from."""
    homes: dict[str, str] = getattr(module, "_HOMES", {})
    if name in homes:
        module = importlib.import_module(f"bosun_core.{homes[name]}")
    for statement in ast.parse(inspect.getsource(module)).body:
        if isinstance(statement, ast.ImportFrom) and name in {alias.name for alias in statement.names}:
            module = importlib.import_module(str(statement.module))
    for found in _statements(ast.parse(inspect.getsource(module)).body, module):
        if _name(found.node) == name:
            return found
    raise LookupError(f"{module.__name__} does not define {name}")


def _statements(body: Sequence[ast.stmt], module: ModuleType) -> Iterator[Name]:
    """Yield the statements of a body, each with its docstring: its own, or the text that follows an assignment."""
    for node, following in zip(body, [*body[1:], ast.Pass()], strict=True):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield Name(node, ast.get_docstring(node) or "", module)
        elif isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            yield Name(node, inspect.cleandoc(str(following.value.value)), module)
        else:
            yield Name(node, "", module)


def _name(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    return target.id if isinstance(target, ast.Name) else ""


def _entry(found: Name, name: str) -> Iterator[str]:
    if isinstance(found.node, ast.ClassDef):
        yield from _class(found)
        return
    signature = _signature(found.node) if isinstance(found.node, ast.FunctionDef) else name
    yield f"```python\n{_wrapped(signature)}\n```\n\n{_prose(found.doc)}\n"


def _class(found: Name) -> Iterator[str]:
    assert isinstance(found.node, ast.ClassDef)
    members = list(_members(found.node, found.module))
    constructor = [member.node for member in members if _name(member.node) == "__init__"]
    arguments = _arguments(constructor[0]) if constructor and isinstance(constructor[0], ast.FunctionDef) else None
    bases = ", ".join(base for base in map(ast.unparse, found.node.bases) if not base.startswith("_"))
    head = f"class {found.node.name}({arguments if arguments is not None else bases})".replace("()", "")
    yield f"```python\n{_wrapped(head)}\n```\n\n{_prose(found.doc)}\n"
    rows = [_member(member) for member in members if not _name(member.node).startswith("_")]
    if any(rows):
        yield "Members:\n"
        yield "\n".join(filter(None, rows)) + "\n"


def _members(node: ast.ClassDef, module: ModuleType) -> Iterator[Name]:
    """Yield the members of a class, after those of its private bases in the same module."""
    tops = {_name(top): top for top in ast.parse(inspect.getsource(module)).body}
    for base in map(ast.unparse, node.bases):
        above = tops.get(base.partition("[")[0])
        if base.startswith("_") and isinstance(above, ast.ClassDef):
            yield from _members(above, module)
    yield from _statements(node.body, module)


def _member(member: Name) -> str:
    node = member.node
    text = " ".join(_prose(member.doc).replace("\n- ", " ").split())
    if isinstance(node, ast.FunctionDef):
        if not text:  # said where it is declared first
            return ""
        decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
        kind = f"{node.name}: {ast.unparse(node.returns)}" if "property" in decorators and node.returns else ""
        return f"- `{kind or _signature(node)}`  \n  {text}"
    if isinstance(node, ast.AnnAssign) and (setting := _SETTING.fullmatch(ast.unparse(node.annotation))):
        return f"- `{_name(node)}: {setting['kind']}`  \n  {setting['text']}"
    if isinstance(node, ast.AnnAssign | ast.Assign):
        return f"- `{ast.unparse(node)}`" + (f"  \n  {text}" if text else "")
    return ""


def _signature(node: ast.FunctionDef) -> str:
    returns = ast.unparse(node.returns) if node.returns else "None"
    if any("contextmanager" in ast.unparse(decorator) for decorator in node.decorator_list):
        returns = re.sub(r"^Iterator\[", "AbstractContextManager[", returns)
    return f"{node.name}({_arguments(node)}) -> {returns}"


def _arguments(node: ast.FunctionDef) -> str:
    """Return the parameters as they are written by hand: ast.unparse leaves no space around `=`."""
    given = node.args
    defaults = [None] * (len(given.args) - len(given.defaults)) + list(given.defaults)
    shown = [_argument(*pair) for pair in zip(given.args, defaults, strict=True) if pair[0].arg != "self"]
    if given.vararg or given.kwonlyargs:
        shown.append(f"*{_argument(given.vararg, None) if given.vararg else ''}")
    shown += [_argument(*pair) for pair in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    return ", ".join(shown)


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    text = ast.unparse(argument)
    return text if default is None else f"{text} = {ast.unparse(default)}"


def _wrapped(signature: str) -> str:
    """Return a signature with one parameter a line where it is too long for one."""
    head, opening, rest = signature.partition("(")
    arguments, closing, returns = rest.rpartition(")")
    if len(signature) <= _WIDTH or not arguments:
        return signature
    parts = re.split(r", (?=\w+: |\*)", arguments)
    return "\n".join([f"{head}{opening}", *(f"    {part}," for part in parts), f"{closing}{returns}"])


def _prose(doc: str) -> str:
    """Return a docstring as Markdown: sections like `Raises:` become lists."""
    parts = re.split(r"^(Args|Raises|Returns):\n", doc, flags=re.MULTILINE)
    lines = [parts[0].strip()]
    for label, body in zip(parts[1::2], parts[2::2], strict=True):
        entries, _, rest = body.partition("\n\n")
        items = re.split(r"\n(?=\S)", textwrap.dedent(entries).strip())
        lines += ["", f"{label}:", ""] + ["- " + _labelled(" ".join(item.split())) for item in items]
        if rest.strip():
            lines += ["", rest.strip()]
    return "\n".join(lines).strip()


def _labelled(item: str) -> str:
    name, colon, text = item.partition(": ")
    return f"`{name}`: {text}" if colon else item


def _promises() -> Iterator[str]:
    """Yield the promises that the kit tests, by suite."""
    for suite in conformance.Conformance.__bases__:
        names = [name for name in vars(suite) if name.startswith("test_")]
        yield f"{(inspect.getdoc(suite) or '').splitlines()[0]}\n"
        yield "\n".join(f"- {in_words(name)}" for name in names) + "\n"
