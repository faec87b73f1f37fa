"""Drives the plugin through the real runner, and remembers what was done so that a failure can tell the story."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from bosun_core.errors import one_line
from bosun_core.runner import ActionRequest, run_action

from bosun_test.conformance import kill
from bosun_test.conformance.environment import Environment, NothingAnswersError, PackageKind, Running
from bosun_test.conformance.profile import Profile, chosen_profile
from bosun_test.conformance.steps import killed
from bosun_test.conformance.telling import RUNNER, arguments_of, compared, pasted


class PromiseBroken(AssertionError):
    """The plugin does not keep a promise of the contract."""


class Status(dict[str, Any]):
    """A status as in a status file."""

    @property
    def model(self) -> str | None:
        """`data.currentModelId`."""
        return (self["data"] or {}).get("currentModelId")

    @property
    def outcome(self) -> tuple[str, str | None]:
        """Status and state."""
        return self["status"], self["state"]


class Driver:
    """Runs actions on one environment, in this process or as processes of their own."""

    def __init__(self, environment: Environment, folder: Path) -> None:
        self.environment = environment
        self._folder = folder
        self._story: list[str] = []

    @property
    def profile(self) -> Profile:
        """The chosen profile, as the environment can afford it."""
        return self.environment.profile(chosen_profile())

    def begin_story(self) -> None:
        """Forget what was done so far: a new example begins."""
        self._story.clear()

    def tell(self, line: str) -> None:
        """Add a line to the story."""
        self._story.append(f"# {line}")

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is done in this context is part of the story only where it fails."""
        before = len(self._story)
        yield
        del self._story[before:]

    def note(self, request: ActionRequest, number: signal.Signals | None = None, step: int = 0) -> None:
        """Add a request to the story, with the signal that it gets at a step."""
        self._story.append(pasted(request, RUNNER if number is None else kill.words(number, step)))

    def package(self, name: str, kind: PackageKind = PackageKind.GOOD) -> Path:
        """Return the environment's package of that name."""
        return self.environment.package(name, kind)

    def run(
        self,
        action: str,
        deployment: str | None = None,
        model: str | None = None,
        package: Path | None = None,
        **more: Any,
    ) -> Status:
        """Run one action in this process; `more` are other keys of deploymentInfo, `listed` and `dry_run` apart."""
        return self.run_request(self.request(action, deployment, model, package, **more))

    def run_request(self, request: ActionRequest) -> Status:
        """Run a request in this process."""
        status = Status(run_action(request))
        self.note(request)
        self.tell(f"  {status['status']}, {status['state']}: {one_line(status['msg'])}")
        return status

    def killed(self, request: ActionRequest, step: int) -> bool:
        """Run a request in a process that is killed at a step; False where it ended before that."""
        self.note(request, signal.SIGKILL, step)
        hit = killed(request, step)
        if not hit:
            self.tell("  ended before it could be killed")
        return hit

    def start(self, deployment: str = "d1", model: str = "A", package: str | None = None, **more: Any) -> Status:
        """Start a deployment with a package that is called like its model, or as given, and see that it passes."""
        status = self.run("deployment_start", deployment, model, self.package(package or model), **more)
        self.expect(status.outcome, ("passing", "ready"), "a start with a good package passes")
        return status

    def replace(self, new_model: str = "B", deployment: str = "d1", old_model: str = "A", **more: Any) -> Status:
        """Replace the model of a deployment by one with a package that is called like it."""
        package = more.pop("package", None) or self.package(new_model)
        return self.run("deployment_replace_model", deployment, old_model, package, newModelId=new_model, **more)

    def request(
        self,
        action: str,
        deployment: str | None = None,
        model: str | None = None,
        package: Path | None = None,
        *,
        listed: Sequence[Any] | None = None,
        dry_run: bool = False,
        plugin_config: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        **info: Any,
    ) -> ActionRequest:
        """Return the request for an action, its files written."""
        keys = {"id": deployment, "modelId": model, "modelArtifact": None if package is None else str(package), **info}
        sections: dict[str, Any] = {
            "pluginConfig": {**self.environment.plugin_config(), **(plugin_config or {})},
            "peInfo": None if listed is None else {"id": "environment-1", "deployments": listed},
        }
        if deployment is not None or info:
            sections["deploymentInfo"] = {key: value for key, value in keys.items() if value is not None}
        private = {**self.environment.private_configuration(), **(settings or {})}
        config_file, private_file = self._written(sections), self._written(private)
        return ActionRequest(self.environment.plugin, action, config_file, private_file, dry_run)

    def _written(self, document: Mapping[str, Any]) -> str:
        """Write a document once; its name is made of its content, so that a running process never sees it change."""
        content = json.dumps(document, indent=1)
        path = self._folder / f"{hashlib.sha256(content.encode()).hexdigest()[:12]}.yaml"
        if not path.exists():
            path.write_text(content)
        return str(path)

    def status_path(self) -> Path:
        """Return a path for a status file that is not there yet."""
        path = self._folder / "status.yaml"
        path.unlink(missing_ok=True)
        return path

    def popen(self, request: ActionRequest, *flags: str, **options: Any) -> subprocess.Popen[str]:
        """Start the runner as a process, its status on stdout."""
        command = [sys.executable, "-m", "bosun_core", *arguments_of(request), *flags]
        self._story.append(f"{pasted(request)} &")
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)

    def finished(self, processes: Sequence[subprocess.Popen[str]]) -> list[Status]:
        """Wait for processes and return their statuses."""
        statuses = []
        for process in processes:
            try:
                out, err = process.communicate(timeout=self.environment.action_limit)
            except subprocess.TimeoutExpired:
                for one in processes:
                    one.kill()
                raise self.broken(
                    f"a runner did not end within {self.environment.action_limit:g} s; "
                    "two runners on one deployment must not wait for each other for ever"
                ) from None
            if not out:
                raise self.broken(f"a runner ended with {process.returncode} and no status; stderr: {err}")
            statuses.append(Status(yaml.safe_load(out)))
        return statuses

    def expect(self, found: object, expected: object, promise: str, advice: str = "") -> None:
        """Check that what was found is as expected.

        Raises:
            PromiseBroken: it is not; the text has the promise, both values, the advice and the story.
        """
        if found != expected:
            raise self.broken("\n".join([promise, *compared(found, expected)]), advice)

    def expect_running(
        self, running: Mapping[str, Running | str], promise: str, found: Mapping[str, Running] | None = None
    ) -> None:
        """Check from outside that just this runs; values are models, or models with packages.

        `found` is what `Environment.running` said already, where it may be otherwise by now.
        """
        found = self.environment.running() if found is None else found
        seen = {name: _as_expected(one, running.get(name)) for name, one in found.items()}
        self.expect(seen, dict(running), promise, "the kit looked at the environment from outside")

    def expect_clean(self, running: Mapping[str, Running | str], promise: str) -> None:
        """As `expect_running`, and nothing is left besides."""
        self.expect_running(running, promise)
        self.expect(
            self.environment.leftovers(), [], f"{promise}, and nothing is left behind", "clean up in every way out"
        )

    def models(self) -> dict[str, str]:
        """Return the model of each deployment, as seen from outside."""
        return {name: one.model for name, one in self.environment.running().items()}

    def url(self, status: Mapping[str, Any]) -> str:
        """Return the prediction URL that a status tells.

        Raises:
            PromiseBroken: it tells none.
        """
        url = (status["data"] or {}).get("predictionUrl")
        if not url:
            raise self.broken("data.predictionUrl is missing", "report the URL at which predictions are answered")
        return str(url)

    def answer(self, deployment: str, url: str) -> str:
        """Return the id of the model that answers at a URL.

        Raises:
            PromiseBroken: none does.
        """
        try:
            return self.environment.ask(deployment, url)
        except NothingAnswersError as error:
            raise self.broken(f"no prediction is answered at {url}: {error}") from error

    def broken(self, fault: str, advice: str = "") -> PromiseBroken:
        """Return the error that tells the fault, the advice, and the story as commands that can be pasted."""
        done = ["what was done, to be pasted into a shell:", *self._story] if self._story else []
        return PromiseBroken("\n".join([fault, *([f"  advice:   {advice}"] if advice else []), *done]))


def _as_expected(found: Running, expected: Running | str | None) -> Running | str:
    """Return what was found in the form of what is expected; a package that cannot be seen counts as the right one."""
    if not isinstance(expected, Running):
        return found.model
    return found if found.package is not None else found._replace(package=expected.package)


def sha256_of(package: Path) -> str:
    """Return the SHA-256 of a package, as `Running.package` has it."""
    with package.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
