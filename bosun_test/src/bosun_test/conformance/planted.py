"""Promises about secrets: what is planted in variables, token and configuration shows up nowhere it must not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bosun_core.actions import ACTIONS

from bosun_test.conformance.base import Promises
from bosun_test.conformance.driving import Driver
from bosun_test.conformance.environment import Environment

_VARIABLES = {"MLOPS_API_TOKEN": "planted-token-7f3a91c2", "REGISTRY_PASSWORD": "planted-password-51be08d4"}
_CONFIGURED = {"apiToken": "planted-configured-93d2c6aa"}


class Planted(Promises):
    """No secret in a status, an event, a log line, or the environment."""

    @pytest.mark.parametrize("action", ACTIONS)
    def test_no_action_tells_a_secret(
        self,
        driver: Driver,
        environment: Environment,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        action: str,
    ) -> None:
        for name, value in _VARIABLES.items():
            monkeypatch.setenv(name, value)
        driver.start("d1", "A", plugin_config=_CONFIGURED)
        arguments = ("d1", "A", driver.package("B")) if ACTIONS[action].takes_deployment else ()
        more: dict[str, Any] = {"newModelId": "B"} if action == "deployment_replace_model" else {}
        request = driver.request(action, *arguments, plugin_config=_CONFIGURED, **more)
        files = {name: tmp_path / name for name in ("events", "log", "status")}
        flags = ["--events", files["events"], "--logfile", files["log"], "--status-file", files["status"]]
        process = driver.popen(request, *map(str, flags), "--log-level", "debug", "--show-status")
        out, err = process.communicate(timeout=environment.action_limit)
        written = {name: path.read_text() for name, path in files.items()} | {"stdout": out, "stderr": err}
        for secret in (*_VARIABLES.values(), *_CONFIGURED.values()):
            told = [name for name, text in written.items() if secret in text]
            driver.expect(told, [], f"{action} tells no secret", "never put variables or configuration into a message")
            places = [place for place in environment.places_of(secret) if place not in environment.secret_places]
            driver.expect(places, [], f"{action} leaves no secret in the environment", "declare it in secret_places")

    def test_every_declared_place_really_holds_a_secret(
        self, driver: Driver, environment: Environment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in _VARIABLES.items():
            monkeypatch.setenv(name, value)
        driver.run("plugin_start", plugin_config=_CONFIGURED)
        driver.start("d1", "A", plugin_config=_CONFIGURED)
        found = {place for value in _VARIABLES.values() for place in environment.places_of(value)}
        found |= {place for value in _CONFIGURED.values() for place in environment.places_of(value)}
        idle = sorted(set(environment.secret_places) - found)
        driver.expect(idle, [], "a place that is declared to hold a secret holds one", "remove it from secret_places")
