"""Promises about what is broken from outside: one deployment, or the environment itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bosun_test.conformance.base import Promises
from bosun_test.conformance.driving import Driver, Status

_OR_DECLARE = "or declare the promise in not_kept, with the reason"


class Faults(Promises):
    """A deployment that somebody else broke, and an environment that is out of order."""

    def test_a_broken_deployment_is_failing(self, driver: Driver) -> None:
        self._break(driver)
        status = driver.run("deployment_status", "d1")
        driver.expect(status.outcome, ("failing", "errored"), "the status is of what is there now, and that is broken")
        if "d1" not in str(status["msg"]):
            raise driver.broken(f"the message does not name the deployment: {status['msg']!r}")

    def test_pe_status_warns_of_a_broken_deployment(self, driver: Driver) -> None:
        driver.start("d2")
        self._break(driver)
        status = driver.run("pe_status", listed=["d1", "d2"])
        driver.expect(status["status"], "warning", "a listed deployment that is failing is a warning")
        promise = "the broken one's own entry is failing, and no other"
        driver.expect(_statuses(status), {"d1": "failing", "d2": "passing"}, promise)

    def test_pe_status_without_a_list_warns_of_a_broken_deployment(self, driver: Driver) -> None:
        driver.start("d2")
        self._break(driver)
        status = driver.run("pe_status")
        driver.expect(status["status"], "warning", "without a list, too, a deployment that is failing is a warning")
        if "d1" not in str(status["msg"]):
            raise driver.broken(f"the message does not name the deployment: {status['msg']!r}")
        found = {"d1": "failing", **_statuses(status)}  # who cannot read its id any more has no entry for it
        driver.expect(found, {"d1": "failing", "d2": "passing"}, "the broken one's entry is failing, and no other")

    def test_a_broken_deployment_can_be_stopped(self, driver: Driver) -> None:
        self._break(driver)
        outcome = driver.run("deployment_stop", "d1").outcome
        driver.expect(outcome, ("passing", "stopped"), "a broken deployment stops like any other")
        driver.expect_clean({}, "nothing is left of it")

    def test_start_again_mends_a_broken_deployment(self, driver: Driver) -> None:
        self._break(driver)
        driver.start("d1", "A")
        driver.expect_clean({"d1": "A"}, "a start mends what is broken: it does not serve the model already")

    def test_an_environment_that_is_out_of_order_is_failing(self, driver: Driver) -> None:
        driver.start("d1", "A")
        with self._out_of_order(driver):
            for action in ("plugin_start", "pe_status"):
                status = driver.run(action, listed=["d1"])
                promise = f"{action} in an environment that is out of order is failing"
                driver.expect(status.outcome, ("failing", None), promise)
                self._in_plain_words(driver, status)
        driver.expect_clean({"d1": "A"}, "the deployment is as it was when the environment is in order again")

    def test_in_an_environment_that_is_out_of_order_each_listed_deployment_is_unknown(self, driver: Driver) -> None:
        driver.start("d1", "A")
        with self._out_of_order(driver):
            status = driver.run("pe_status", listed=["d1", {"id": "d2", "modelId": "A"}])
            entries = (status["data"] or {}).get("deploymentsStatus", {})
            found = {name: (entry["status"], entry["state"]) for name, entry in entries.items()}
            expected = dict.fromkeys(("d1", "d2"), ("unknown", "unknown"))
            promise = "where nothing can be seen each listed deployment is unknown"
            driver.expect(found, expected, promise, "let the EnvironmentFailure out: the runner makes these entries")
            told = [status["msg"], *(entry["msg"] for entry in entries.values())]
            told.append(driver.run("deployment_status", "d1")["msg"])
            wrong = [message for message in told if "start it" in str(message) or "deployment_start" in str(message)]
            driver.expect(wrong, [], "what could not be seen may well run: no message tells to start it")

    def test_no_action_passes_in_an_environment_that_is_out_of_order(self, driver: Driver) -> None:
        driver.start("d1", "A")
        with self._out_of_order(driver):
            for status in (
                driver.run("deployment_start", "d2", "A", driver.package("A")),
                driver.replace("B"),
                driver.run("deployment_relaunch", "d1", "A"),
                driver.run("deployment_status", "d1"),
                driver.run("deployment_list"),
            ):
                driver.expect(status["status"], "failing", "what could not be done, or seen, is never passing")
                self._in_plain_words(driver, status)
        driver.expect_clean({"d1": "A"}, "the deployment is as it was when the environment is in order again")

    def _break(self, driver: Driver) -> None:
        driver.start("d1", "A")
        try:
            driver.environment.damage("d1")
        except NotImplementedError as error:
            raise driver.broken(str(error), _OR_DECLARE) from None
        driver.tell("d1 is damaged from outside")

    def _in_plain_words(self, driver: Driver, status: Status) -> None:
        if "this is a bug of the plugin" in str(status["msg"]):
            advice = "catch what the environment raises, and raise EnvironmentFailure with what to do"
            raise driver.broken(f"the message is no plain sentence: {status['msg']!r}", advice)

    @contextmanager
    def _out_of_order(self, driver: Driver) -> Iterator[None]:
        try:
            context = driver.environment.out_of_order()
        except NotImplementedError as error:
            raise driver.broken(str(error), _OR_DECLARE) from None
        driver.tell("the environment goes out of order")
        with context:
            yield
        driver.tell("the environment is in order again")


def _statuses(status: Status) -> dict[str, str]:
    """Return the word of each entry of a pe_status."""
    entries = (status["data"] or {}).get("deploymentsStatus", {})
    return {name: entry["status"] for name, entry in entries.items()}
