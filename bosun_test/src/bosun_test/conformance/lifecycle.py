"""Promises of the nine actions, each alone."""

from __future__ import annotations

from typing import Any

import pytest

from bosun_test.conformance.base import Promises
from bosun_test.conformance.driving import Driver, Status, sha256_of
from bosun_test.conformance.environment import Environment, Running


class Lifecycle(Promises):
    """Start, stop, status, list, pe_status, relaunch, and the environment's own two."""

    def test_plugin_start_makes_the_environment_ready_and_may_be_repeated(self, driver: Driver) -> None:
        for _ in range(2):
            outcome = driver.run("plugin_start").outcome
            driver.expect(outcome, ("passing", None), "plugin_start passes, with no state of a deployment")

    def test_a_started_deployment_runs_the_given_model(self, driver: Driver) -> None:
        status = driver.start("d1", "A")
        driver.expect(status.model, "A", "data.currentModelId is the model that was started")
        driver.expect_clean({"d1": "A"}, "the started deployment runs, seen from outside")

    def test_a_started_deployment_runs_the_given_package(self, driver: Driver) -> None:
        driver.start("d1", "A")
        running = {"d1": Running("A", sha256_of(driver.package("A")))}
        driver.expect_clean(running, "the deployment runs the very package that was given")

    def test_start_again_changes_nothing(self, driver: Driver, environment: Environment) -> None:
        driver.start()
        before = environment.picture()
        driver.start()
        driver.expect(
            environment.picture(),
            before,
            "a start of what already runs changes nothing",
            "look first: the same model, package (by hash) and settings need no work",
        )

    def test_start_with_another_model_brings_the_deployment_to_it(self, driver: Driver) -> None:
        driver.start("d1", "A")
        status = driver.start("d1", "B")
        driver.expect(status.model, "B", "data.currentModelId is the model of the second start")
        driver.expect_clean({"d1": "B"}, "a start with another model is like a replacement")

    def test_start_with_another_package_brings_the_deployment_to_it(self, driver: Driver) -> None:
        driver.start("d1", "A")
        driver.start("d1", "A", package="A, second edition")
        running = {"d1": Running("A", sha256_of(driver.package("A, second edition")))}
        driver.expect_clean(running, "a package with the same model id and other content is another package")

    def test_start_with_other_settings_brings_the_deployment_to_them(
        self, driver: Driver, environment: Environment
    ) -> None:
        driver.start()
        before = environment.picture()
        driver.start(keyValueConfig=dict(environment.other_key_values))
        if environment.picture() == before:
            raise driver.broken(
                f"a start with keyValueConfig {dict(environment.other_key_values)} changed nothing",
                "keep a hash of the settings with the deployment and compare it",
            )
        driver.expect_clean({"d1": "A"}, "the deployment runs with the other settings")

    def test_stop_leaves_nothing_of_the_deployment(self, driver: Driver) -> None:
        driver.start()
        outcome = driver.run("deployment_stop", "d1", "A").outcome
        driver.expect(outcome, ("passing", "stopped"), "a stop passes, and the deployment is stopped")
        driver.expect_clean({}, "after a stop the deployment is gone")

    def test_stop_again_is_passing_and_stopped(self, driver: Driver) -> None:
        driver.start()
        for _ in range(2):
            outcome = driver.run("deployment_stop", "d1", "A").outcome
            driver.expect(outcome, ("passing", "stopped"), "a stop of what is gone already is passing and stopped")

    def test_stop_goes_by_the_id_alone(self, driver: Driver) -> None:
        driver.start("d1", "A")
        outcome = driver.run("deployment_stop", "d1", "another-model").outcome
        driver.expect(outcome, ("passing", "stopped"), "a stop with another modelId stops the deployment all the same")
        driver.expect_clean({}, "the deployment is gone")

    def test_stop_leaves_the_other_deployments_running(self, driver: Driver) -> None:
        for name in ("d1", "d2"):
            driver.start(name)
        driver.run("deployment_stop", "d1")
        driver.expect_clean({"d2": "A"}, "only the named deployment is gone")

    def test_list_equals_what_was_started(self, driver: Driver) -> None:
        driver.start("d1", "A")
        driver.start("d2", "B")
        listed = driver.run("deployment_list")
        driver.expect(listed.outcome, ("passing", None), "a list passes, with no state of a deployment")
        models = {name: Status(entry).model for name, entry in (listed["data"] or {}).items()}
        driver.expect(models, {"d1": "A", "d2": "B"}, "data maps each deployment's id to its entry")

    def test_an_entry_of_the_list_tells_status_state_model_and_where_to_look(self, driver: Driver) -> None:
        driver.start()
        entry = (driver.run("deployment_list")["data"] or {}).get("d1", {})
        driver.expect(sorted(entry), ["data", "msg", "state", "status"], "an entry has these keys")
        driver.expect((entry["status"], entry["state"]), ("passing", "ready"), "a healthy deployment is ready")
        keys = {"currentModelId", "predictionUrl", "workloads"} - set(entry["data"])
        driver.expect(keys, set(), "an entry's data has currentModelId, predictionUrl and workloads")
        if not entry["data"]["workloads"]:
            raise driver.broken("workloads is empty", "name what one needs to look further: containers, pods, a folder")

    def test_an_empty_environment_has_an_empty_list(self, driver: Driver) -> None:
        listed = driver.run("deployment_list")
        driver.expect((listed["status"], listed["data"]), ("passing", {}), "no deployments are an empty dict, not null")

    def test_status_tells_the_current_model(self, driver: Driver) -> None:
        driver.start("d1", "A")
        status = driver.run("deployment_status", "d1", "whatever-the-agent-thinks")
        driver.expect((*status.outcome, status.model), ("passing", "ready", "A"), "the status is of what runs now")

    def test_status_of_an_unknown_deployment_is_failing_and_says_so(self, driver: Driver) -> None:
        status = driver.run("deployment_status", "nobody", "A")
        driver.expect(status.outcome, ("failing", "errored"), "an unknown deployment is failing and errored")
        if "nobody" not in str(status["msg"]):
            raise driver.broken(f"the message does not name the deployment: {status['msg']!r}")

    @pytest.mark.parametrize("action", ["deployment_status", "deployment_list", "pe_status"])
    def test_looking_changes_nothing(self, driver: Driver, environment: Environment, action: str) -> None:
        driver.start()
        before = environment.picture()
        driver.run(action, "d1" if action == "deployment_status" else None)
        driver.expect(environment.picture(), before, f"{action} only looks")

    def test_plugin_stop_leaves_what_serves_predictions(self, driver: Driver) -> None:
        driver.start()
        outcome = driver.run("plugin_stop").outcome
        driver.expect(outcome, ("passing", None), "plugin_stop passes")
        driver.expect_clean({"d1": "A"}, "an agent's restart never interrupts traffic")

    def test_pe_status_tells_each_listed_deployment(self, driver: Driver) -> None:
        driver.start("d1")
        status = driver.run("pe_status", listed=["d1", {"id": "d2", "modelId": "A"}])
        driver.expect(status["status"], "warning", "a listed deployment that is missing is a warning")
        entries = (status["data"] or {}).get("deploymentsStatus", {})
        found = {name: (entry["status"], entry["state"]) for name, entry in entries.items()}
        expected = {"d1": ("passing", "ready"), "d2": ("failing", "errored")}
        driver.expect(found, expected, "data.deploymentsStatus has an entry for each listed id, whole mappings too")

    def test_pe_status_names_what_runs_and_is_not_listed(self, driver: Driver) -> None:
        for name in ("listed-one", "stranger"):
            driver.start(name)
        status = driver.run("pe_status", listed=["listed-one"])
        driver.expect(status["status"], "warning", "a deployment that the agent does not know is a warning")
        if "stranger" not in str(status["msg"]):
            raise driver.broken(f"the message does not name the deployment: {status['msg']!r}")

    def test_an_empty_list_in_pe_info_counts_and_no_list_does_not(self, driver: Driver) -> None:
        driver.start()
        driver.expect(driver.run("pe_status", listed=[])["status"], "warning", "an empty list says: nothing is known")
        driver.expect(driver.run("pe_status")["status"], "passing", "without a list nothing is compared")

    def test_relaunch_without_a_package_keeps_model_and_package(self, driver: Driver) -> None:
        driver.start("d1", "A")
        status = driver.run("deployment_relaunch", "d1", "A")
        driver.expect((*status.outcome, status.model), ("passing", "ready", "A"), "a relaunch passes")
        running = {"d1": Running("A", sha256_of(driver.package("A")))}
        driver.expect_clean(running, "the deployment runs the package that was kept")

    def test_relaunch_brings_the_deployment_to_the_given_package(self, driver: Driver) -> None:
        driver.start("d1", "A")
        other = driver.package("A, second edition")
        driver.expect(
            driver.run("deployment_relaunch", "d1", "A", other)["status"], "passing", "a relaunch with a package passes"
        )
        driver.expect_clean({"d1": Running("A", sha256_of(other))}, "the deployment runs the given package")

    def test_relaunch_refuses_a_missing_package_before_anything_stops(
        self, driver: Driver, environment: Environment
    ) -> None:
        driver.start("d1", "A")
        before = environment.picture()
        missing = driver.package("A").with_name("missing.mlpkg")
        outcome = driver.run("deployment_relaunch", "d1", "A", missing).outcome
        driver.expect(outcome, ("failing", "errored"), "a package that is not there is refused")
        driver.expect(environment.picture(), before, "nothing was stopped")

    def test_another_environment_in_the_same_place_is_not_touched(
        self, driver: Driver, environment: Environment
    ) -> None:
        theirs: dict[str, Any] = {"plugin_config": {"MLOPS_BOSUN_PRED_ENV_ID": "theirs"}}
        ours: dict[str, Any] = {"plugin_config": {"MLOPS_BOSUN_PRED_ENV_ID": "ours"}}
        driver.start("d1", "A", **theirs)
        before = environment.picture()
        listed = driver.run("deployment_list", **ours)
        driver.expect(listed["data"], {}, "a list has the deployments of its own environment only")
        driver.run("deployment_stop", "d1", "A", **ours)
        driver.expect(
            environment.picture(),
            before,
            "a stop in one environment leaves the other's deployment of the same id alone",
            "keep the environment's id (bosun_core.environment_id) with each deployment",
        )
