"""What every suite of promises shares: the fixtures, and promises that are declared as not kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bosun_test.conformance.driving import Driver, PromiseBroken
from bosun_test.conformance.environment import Environment


class Promises:
    """The base of the suites. The one fixture to override is `environment`."""

    @pytest.fixture
    def environment(self, tmp_path: Path) -> Environment:
        """Return a clean environment for one test: the one thing that an author writes."""
        raise NotImplementedError("override the fixture `environment` and return your Environment")

    @pytest.fixture
    def driver(self, environment: Environment, tmp_path: Path) -> Iterator[Driver]:
        """Return a driver of the environment, which is reset before and after."""
        environment.reset()
        folder = tmp_path / "driver"
        folder.mkdir()
        yield Driver(environment, folder)
        environment.reset()

    @pytest.fixture(autouse=True)
    def _declared(self, request: pytest.FixtureRequest, environment: Environment) -> None:
        """Expect a promise that is declared as not kept to be broken: it fails when it is kept."""
        unknown = [name for name in environment.not_kept if not hasattr(type(self), name.partition("[")[0])]
        if unknown:
            pytest.fail(f"{type(environment).__name__}.not_kept names no promise of the kit: {', '.join(unknown)}")
        for name in (request.node.originalname, request.node.name):
            if name in environment.not_kept:
                reason = environment.not_kept[name]
                request.applymarker(pytest.mark.xfail(reason=reason, strict=True, raises=PromiseBroken))
                break
