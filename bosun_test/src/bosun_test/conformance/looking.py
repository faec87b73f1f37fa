"""Promises of the actions that only look: deployment_status, deployment_list, pe_status."""

from __future__ import annotations

from typing import Any

import pytest

from bosun_test.conformance.base import Promises
from bosun_test.conformance.driving import Driver, Status
from bosun_test.conformance.environment import Environment


class Looking(Promises):
    """Status, list, pe_status."""

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

    def test_every_answer_tells_the_same_model_and_prediction_url(self, driver: Driver) -> None:
        driver.start("d1", "X")
        told = {"start": driver.start("d1", "A"), "status": driver.run("deployment_status", "d1")}
        told["list"] = Status((driver.run("deployment_list")["data"] or {}).get("d1", {}))
        listed = driver.run("pe_status", listed=["d1"])["data"] or {}
        told["pe_status"] = Status(listed.get("deploymentsStatus", {}).get("d1", {}))
        pairs = {who: _pair(status.get("data")) for who, status in told.items()}
        driver.expect(pairs, dict.fromkeys(pairs, ("A", pairs["start"][1])), "all tell the same model and URL")
        replaced = driver.replace("B")
        driver.expect(_pair(replaced["data"]), ("B", pairs["start"][1]), "a replacement tells the new model, same URL")

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

    def test_pe_status_tells_each_listed_deployment(self, driver: Driver) -> None:
        driver.start("d1")
        status = driver.run("pe_status", listed=["d1", {"id": "d2", "modelId": "A"}])
        driver.expect(status["status"], "warning", "a listed deployment that is missing is a warning")
        entries = (status["data"] or {}).get("deploymentsStatus", {})
        found = {name: (entry["status"], entry["state"]) for name, entry in entries.items()}
        expected = {"d1": ("passing", "ready"), "d2": ("failing", "errored")}
        driver.expect(found, expected, "data.deploymentsStatus has an entry for each listed id, whole mappings too")

    def test_pe_status_without_a_list_has_an_entry_for_every_deployment(self, driver: Driver) -> None:
        models = {"d1": "A", "d2": "B"}
        for name, model in models.items():
            driver.start(name, model)
        status = driver.run("pe_status")
        driver.expect(status.outcome, ("passing", None), "without a list, and with every deployment healthy: passing")
        entries = (status["data"] or {}).get("deploymentsStatus", {})
        found = {name: Status(entry).model for name, entry in entries.items()}
        driver.expect(found, models, "without a list data.deploymentsStatus has an entry for every deployment")

    def test_pe_status_passes_where_all_listed_deployments_run(self, driver: Driver) -> None:
        for name in ("d1", "d2"):
            driver.start(name)
        status = driver.run("pe_status", listed=["d1", "d2"])
        driver.expect(status.outcome, ("passing", None), "nothing is missing, nothing is unknown: passing")

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

    def test_another_environment_in_the_same_place_is_not_touched(
        self, driver: Driver, environment: Environment
    ) -> None:
        theirs: dict[str, Any] = {"plugin_config": {"MLOPS_BOSUN_PRED_ENV_ID": "theirs"}}
        ours: dict[str, Any] = {"plugin_config": {"MLOPS_BOSUN_PRED_ENV_ID": "ours"}}
        driver.start("d1", "A", **theirs)
        before = environment.picture()
        listed = driver.run("deployment_list", **ours)
        driver.expect(listed["data"], {}, "a list has the deployments of its own environment only")
        outcome = driver.run("pe_status", listed=[], **ours)["status"]
        driver.expect(outcome, "passing", "a deployment of another environment is not unknown here")
        driver.run("deployment_stop", "d1", "A", **ours)
        driver.expect(
            environment.picture(),
            before,
            "a stop in one environment leaves the other's deployment of the same id alone",
            "keep the environment's id (bosun_core.environment_id) with each deployment",
        )


def _pair(data: Any) -> tuple[Any, Any]:
    return (data or {}).get("currentModelId"), (data or {}).get("predictionUrl")
