"""Promises of environments that serve: predictions go on while a model is replaced or launched anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bosun_test.conformance.base import Promises
from bosun_test.conformance.driving import Driver
from bosun_test.conformance.environment import Environment, NothingAnswersError
from bosun_test.conformance.load import Load
from bosun_test.conformance.picture import drawn
from bosun_test.conformance.profile import chosen_profile

PICTURES = "BOSUN_CONFORMANCE_PICTURES"
"""The variable that names a folder for the pictures of the runs under load."""


class Serving(Promises):
    """The prediction URL, and load through it."""

    def test_the_prediction_url_answers_with_the_model_that_was_started(
        self, driver: Driver, environment: Environment
    ) -> None:
        for name, model in (("d1", "A"), ("d2", "B")):
            driver.start(name, model)
            driver.expect(self._answer(driver, environment, name), model, f"the URL of {name} answers with its model")
        driver.replace("C", "d1")
        driver.expect(
            self._answer(driver, environment, "d1"), "C", "after a replacement the same URL has the new model"
        )
        driver.expect(self._answer(driver, environment, "d2"), "B", "the other deployment is untouched")

    def test_the_prediction_url_is_the_same_after_a_replacement(self, driver: Driver) -> None:
        before = self._url(driver, driver.start("d1", "A")["data"])
        after = self._url(driver, driver.replace("B")["data"])
        driver.expect(after, before, "a replacement keeps the prediction URL")

    def test_no_request_fails_while_a_model_is_replaced(
        self, driver: Driver, environment: Environment, request: pytest.FixtureRequest
    ) -> None:
        def replace(number: int) -> str:
            model = f"M{number}"
            driver.expect(driver.replace(model)["status"], "passing", "a replacement under load passes")
            return model

        self._under_load(driver, environment, replace, request.node.name)

    def test_no_request_fails_while_a_deployment_is_launched_anew(
        self, driver: Driver, environment: Environment, request: pytest.FixtureRequest
    ) -> None:
        def relaunch(_: int) -> str:
            outcome = driver.run("deployment_relaunch", "d1", "A")["status"]
            driver.expect(outcome, "passing", "a relaunch under load passes")
            return "A"

        self._under_load(driver, environment, relaunch, request.node.name)

    def _under_load(self, driver: Driver, environment: Environment, act: Callable[[int], str], title: str) -> None:
        url = self._url(driver, driver.start("d1", "A")["data"])
        self._answer(driver, environment, "d1")
        switches: list[tuple[float, str, str]] = []
        old = "A"
        with Load(lambda: environment.ask("d1", url)) as load:
            if not load.flowing(environment.action_limit):
                raise driver.broken(f"nothing answered at {url}: {load.samples[:3]}")
            for number in range(chosen_profile().replacements):
                load.mark("begins")
                new = act(number)
                switches.append((load.mark(f"{new} serves"), old, new))
                old = new
        self._draw(load, title)
        failed = load.failed()
        driver.expect(
            [sample.fault for sample in failed[:5]],
            [],
            f"no request fails ({len(failed)} of {len(load.samples)} did)",
            "switch only when the new model answers, and let the old one finish what it has begun",
        )
        for moment, before, after in switches:
            late = load.answered_by(before, since=moment) if before != after else []
            driver.expect(len(late), 0, f"no request that began after the action ended is answered by model {before}")

    def _url(self, driver: Driver, data: object) -> str:
        url = data.get("predictionUrl") if isinstance(data, dict) else None
        if not url:
            raise driver.broken("data.predictionUrl is missing", "report the URL at which predictions are answered")
        return str(url)

    def _answer(self, driver: Driver, environment: Environment, name: str) -> str:
        url = self._url(driver, driver.run("deployment_status", name)["data"])
        try:
            return environment.ask(name, url)
        except NothingAnswersError as error:
            raise driver.broken(f"nothing answers at {url}: {error}") from error

    def _draw(self, load: Load, title: str) -> None:
        folder = os.environ.get(PICTURES)
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            Path(folder, f"{title}.svg").write_text(drawn(load.samples, load.marks, title.replace("_", " ")))
