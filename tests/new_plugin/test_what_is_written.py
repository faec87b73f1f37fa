"""What `bosun-new-plugin` writes passes its own linter, its own types and the whole kit, as written."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import yaml
from bosun_core.contract import CONTRACT_VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from tests.new_plugin.conftest import Run, Written


def texts(folder: Path) -> dict[str, str]:
    """Return what git would keep: the text of each file by its path."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_it_is_a_whole_distribution(write: Callable[..., Run], tmp_path: Path) -> None:
    done = write("my-cloud", cwd=tmp_path)

    assert done == (
        0,
        "wrote bosun-my-cloud, 14 files, to bosun-my-cloud; next:\n"
        "  cd bosun-my-cloud\n  pip install --editable . --group dev\n  pytest\n",
        "",
    )
    found = texts(tmp_path / "bosun-my-cloud")
    assert sorted(found) == [
        ".github/workflows/ci.yml",
        ".github/workflows/release.yml",
        ".gitignore",
        "LICENSE",
        "README.md",
        "pyproject.toml",
        "src/bosun_my_cloud/__init__.py",
        "src/bosun_my_cloud/backend.py",
        "src/bosun_my_cloud/plugin.py",
        "src/bosun_my_cloud/py.typed",
        "src/bosun_my_cloud/settings.py",
        "tests/conftest.py",
        "tests/test_conformance.py",
        "tests/test_plugin.py",
    ]
    assert [path for path, text in found.items() if re.search(r"@\w+@", text)] == []
    assert [path for path, text in found.items() if path.startswith("src") and "CHANGE" in text] != []


def test_it_keeps_the_contract(kit: tuple[Run, str]) -> None:
    done, card = kit

    assert done.code == 0
    assert ", 0 broken (" in card


def test_its_readme_has_the_report_card_of_this_kit(written: Written, kit: tuple[Run, str]) -> None:
    card = kit[1].replace("profile quick", "profile default")

    assert card in (written.folder / "README.md").read_text(), f"put this into README.md.template:\n{card}"


@pytest.mark.parametrize("command", [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",)])
def test_it_passes_its_own_linter_and_types(written: Written, command: tuple[str, ...]) -> None:
    assert written.run(*command).code == 0


@pytest.mark.parametrize("name", ["x", "a-b", "a-rather-long-name-4-a-plugin1"])
@pytest.mark.parametrize("command", ["check", "format --check"])
def test_any_name_leaves_the_code_well_formatted(
    write: Callable[..., Run], run: Callable[..., Run], tmp_path: Path, name: str, command: str
) -> None:
    write(name, "--directory", "it", cwd=tmp_path)

    done = run(sys.executable, "-m", "ruff", *command.split(), "--no-cache", ".", cwd=tmp_path / "it")

    assert done.code == 0


def test_it_declares_the_contract_that_it_was_made_for(written: Written) -> None:
    plugin = (written.folder / "src/bosun_sample/plugin.py").read_text()

    assert f'    contract_version = "{CONTRACT_VERSION}"  #' in plugin


def test_its_runner_answers_to_the_name(written: Written) -> None:
    done = written.run("bosun-plugin-runner", "--plugin", "sample", "--gen-config")

    assert done.code == 0
    assert "\nfolder: " in done.stdout


def test_it_is_published_without_a_token(written: Written) -> None:
    release = yaml.safe_load((written.folder / ".github/workflows/release.yml").read_text())
    jobs = release["jobs"]

    assert release["permissions"] == {}
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "build": {"contents": "read"},
        "publish": {"id-token": "write"},
    }
    assert jobs["publish"]["environment"] == "pypi"
    assert "secrets." not in str(release)


def test_its_ci_runs_all_of_its_checks(written: Written) -> None:
    (job,) = yaml.safe_load((written.folder / ".github/workflows/ci.yml").read_text())["jobs"].values()
    commands = [step["run"] for step in job["steps"] if "run" in step]

    assert commands[2:6] == ["ruff check .", "ruff format --check .", "mypy", "pytest --report-card=report-card.md"]
