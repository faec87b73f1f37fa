"""A module imports only what stands below it: there is no way round from a module back to itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = sorted(path.parent.name for path in ROOT.glob("bosun_*/pyproject.toml"))


def modules(source: Path) -> dict[str, Path]:
    """The modules of a distribution by their dotted names; what it writes for others as a template is none."""
    files = [file for file in source.rglob("*.py") if "template" not in file.parts]
    return {".".join(file.relative_to(source).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


def imported(node: ast.AST) -> Iterator[str]:
    """What is imported somewhere below a node, but for what types alone need."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from imported(child)


@pytest.mark.parametrize("folder", DISTRIBUTIONS)
def test_imports_lead_one_way(folder: str) -> None:
    found = modules(ROOT / folder / "src")
    # A package's own list of names stands above what it names.
    below = {
        name: {
            one for one in imported(ast.parse(file.read_text())) if one in found and found[one].name != "__init__.py"
        }
        for name, file in found.items()
    }

    try:
        order = list(TopologicalSorter(below).static_order())
    except CycleError as error:
        pytest.fail(f"modules import each other: {' -> '.join(error.args[1])}")

    assert set(order) == set(found)
