"""Promises about a deployment whose workload somebody removed by hand: nothing passes that was not done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bosun_core import answers
from bosun_test.conformance.base import Promises
from bosun_test.conformance.driving import Driver, Status, sha256_of
from bosun_test.conformance.environment import Running
from bosun_test.conformance.profile import chosen_seed

_WITH_PACKAGE = "deployment_relaunch with a package"
_ACTIONS = ("deployment_start", "deployment_replace_model", _WITH_PACKAGE, "deployment_relaunch", "deployment_stop")
_UNKNOWN = answers.unknown_deployment("d1").msg
_NOT_UNKNOWN = "a deployment that the list has is not unknown: say what of it is gone, and what brings it back"


class Removed(Promises):
    """All actions on a deployment whose workload was removed: its container, its pods, its folder."""

    def test_a_removed_workload_is_reported(self, driver: Driver) -> None:
        for part in _removals(driver, 0):
            status = driver.run("deployment_status", "d1")
            driver.expect(status.outcome, ("failing", "errored"), f"without its {part} a deployment is failing")
            if "d1" not in str(status["msg"]):
                raise driver.broken(f"the message does not name the deployment: {status['msg']!r}")
            entry = (driver.run("deployment_list")["data"] or {}).get("d1")
            if entry is not None:
                driver.expect(Status(entry).outcome, ("failing", "errored"), "its entry in the list is failing")
                driver.expect(status["msg"] == _UNKNOWN, False, _NOT_UNKNOWN)
            seen = driver.run("pe_status", listed=["d1"])
            driver.expect(seen["status"], "warning", "a listed deployment without its workload is a warning")
            entry = (seen["data"] or {}).get("deploymentsStatus", {}).get("d1", {})
            driver.expect(entry.get("status"), "failing", "its own entry in pe_status is failing")
            for action in ("plugin_start", "plugin_stop"):
                driver.expect(driver.run(action)["status"], "passing", f"{action} passes all the same")

    @pytest.mark.parametrize("action", _ACTIONS)
    def test_an_action_on_a_removed_workload_does_what_it_reports(self, driver: Driver, action: str) -> None:
        for _ in _removals(driver, _ACTIONS.index(action)):
            is_listed = "d1" in (driver.run("deployment_list")["data"] or {})
            before = driver.environment.picture()
            _act(driver, action, dry_run=True)
            driver.expect(driver.environment.picture(), before, "a dry run changes nothing")
            status = _act(driver, action)
            may_fail = action == "deployment_relaunch" or (action == "deployment_replace_model" and not is_listed)
            if action == "deployment_stop":
                driver.expect(status.outcome, ("passing", "stopped"), "a stop removes what is left of it")
                driver.expect_clean({}, "nothing is left of the deployment")
            elif status["status"] == "failing" and may_fail:
                self._nothing_was_done(driver, status, is_listed=is_listed)
            else:
                self._was_done(driver, action, status)

    def _was_done(self, driver: Driver, action: str, status: Status) -> None:
        model = "B" if action == "deployment_replace_model" else "A"
        package = driver.package("A, second edition" if action == _WITH_PACKAGE else model)
        promise = f"{action} brings a deployment back whose workload was removed"
        driver.expect((*status.outcome, status.model), ("passing", "ready", model), promise)
        driver.expect_clean({"d1": Running(model, sha256_of(package))}, f"what passes was done: {promise}")

    def _nothing_was_done(self, driver: Driver, status: Status, *, is_listed: bool) -> None:
        driver.expect(status.outcome, ("failing", "errored"), "what cannot be done is failing and errored")
        driver.expect_running({}, "what fails makes nothing")
        in_use = (status["data"] or {}).get("oldModelInUse")
        driver.expect(in_use in (None, False), True, "no old model is in use where its workload was removed")
        if is_listed:
            driver.expect(status["msg"] == _UNKNOWN, False, _NOT_UNKNOWN)


def _removals(driver: Driver, turn: int) -> Iterator[str]:
    """Start d1 and remove a part of its workload, for each part in turn, or for as many as the profile says."""
    parts = list(driver.environment.removable)
    most = driver.profile.removals
    if most is not None:
        first = (chosen_seed() + turn) % len(parts)
        parts = (parts[first:] + parts[:first])[:most]
    for part in parts:
        driver.environment.reset()
        driver.begin_story()
        driver.start("d1", "A")
        try:
            driver.environment.remove("d1", part)
        except NotImplementedError as error:
            raise driver.broken(str(error), "or declare the promise in not_kept, with the reason") from None
        driver.tell(f"somebody removes the {part} of d1")
        yield part


def _act(driver: Driver, action: str, *, dry_run: bool = False) -> Status:
    if action == "deployment_replace_model":
        return driver.replace("B", dry_run=dry_run)
    packages = {"deployment_start": "A", _WITH_PACKAGE: "A, second edition"}
    package = driver.package(packages[action]) if action in packages else None
    return driver.run(action.partition(" ")[0], "d1", "A", package, dry_run=dry_run)
