"""Promises of environments that serve: predictions go on while a model is replaced or launched anew."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bosun_test.conformance.base import Promises
from bosun_test.conformance.driving import Driver
from bosun_test.load.clients import Load
from bosun_test.load.picture import drawn

PICTURES = "BOSUN_CONFORMANCE_PICTURES"
"""The variable that names a folder for the pictures of the runs under load."""

_CLIENTS_OF_A_KIND = 2
_BETWEEN_SWITCHES = 40  # answers


class Serving(Promises):
    """The prediction URL, and load through it."""

    def test_the_prediction_url_answers_with_the_model_that_was_started(self, driver: Driver) -> None:
        for name, model in (("d1", "A"), ("d2", "B")):
            driver.start(name, model)
            driver.expect(self._answer(driver, name), model, f"the URL of {name} answers with its model")
        driver.replace("C", "d1")
        driver.expect(self._answer(driver, "d1"), "C", "after a replacement the same URL has the new model")
        driver.expect(self._answer(driver, "d2"), "B", "the other deployment is untouched")

    def test_the_prediction_url_is_the_same_after_a_replacement(self, driver: Driver) -> None:
        before = driver.url(driver.start("d1", "A"))
        after = driver.url(driver.replace("B"))
        driver.expect(after, before, "a replacement keeps the prediction URL")

    def test_no_request_fails_while_a_model_is_replaced(self, driver: Driver) -> None:
        def replace(number: int) -> str:
            model = f"M{number}"
            driver.expect(driver.replace(model)["status"], "passing", "a replacement under load passes")
            return model

        self._under_load(driver, replace, "no request fails while a model is replaced")

    def test_no_request_fails_while_a_deployment_is_launched_anew(self, driver: Driver) -> None:
        def relaunch(_: int) -> str:
            outcome = driver.run("deployment_relaunch", "d1", "A")["status"]
            driver.expect(outcome, "passing", "a relaunch under load passes")
            return "A"

        self._under_load(driver, relaunch, "no request fails while a deployment is launched anew")

    def test_no_request_fails_while_the_agent_restarts(self, driver: Driver) -> None:
        def restart(_: int) -> str:
            for action in ("plugin_stop", "plugin_start"):
                driver.expect(driver.run(action)["status"], "passing", f"{action} under load passes")
            return "A"

        self._under_load(driver, restart, "no request fails while the agent restarts")

    def _under_load(self, driver: Driver, act: Callable[[int], str], title: str) -> None:
        environment = driver.environment
        driver.run("plugin_start")
        url = driver.url(driver.start("d1", "A"))
        driver.answer("d1", url)
        switches = [(0.0, "A")]
        kept_open = [partial(environment.kept_open, "d1", url)] * _CLIENTS_OF_A_KIND
        with Load(partial(environment.ask, "d1", url), _CLIENTS_OF_A_KIND, kept_open=kept_open) as load:
            _flows(driver, load, since=0.0)
            for number in range(driver.profile.replacements):
                load.mark("begins")
                model = act(number)
                settling = environment.settling if model != switches[-1][1] else 0.0
                switches.append((load.mark(f"{model} serves") + settling, model))
                _flows(driver, load, since=switches[-1][0])
        _draw(load, title)
        failed = load.failed()
        faults = [sample.fault for sample in failed[:5]]
        advice = "switch only when the new model answers, and let the old one finish what it has begun"
        driver.expect(faults, [], f"{title} ({len(failed)} of {len(load.samples)} did)", advice)
        _check_who_answered(driver, load, switches)

    def _answer(self, driver: Driver, name: str) -> str:
        return driver.answer(name, driver.url(driver.run("deployment_status", name)))


def _flows(driver: Driver, load: Load, since: float) -> None:
    if not load.goes_on(_BETWEEN_SWITCHES, driver.environment.action_limit, since):
        raise driver.broken(f"under load no answer came any more; the last requests: {load.samples[-3:]}")


def _check_who_answered(driver: Driver, load: Load, switches: Sequence[tuple[float, str]]) -> None:
    models = {model for _, model in switches}
    strangers = sorted({sample.model for sample in load.samples if sample.model is not None} - models)
    driver.expect(strangers, [], "no request is answered by another model than the old and the new")
    for (_, before), (moment, after) in itertools.pairwise(switches):
        late = load.answered_by(before, since=moment) if before != after else []
        driver.expect(len(late), 0, f"no request that began after the action ended is answered by model {before}")


def _draw(load: Load, title: str) -> None:
    folder = os.environ.get(PICTURES)
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder, f"{title.replace(' ', '-')}.svg").write_text(drawn(load.samples, load.marks, title))
