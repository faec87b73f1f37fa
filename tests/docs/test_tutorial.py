"""docs/write-a-plugin.md, typed as printed on a machine that has nothing but Python and the index."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.docs.conftest import Outcome, Pages

PAGE = Path(__file__).parents[2] / "docs/write-a-plugin.md"
ADDRESS = "http://127.0.0.1:8765/"


@pytest.fixture(scope="module")
def walked(pages: Pages, index: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    folder = tmp_path_factory.mktemp("tutorial")
    path = pages.bare_path(tmp_path_factory.mktemp("bin") / "bin")
    env = {**index.environment(), "PATH": path, "BOSUN_CONFORMANCE": "quick", "COLUMNS": "80"}
    for name in ("VIRTUAL_ENV", "UV_PUBLISH_URL", "UV_PUBLISH_USERNAME", "UV_PUBLISH_PASSWORD"):
        env.pop(name, None)
    return pages.walk(PAGE, folder, env, {ADDRESS: index.url})


def test_every_command_does_what_the_page_shows(walked: list[Outcome]) -> None:
    assert len(walked) > 20
    for outcome in walked:
        outcome.check()


def test_it_ends_with_the_authors_plugin_installed_from_the_index(walked: list[Outcome]) -> None:
    last = walked[-1]

    assert last.command.text.startswith("user/bin/bosun-plugin-runner --plugin shelf ")
    assert "status: passing" in last.output


def test_what_it_shows_of_the_written_files_is_in_them(pages: Pages, tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("bosun-new-plugin")
    subprocess.run([command, "shelf", "--directory", tmp_path], check=True, capture_output=True, timeout=60)
    written = "\n".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())

    shown = [
        content
        for language, content in pages.blocks(PAGE)
        if language == "toml" or content.startswith("class ShelfPlugin(EnvironmentPlugin):\n    contract_version")
    ]

    assert len(shown) == 3
    assert [line for content in shown for line in content.splitlines() if line not in written] == []


def test_it_has_a_green_report_card(walked: list[Outcome]) -> None:
    (run,) = [outcome for outcome in walked if "--report-card" in outcome.command.text]

    assert run.code == 0
    assert ", 0 broken" in run.output
