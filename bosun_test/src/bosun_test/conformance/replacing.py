"""Promises of a replacement: all or nothing."""

from __future__ import annotations

from bosun_test.conformance.base import Promises
from bosun_test.conformance.driving import Driver, Status, sha256_of
from bosun_test.conformance.environment import Environment, PackageKind, Running


class Replacing(Promises):
    """deployment_replace_model, with good packages and with bad ones."""

    def test_a_replacement_brings_the_new_model_and_its_package(self, driver: Driver) -> None:
        driver.start("d1", "A")
        status = driver.replace("B")
        driver.expect((*status.outcome, status.model), ("passing", "ready", "B"), "a replacement passes")
        driver.expect_clean({"d1": Running("B", sha256_of(driver.package("B")))}, "the new model runs, the old is gone")

    def test_a_replacement_again_changes_nothing(self, driver: Driver, environment: Environment) -> None:
        driver.start("d1", "A")
        driver.replace("B")
        before = environment.picture()
        driver.expect(driver.replace("B").outcome, ("passing", "ready"), "a repeated replacement passes")
        driver.expect(environment.picture(), before, "the new model already runs: nothing changes")

    def test_a_replacement_by_the_same_model_with_another_package_brings_it(self, driver: Driver) -> None:
        driver.start("d1", "A")
        other = driver.package("A, second edition")
        driver.replace("A", package=other)
        driver.expect_clean({"d1": Running("A", sha256_of(other))}, "the package is compared by its content")

    def test_a_replacement_with_other_settings_brings_them(self, driver: Driver, environment: Environment) -> None:
        driver.start("d1", "A")
        driver.replace("B")
        before = environment.picture()
        driver.replace("B", keyValueConfig=dict(environment.other_key_values))
        if environment.picture() == before:
            raise driver.broken(
                f"a replacement with keyValueConfig {dict(environment.other_key_values)} changed nothing"
            )
        driver.expect_clean({"d1": "B"}, "the deployment runs with the other settings")

    def test_a_replacement_proceeds_when_a_third_model_runs(self, driver: Driver) -> None:
        driver.start("d1", "X")
        status = driver.replace("B", old_model="A")
        driver.expect((status["status"], status.model), ("passing", "B"), "the running model need not be the old one")

    def test_a_replacement_of_an_unknown_deployment_makes_nothing(self, driver: Driver) -> None:
        outcome = driver.replace("B").outcome
        driver.expect(outcome, ("failing", "errored"), "a replacement of an unknown deployment is failing and errored")
        driver.expect_clean({}, "nothing was made")

    def test_a_replacement_without_a_new_model_id_is_refused(self, driver: Driver, environment: Environment) -> None:
        driver.start("d1", "A")
        before = environment.picture()
        outcome = driver.run("deployment_replace_model", "d1", "A", driver.package("B")).outcome
        driver.expect(outcome, ("failing", "errored"), "newModelId is missing: failing and errored")
        driver.expect(environment.picture(), before, "nothing changed")

    def test_a_replacement_with_a_missing_package_keeps_the_old_model(self, driver: Driver) -> None:
        driver.start("d1", "A")
        status = driver.replace("B", package=driver.package("B").with_name("missing.mlpkg"))
        self._old_model_is_in_use(driver, status)

    def test_a_start_with_a_missing_package_fails_and_leaves_nothing(self, driver: Driver) -> None:
        missing = driver.package("A").with_name("missing.mlpkg")
        outcome = driver.run("deployment_start", "d1", "A", missing).outcome
        driver.expect(outcome, ("failing", "errored"), "a start with a package that is not there fails")
        driver.expect_clean({}, "nothing is left of what was begun")

    def test_a_start_over_a_running_model_with_a_missing_package_keeps_it(self, driver: Driver) -> None:
        driver.start("d1", "A")
        missing = driver.package("B").with_name("missing.mlpkg")
        self._old_model_is_in_use(driver, driver.run("deployment_start", "d1", "B", missing))

    def test_a_replacement_with_a_package_that_cannot_load_keeps_the_old_model(self, driver: Driver) -> None:
        driver.start("d1", "A")
        self._old_model_is_in_use(driver, driver.replace("B", package=driver.package("B", PackageKind.CANNOT_LOAD)))

    def test_a_replacement_with_a_package_that_crashes_after_loading_keeps_the_old_model(self, driver: Driver) -> None:
        driver.start("d1", "A")
        package = driver.package("B", PackageKind.CRASHES_AFTER_LOADING)
        self._old_model_is_in_use(driver, driver.replace("B", package=package))

    def test_a_replacement_with_a_package_that_is_never_ready_keeps_the_old_model(self, driver: Driver) -> None:
        driver.start("d1", "A")
        self._old_model_is_in_use(driver, driver.replace("B", package=driver.package("B", PackageKind.NEVER_READY)))

    def test_a_start_with_a_package_that_cannot_load_leaves_nothing(self, driver: Driver) -> None:
        outcome = driver.run("deployment_start", "d1", "A", driver.package("A", PackageKind.CANNOT_LOAD)).outcome
        driver.expect(outcome, ("failing", "errored"), "a start with a package that cannot load fails")
        driver.expect_clean({}, "nothing is left of what was begun")

    def test_a_start_with_a_package_that_is_never_ready_leaves_nothing(self, driver: Driver) -> None:
        outcome = driver.run("deployment_start", "d1", "A", driver.package("A", PackageKind.NEVER_READY)).outcome
        driver.expect(outcome, ("failing", "errored"), "a start with a package that is never ready fails")
        driver.expect_clean({}, "nothing is left of what was begun")

    def _old_model_is_in_use(self, driver: Driver, status: Status) -> None:
        driver.expect(status.outcome, ("failing", "errored"), "what fails is failing and errored")
        data = status["data"] or {}
        driver.expect(
            {key: data.get(key) for key in ("oldModelInUse", "currentModelId")},
            {"oldModelInUse": True, "currentModelId": "A"},
            "what fails tells that the old model is in use",
            "answers.old_model_in_use makes this data; an error carries it: EnvironmentFailure(text, data)",
        )
        running = {"d1": Running("A", sha256_of(driver.package("A")))}
        driver.expect_clean(running, "the old model runs, untouched")
