"""What a user sees where plugin and core do not fit: pip's lines before, and the runner's one line after."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from tests.index_walk.conftest import Clean


PAGE = (Path(__file__).parents[2] / "docs/write-a-plugin.md").read_text()


def told(user: Clean) -> tuple[str, str]:
    """Return status and message of the runner on the plugin."""
    status = yaml.safe_load(user.runner("--plugin", "sample", "--action", "pe_status").stdout)
    return status["status"], status["msg"]


def test_pip_refuses_a_plugin_that_needs_a_newer_core_than_there_is(
    published: Any, later: Any, clean: Callable[[Any], Clean]
) -> None:
    user = clean(later)

    done = user.pip("install", "bosun-sample==2.0.0", "bosun-core<1")

    assert done.code == 1
    shown = (
        "The conflict is caused by:\n"
        "    The user requested bosun-core<1\n"
        "    bosun-sample 2.0.0 depends on bosun-core<3 and >=2.0\n"
    )
    assert shown in done.stdout
    assert shown in PAGE


def test_a_plugin_for_a_newer_contract_tells_its_user_to_upgrade_core(
    later: Any, clean: Callable[[Any], Clean]
) -> None:
    user = clean(later)
    user.pip("install", "bosun-core<1")
    user.pip("install", "--no-deps", "bosun-sample==2.0.0")

    line = (
        "plugin sample (bosun-sample 2.0.0) was made for contract 2.0, bosun-core 0.1.0 implements 1.0; "
        "run: pip install --upgrade bosun-core"
    )
    assert told(user) == ("failing", line)
    assert f"\n{line}\n" in PAGE
    user.pip("install", "--upgrade", "bosun-core")
    assert told(user)[0] == "failing"  # the private configuration is missing: the plugin itself was asked
    assert told(user)[1].startswith("the private configuration (no --private-config given): folder is missing")


def test_upgrading_core_under_an_older_plugin_is_told_by_pip_and_by_the_runner(
    later: Any, clean: Callable[[Any], Clean]
) -> None:
    user = clean(later)
    user.pip("install", "bosun-sample<1")

    upgraded = user.pip("install", "--upgrade", "bosun-core")

    shown = "bosun-sample 0.1.0 requires bosun-core<1,>=0.1, but you have bosun-core 2.0.0 which is incompatible.\n"
    assert shown in upgraded.stderr
    assert shown in PAGE
    line = (
        "plugin sample (bosun-sample 0.1.0) was made for contract 1.0, which bosun-core 2.0.0 no longer supports; "
        "upgrade the plugin, or run: pip install 'bosun-core<2.0'"
    )
    assert told(user) == ("failing", line)
    assert f"\n{line}\n" in PAGE
    assert user.pip("install", "bosun-core<2.0").code == 0
    assert told(user)[1].startswith("the private configuration (no --private-config given): folder is missing")
