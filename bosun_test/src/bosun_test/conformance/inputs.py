"""Promises about what comes from outside: ids, names, configuration, dry runs."""

from __future__ import annotations

from typing import Any

import pytest

from bosun_test.conformance.base import Promises
from bosun_test.conformance.driving import Driver
from bosun_test.conformance.environment import Environment

# Each is a valid id, and a trap somewhere: case, YAML's numbers, dates and booleans, length, names with a meaning. The
# most telling come first: a profile may try only so many.
HOSTILE_IDS = (
    "Case", "case", "0777", "a" * 128, "a" * 127 + "b", "a_b", "a-b", "a.b", "no", "con", "1e5", "2024-01-01",
    "612345678901234567890123", "true", "0x2345", "x.lock", "x.tmp", "a..b", "_", "0",
)  # fmt: skip
REFUSED_IDS = (
    "",
    ".",
    "..",
    "../x",
    "/etc",
    "a/b",
    "a b",
    "-rf",
    "a\0b",
    "a\nb",
    "ünïcode",
    "a" * 129,
    "{{a}}",
    "$(a)",
)
HOSTILE_TEXT = '../../x\n{{ env "HOME" }} `id` $(id) \'quote" \u202e ünïcode'


class Inputs(Promises):
    """Ids, free text, unknown keys and dry runs."""

    def test_hostile_ids_work_and_never_collide(self, driver: Driver) -> None:
        names = HOSTILE_IDS[: driver.profile.hostile_ids]
        models = dict(zip(names, reversed(names), strict=True))
        for name, model in models.items():
            driver.start(name, model, package="A")
        driver.expect_clean(models, "every id that the rule accepts is a deployment of its own")
        listed = driver.run("deployment_list")["data"]
        driver.expect(sorted(listed), sorted(models), "the list has them as they were written")
        for name in models:
            driver.expect(driver.run("deployment_stop", name)["status"], "passing", f"deployment {name} stops")
        driver.expect_clean({}, "every one of them stops")

    @pytest.mark.parametrize("bad", REFUSED_IDS)
    def test_an_id_beyond_the_rule_is_refused_and_nothing_is_made(
        self, driver: Driver, environment: Environment, bad: str
    ) -> None:
        before = environment.picture()
        for deployment, model in ((bad, "A"), ("d1", bad)):
            outcome = driver.run("deployment_start", deployment, model, driver.package("A")).outcome
            driver.expect(outcome, ("failing", "errored"), f"the id {bad!r} is refused")
        driver.expect(environment.picture(), before, "nothing was made")

    def test_free_text_has_no_effect(self, driver: Driver) -> None:
        models = {"d1": "A", "d2": "B"}
        for deployment, model in models.items():
            driver.start(deployment, model, name=HOSTILE_TEXT, description=HOSTILE_TEXT)
        driver.expect_clean(models, "name and description are free text and part of no name")

    def test_what_the_plugin_does_not_know_of_the_agent_is_ignored(self, driver: Driver) -> None:
        driver.start("d1", "A", invented="x", plugin_config={"invented": {"by": "a newer agent"}})
        driver.expect_clean({"d1": "A"}, "agents grow: their new keys are ignored")

    def test_an_unknown_key_of_the_private_configuration_is_refused(
        self, driver: Driver, environment: Environment
    ) -> None:
        before = environment.picture()
        status = driver.run("deployment_start", "d1", "A", driver.package("A"), settings={"inventedKey": 1})
        driver.expect(
            status["status"],
            "failing",
            "a key that the plugin does not know is an error, never silently ignored",
            "declare settings_model: bosun_core checks the file against it",
        )
        if "inventedKey" not in str(status["msg"]):
            raise driver.broken(f"the message does not name the key: {status['msg']!r}")
        driver.expect(environment.picture(), before, "nothing was made")

    @pytest.mark.parametrize(
        "action",
        [
            "plugin_start",
            "plugin_stop",
            "deployment_start",
            "deployment_stop",
            "deployment_replace_model",
            "deployment_relaunch",
        ],
    )
    def test_a_dry_run_passes_and_changes_nothing(self, driver: Driver, environment: Environment, action: str) -> None:
        driver.start("d1", "A")
        before = environment.picture()
        arguments = ("d1", "A", driver.package("B")) if action.startswith("deployment") else ()
        more: dict[str, Any] = {"newModelId": "B"} if action == "deployment_replace_model" else {}
        status = driver.run(action, *arguments, dry_run=True, **more)
        driver.expect(status["status"], "passing", "a dry run of what would work passes")
        driver.expect(environment.picture(), before, "a dry run changes nothing", "look at self.dry_run before acting")

    def test_a_dry_run_of_a_first_start_makes_nothing(self, driver: Driver, environment: Environment) -> None:
        before = environment.picture()
        status = driver.run("deployment_start", "d1", "A", driver.package("A"), dry_run=True)
        driver.expect(status["status"], "passing", "a dry run of a start passes")
        driver.expect(environment.picture(), before, "a dry run makes nothing")
        driver.expect_clean({}, "nothing runs")
