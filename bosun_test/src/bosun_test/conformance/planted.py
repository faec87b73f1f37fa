"""Promises about secrets: what is planted in variables, token and configuration shows up nowhere it must not."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from bosun_core.actions import ACTIONS
from bosun_core.runner import ActionRequest

from bosun_test.conformance.base import Promises
from bosun_test.conformance.driving import Driver
from bosun_test.conformance.environment import Environment

# The token ends in a newline, as a shell writes it into a file; the password looks different in each encoding.
_VARIABLES = {
    "MLOPS_API_TOKEN": "planted-token-7f3a91c2\n",
    "REGISTRY_PASSWORD": "planted-'pass\"word\\51be\n08d4/é",
}
_CONFIGURED = {"apiToken": "planted-configured-93d2c6aa"}


class Planted(Promises):
    """No secret in a status, an event, a log line, or the environment."""

    @pytest.mark.parametrize("action", ACTIONS)
    def test_no_action_tells_a_secret(
        self, driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str
    ) -> None:
        _plant(monkeypatch)
        driver.start("d1", "A", plugin_config=_CONFIGURED)
        arguments = ("d1", "A", driver.package("B")) if ACTIONS[action].takes_deployment else ()
        more: dict[str, Any] = {"newModelId": "B"} if action == "deployment_replace_model" else {}
        request = driver.request(action, *arguments, plugin_config=_CONFIGURED, **more)
        self._check(driver, request, tmp_path)

    def test_no_failure_tells_a_secret(self, driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        _plant(monkeypatch)
        driver.start("d1", "A", plugin_config=_CONFIGURED)
        missing = driver.package("B").with_name("missing.mlpkg")
        more: dict[str, Any] = {"newModelId": "B", "plugin_config": _CONFIGURED}
        request = driver.request("deployment_replace_model", "d1", "A", missing, **more)
        self._check(driver, request, tmp_path)

    def test_every_declared_place_really_holds_a_secret(
        self, driver: Driver, environment: Environment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _plant(monkeypatch)
        driver.run("plugin_start", plugin_config=_CONFIGURED)
        driver.start("d1", "A", plugin_config=_CONFIGURED)
        found = {
            place
            for secret in _secrets(environment)
            for form in _forms(secret)
            for place in environment.places_of(form)
        }
        idle = sorted(set(environment.secret_places) - found)
        driver.expect(idle, [], "a place that is declared to hold a secret holds one", "remove it from secret_places")

    def _check(self, driver: Driver, request: ActionRequest, folder: Path) -> None:
        """Run the action as a process that writes all that it can, and look for the secrets there and outside."""
        environment = driver.environment
        files = {name: folder / name for name in ("events", "log", "status")}
        flags = ["--events", files["events"], "--logfile", files["log"], "--status-file", files["status"]]
        process = driver.popen(request, *map(str, flags), "--log-level", "debug", "--show-status")
        out, err = process.communicate(timeout=environment.action_limit)
        written = {name: path.read_text() for name, path in files.items()} | {"stdout": out, "stderr": err}
        for secret in _secrets(environment):
            for form in _written_forms(secret):
                told = [name for name, text in written.items() if form in text]
                advice = "never put variables or configuration into a message, in no encoding"
                driver.expect(told, [], f"{request.action} tells no secret ({secret!r} as {form!r})", advice)
            for form in _forms(secret):
                places = [place for place in environment.places_of(form) if place not in environment.secret_places]
                promise = f"{request.action} leaves no secret in the environment ({secret!r} as {form!r})"
                driver.expect(places, [], promise, "a place where it must be is declared in secret_places")


def _plant(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _VARIABLES.items():
        monkeypatch.setenv(name, value)


def _secrets(environment: Environment) -> list[str]:
    return [secret.strip() for secret in (*_VARIABLES.values(), *_CONFIGURED.values(), *environment.own_secrets)]


def _written_forms(secret: str) -> Iterator[str]:
    """Yield the secret as a message may show it: also as Python, JSON and URLs write it, and on one line."""
    yield from _forms(secret)
    yield " ".join(secret.split())
    yield from (repr(secret)[1:-1], repr(secret.encode())[2:-1])
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (quote(secret), quote(secret, safe=""), quote_plus(secret))


def _forms(secret: str) -> Iterator[str]:
    """Yield the secret as it is, and as it looks within Base64, which depends on where it begins."""
    yield secret
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + secret.encode()).decode()
        # The first and last characters hold bits of what stands before and behind it.
        yield encoded[-(-before * 8 // 6) : (before + len(secret.encode())) * 8 // 6]
