"""Drives the plugin through the real runner, and remembers what was done so that a failure can tell the story."""

from __future__ import annotations

import hashlib
import json
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bosun_core.runner import ActionRequest, run_action

from bosun_test.conformance.environment import Environment, PackageKind, Running


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

    def begin_story(self) -> None:
        """Forget what was done so far: a new example begins."""
        self._story.clear()

    def tell(self, line: str) -> None:
        """Add a line to the story."""
        self._story.append(f"# {line}")

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
        self._story.append(f"{self._pasted(request)}\n  -> {status['status']}, {status['state']}: {status['msg']}")
        return status

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
        self._story.append(self._pasted(request) + " &")
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
            import yaml

            statuses.append(Status(yaml.safe_load(out)))
        return statuses

    def expect(self, found: object, expected: object, promise: str, advice: str = "") -> None:
        """Check that what was found is as expected.

        Raises:
            PromiseBroken: it is not; the text has the promise, both values, the advice and the story.
        """
        if found != expected:
            raise self.broken(f"{promise}\n  expected: {expected!r}\n  found:    {found!r}", advice)

    def expect_clean(self, running: Mapping[str, Running | str], promise: str) -> None:
        """Check from outside that just this runs (values are models, or models with packages) and nothing is left."""
        found = self.environment.running()
        seen = {name: found[name] if isinstance(running.get(name), Running) else found[name].model for name in found}
        self.expect(seen, dict(running), promise, "the kit looked at the environment from outside")
        self.expect(
            self.environment.leftovers(), [], f"{promise}, and nothing is left behind", "clean up in every way out"
        )

    def broken(self, fault: str, advice: str = "") -> PromiseBroken:
        """Return the error that tells the fault, the advice, and the story as commands that can be pasted."""
        lines = [fault, *([f"  advice:   {advice}"] if advice else []), "what was done:", *self._story]
        return PromiseBroken("\n".join(lines))

    def _pasted(self, request: ActionRequest) -> str:
        """Return the request as a command that can be pasted into a shell."""
        document = json.dumps(json.loads(Path(str(request.config)).read_text()))
        words = arguments_of(request._replace(config="-"))
        return f"printf '%s' {shlex.quote(document)} | {shlex.join(['bosun-plugin-runner', *words])}"


def arguments_of(request: ActionRequest) -> list[str]:
    """Return a request as words of the command line."""
    files = ["--config", str(request.config), "--private-config", str(request.private_config)]
    dry_run = ["--dry-run"] if request.dry_run else []
    return ["--plugin", request.plugin, "--action", request.action, *files, *dry_run]


def sha256_of(package: Path) -> str:
    """Return the SHA-256 of a package, as `Running.package` has it."""
    with package.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
