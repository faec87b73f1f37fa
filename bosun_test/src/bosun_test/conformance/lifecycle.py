"""Promises of start, stop and relaunch, and of the environment's own start and stop, each alone."""

from __future__ import annotations

from bosun_test.conformance.base import Promises
from bosun_test.conformance.driving import Driver, sha256_of
from bosun_test.conformance.environment import Environment, Running


class Lifecycle(Promises):
    """Start, stop, relaunch, and the environment's own two."""

    def test_plugin_start_makes_the_environment_ready_and_may_be_repeated(self, driver: Driver) -> None:
        for _ in range(2):
            outcome = driver.run("plugin_start").outcome
            driver.expect(outcome, ("passing", None), "plugin_start passes, with no state of a deployment")

    def test_plugin_stop_takes_down_what_nothing_needs_and_plugin_start_brings_it_back(
        self, driver: Driver, environment: Environment
    ) -> None:
        driver.run("plugin_start")
        parts = environment.shared_parts()
        driver.expect(driver.run("plugin_stop").outcome, ("passing", None), "plugin_stop passes")
        driver.expect(environment.shared_parts(), [], "without deployments nothing needs the shared parts")
        driver.run("plugin_start")
        driver.expect(environment.shared_parts(), parts, "plugin_start brings the shared parts up again")

    def test_a_started_deployment_runs_the_given_model(self, driver: Driver) -> None:
        status = driver.start("d1", "A")
        driver.expect(status.model, "A", "data.currentModelId is the model that was started")
        driver.expect_clean({"d1": "A"}, "the started deployment runs, seen from outside")

    def test_a_started_deployment_runs_the_given_package(self, driver: Driver) -> None:
        driver.start("d1", "A")
        running = {"d1": Running("A", sha256_of(driver.package("A")))}
        promise = "the deployment runs the very package that was given"
        driver.expect(driver.environment.running(), running, promise, "where no package can be seen, declare it")

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

    def test_stop_mentions_the_model_that_ran_where_another_was_named(self, driver: Driver) -> None:
        driver.start("d1", "the-running-model", package="A")
        message = str(driver.run("deployment_stop", "d1", "another-model")["msg"])
        if "the-running-model" not in message:
            raise driver.broken(f"the message does not name the model that ran: {message!r}", "use answers.stopped")

    def test_stop_leaves_the_other_deployments_running(self, driver: Driver) -> None:
        for name in ("d1", "d2"):
            driver.start(name)
        driver.run("deployment_stop", "d1")
        driver.expect_clean({"d2": "A"}, "only the named deployment is gone")

    def test_plugin_stop_leaves_what_serves_predictions(self, driver: Driver) -> None:
        driver.start()
        outcome = driver.run("plugin_stop").outcome
        driver.expect(outcome, ("passing", None), "plugin_stop passes")
        driver.expect_clean({"d1": "A"}, "an agent's restart never interrupts traffic")

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
