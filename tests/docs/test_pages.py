"""The hand-written pages: links lead somewhere, and what they say of the code is in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from bosun_core.actions import ACTIONS
from bosun_core.errors import ExitCode
from bosun_core.options import parser
from bosun_core.status import ActionStatus, DeploymentState, failing, to_document

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DISTRIBUTIONS = ("bosun_core", "bosun_fs", "bosun_docker", "bosun_k8s", "bosun_test")
SOURCES = [path for folder in DISTRIBUTIONS for path in (ROOT / folder / "src").rglob("*.py")]
PAGES = [
    page
    for pattern in ("README.md", "docs/*.md", "bosun_*/README.md", "examples/**/README.md")
    for page in sorted(ROOT.glob(pattern))
    if ".venv" not in page.parts
]


def text_of(page: Path) -> str:
    """Return a page without its code blocks, in which nothing is a link or a heading."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return what `#...` may name in a page: its headings as GitHub turns them into anchors."""
    headings = re.findall(r"^#+ (.*)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        target, _, anchor = link.partition("#")
        file = (page.parent / target).resolve() if target else page
        if not link.startswith("http") and (not file.exists() or (anchor and anchor not in anchors(file))):
            broken.append(link)
    assert broken == []


def test_the_index_names_every_page() -> None:
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", (DOCS / "README.md").read_text()))
    assert linked == {page.name for page in DOCS.glob("*.md")} - {"README.md"}


def test_every_flag_of_the_command_line_is_in_the_docs() -> None:
    words = set(re.findall(r"--[a-z-]+", "".join(page.read_text() for page in DOCS.glob("*.md"))))
    flags = {flag for action in parser()._actions for flag in action.option_strings if flag.startswith("--")}
    assert flags - words == set()


def test_the_docs_name_no_flag_that_the_runner_does_not_know() -> None:
    flags = {flag for action in parser()._actions for flag in action.option_strings}
    commands = re.findall(r"bosun-plugin-runner (.*)", "".join(page.read_text() for page in PAGES))
    used = {word for command in commands for word in re.findall(r"(?<!\w)--[a-z-]+", command)}
    assert used - flags == set()


def test_every_action_is_described() -> None:
    headings = re.findall(r"^## (\w+)$", (DOCS / "actions.md").read_text(), re.MULTILINE)
    assert headings == list(ACTIONS)


def test_the_status_page_names_every_key_word_and_exit_code() -> None:
    page = (DOCS / "status.md").read_text()
    rows = dict(re.findall(r"^\| (\d+) \| (\w+)", page, re.MULTILINE))
    words = {str(code.value): code.name.lower() for code in ExitCode if code is not ExitCode.USAGE}
    assert rows == {**words, str(ExitCode.USAGE.value): "the"}
    named = set(re.findall(r"`(\w+)`", page))
    wanted = {
        *to_document(failing("x")),
        *(status.value for status in ActionStatus),
        *(s.value for s in DeploymentState),
    }
    assert wanted - named == set()


def texts() -> Iterator[str]:
    """Yield each text of the sources, what an f-string fills in as `<>`."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.JoinedStr):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "<>" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_every_line_in_troubleshooting_can_come_from_the_code() -> None:
    lines = re.findall(r"^### `(.*)`$", (DOCS / "troubleshooting.md").read_text(), re.MULTILINE)
    assert len(lines) > 20
    known = "\n".join(texts())
    pieces = [piece.strip(" :,()") for line in lines for piece in re.split(r"<[^>]+>|;", line)]
    assert [piece for piece in pieces if piece not in known] == []
