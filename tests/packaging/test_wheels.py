"""Each distribution as its users get it: the wheel, alone in a clean environment."""

from __future__ import annotations

import email
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.packaging.conftest import Distribution, Environment, Install

THIRD_PARTY = Path(__file__).parents[1] / "fixtures" / "third_party" / "bosun_acme"

IMPORT_ALL = """
import importlib, pkgutil, sys, {module}
left_out = {left_out!r}
names = [found.name for found in pkgutil.walk_packages({module}.__path__, "{module}.", onerror=lambda name: None)]
for name in ["{module}", *names]:
    if not any(name == outside or name.startswith(outside + ".") for outside in left_out):
        importlib.import_module(name)
        print(name)
"""


def files_of(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def sources_of(distribution: Distribution) -> set[str]:
    source = distribution.folder / "src"
    files = {file.relative_to(source) for file in source.rglob("*") if file.is_file()}
    return {str(file) for file in files if "__pycache__" not in file.parts}


# What is in a wheel


def test_a_wheel_holds_the_sources_and_nothing_else(distribution: Distribution, wheels: dict[str, Path]) -> None:
    wheel = wheels[distribution.name]
    metadata = f"{distribution.module}-{distribution.project['version']}.dist-info"

    files = files_of(wheel)

    assert {file for file in files if not file.startswith(metadata)} == sources_of(distribution)
    assert f"{distribution.module}/py.typed" in files
    assert f"{metadata}/licenses/LICENSE" in files


def test_a_wheel_describes_itself_by_the_readme(distribution: Distribution, wheels: dict[str, Path]) -> None:
    with zipfile.ZipFile(wheels[distribution.name]) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(archive.read(name))

    assert (metadata["License-Expression"], metadata["Requires-Python"]) == ("Apache-2.0", ">=3.11")
    body = metadata.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode().strip() == (distribution.folder / "README.md").read_text().strip()


def test_the_license_of_a_distribution_is_that_of_the_project(distribution: Distribution) -> None:
    root = THIRD_PARTY.parents[3]

    assert (distribution.folder / "LICENSE").read_text() == (root / "LICENSE").read_text()


# What an installation brings


def test_a_distribution_brings_the_runner_and_its_own_plugins(distribution: Distribution, alone: Environment) -> None:
    words = sorted(distribution.plugins(), key=lambda word: (len(word), word))
    row = {
        "name": words[0] if words else "",
        "aliases": words[1:],
        "distribution": distribution.name,
        "version": distribution.project["version"],
        "broken": None,
    }

    assert alone.plugins() == ([row] if words else [])


def test_what_a_distribution_declares_is_enough_to_import_all_of_it(
    distribution: Distribution, alone: Environment, install: Install
) -> None:
    # What needs an extra is the subpackage of that name.
    optional = [f"{distribution.module}.{extra}" for extra in distribution.extras()]
    alone.python(IMPORT_ALL.format(module=distribution.module, left_out=optional))
    if not optional:
        return
    requirement = f"{distribution.name}[{','.join(distribution.extras())}]"
    whole = install(f"{distribution.name}-with-extras", [requirement])

    imported = whole.python(IMPORT_ALL.format(module=distribution.module, left_out=[])).split()

    assert set(optional) <= set(imported)


def test_a_distribution_brings_no_other_of_ours_than_core(
    distribution: Distribution, alone: Environment, wheels: dict[str, Path]
) -> None:
    ours = {name for name in alone.installed() if name in wheels}

    assert ours == {"bosun-core", distribution.name}


def test_the_installed_packages_fit_each_other(alone: Environment, distribution: Distribution) -> None:
    alone.check()


def test_the_runner_tells_the_version_of_core(install: Install, workspace: dict[str, Distribution]) -> None:
    environment = install("bosun-core", ["bosun-core"])

    version = workspace["bosun-core"].project["version"]
    assert environment.run("bosun-plugin-runner", "--version") == f"bosun-plugin-runner {version}\n"


def test_an_absent_plugin_of_ours_names_the_package_that_brings_it(install: Install, tmp_path: Path) -> None:
    environment = install("without-plugins", ["bosun-core"])
    place = environment.python("import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    Path(place, "kubernetes.py").touch()  # the client's module of that name is no plugin
    status = tmp_path / "status.yaml"

    printed = environment.run(
        "bosun-plugin-runner", "--plugin", "kubernetes", "--action", "pe_status", "--status-file", str(status)
    )

    assert printed == ""
    assert "msg: 'plugin kubernetes is not installed; run: pip install bosun-k8s'" in status.read_text()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="the oldest versions have wheels for Python 3.11 only")
def test_the_oldest_versions_that_core_declares_do(
    install: Install, workspace: dict[str, Distribution], tmp_path: Path
) -> None:
    declared = workspace["bosun-core"].project["dependencies"]
    environment = install("oldest", ["bosun-fs", *(requirement.replace(">=", "==") for requirement in declared)])
    settings = tmp_path / "fs.yaml"
    settings.write_text(f"baseDir: {tmp_path}\n")
    arguments = ("--plugin", "fs", "--action", "pe_status", "--private-config", str(settings), "--exit-codes")

    environment.run("bosun-plugin-runner", *arguments)
    environment.run("bosun-plugin-runner", "--plugin", "fs", "--schema")
    environment.run("bosun-plugin-runner", "--print-completion", "bash")
    environment.python("from bosun_core.terminal import print_status, progress_bar; progress_bar()")


def test_a_third_partys_plugin_needs_nothing_but_core(install: Install) -> None:
    environment = install("third-party", [str(THIRD_PARTY)])

    assert environment.plugins() == [
        {
            "name": "acme",
            "aliases": ["acme-cloud"],
            "distribution": "bosun-acme",
            "version": "2.5.1",
            "broken": None,
        }
    ]
    status = environment.run("bosun-plugin-runner", "--plugin", "acme", "--action", "plugin_start", "--exit-codes")
    assert "msg: Acme is ready\n" in status


# What the distributions agree on


def test_all_distributions_have_one_version(workspace: dict[str, Distribution]) -> None:
    versions = {name: member.project["version"] for name, member in workspace.items()}

    assert len(set(versions.values())) == 1, versions


def test_a_plugin_requires_a_core_of_its_own_kind(distribution: Distribution) -> None:
    major, minor = distribution.project["version"].split(".")[:2]

    requirements = [text for text in distribution.project["dependencies"] if text.startswith("bosun-core")]

    assert requirements == (
        [] if distribution.name == "bosun-core" else [f"bosun-core>={major}.{minor},<{int(major) + 1}"]
    )
