"""The sample plugin: a complete prediction environment that is nothing but a folder. Read it before you write your own.

A plugin is a class with one method per action. The runner makes one object, calls one method, writes the status that
the method returns, and ends. What each method promises is in docs/actions.md; what keeps the promises is here:

- No process remembers anything, so the environment itself is the memory: look first, then do what is missing.
- Every action may be repeated, and may be killed at any step: what is new is made aside, one step puts it in place,
  and the next action tidies up what a killed one left.
- Two runners may act on one deployment: the second waits for the first.

A deployment is a folder with the model package and deployment.json, which says what is served. It is there exactly
when its deployment.json is.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from bosun_core import (
    ActionStatus,
    ActionStatusInfo,
    BosunError,
    BosunPluginBase,
    DeploymentInfo,
    DeploymentState,
    EnvironmentFailure,
    Interruption,
    Settings,
    answers,
    described,
    environment_id,
    local_artifact,
    locked,
    slug_with_hash,
    uninterrupted,
    write_whole,
)

LOCK_LIMIT = 60.0  # seconds that an action waits for another one on the same deployment


class SampleSettings(Settings, kw_only=True, frozen=True):
    """The private configuration: it is checked, and `--gen-config` shows it, because the plugin names this class."""

    folder: Annotated[
        str,
        described("The folder that holds the deployments; made when the first one starts.", "/tmp/sample_environment"),  # noqa: S108  # an example
    ]


@dataclass(frozen=True)
class Served:
    """What a deployment serves: the content of its deployment.json. The package is named by its SHA-256."""

    model: str
    package: str
    settings: dict[str, Any]


class SamplePlugin(BosunPluginBase):
    """Keeps each deployment in a folder of its own."""

    settings_model = SampleSettings

    @property
    def home(self) -> Path:
        """The folder of this environment; several environments may share the configured one."""
        name = environment_id(self.settings.environment_id, self.plugin_config, "default")
        # An id may be any text; this makes it a name that is safe here and that no other id gets.
        return Path(self.settings.folder) / slug_with_hash(name, width=60)

    def plugin_start(self) -> ActionStatusInfo:
        """Make the environment's folder."""
        if self.dry_run:
            return answers.planned(None, [] if self.home.is_dir() else [f"make the folder {self.home}"])
        with self._told():
            self.home.mkdir(parents=True, exist_ok=True)
        return ActionStatusInfo(ActionStatus.OK, f"{self.home} can be used")

    def plugin_stop(self) -> ActionStatusInfo:
        """Leave everything: the deployments serve on while the agent is away."""
        return ActionStatusInfo(ActionStatus.OK, "nothing to stop; the deployments stay as they are")

    def deployment_start(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Bring the deployment to the given model."""
        with self._holding(deployment_info) as served:
            return self._bring(deployment_info, deployment_info.model_id, served)

    def deployment_replace_model(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Bring the deployment to the new model; the old one is in place until the new one is."""
        with self._holding(deployment_info) as served:
            if served is None:
                return answers.unknown_deployment(str(deployment_info.id))
            return self._bring(deployment_info, deployment_info.new_model_id, served)

    def deployment_relaunch(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Bring the deployment to the given package and settings, or to the package that is kept.

        Without this method the base class would stop the deployment and start it again, with a gap in between.
        """
        with self._holding(deployment_info) as served:
            if served is None and deployment_info.model_artifact is None:
                return answers.unknown_deployment(str(deployment_info.id))
            model = deployment_info.model_id if deployment_info.model_artifact is not None else None
            return self._bring(deployment_info, model or (served.model if served else None), served)

    def deployment_stop(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Remove the deployment."""
        with self._holding(deployment_info) as served:
            if served is None:
                return answers.already_stopped(deployment_info)
            if self.dry_run:
                return answers.planned(self._entry(str(deployment_info.id), served), [f"remove model {served.model}"])
            # This one step ends the deployment; the package goes when the folder is tidied.
            self._folder(deployment_info.id).joinpath("deployment.json").unlink()
            return answers.stopped(deployment_info, served.model)

    def deployment_status(self, deployment_info: DeploymentInfo) -> ActionStatusInfo:
        """Look at the deployment."""
        served = self._look(str(deployment_info.id))
        if served is None:
            return answers.unknown_deployment(str(deployment_info.id))
        return self._entry(str(deployment_info.id), served).as_status()

    def deployment_list(self) -> ActionStatusInfo:
        """Look at all deployments."""
        return answers.list_of(self._entries())

    def pe_status(self) -> ActionStatusInfo:
        """Look at the folder and at all deployments.

        Where the folder cannot be read, what `_entries` raises is the answer: failing, each listed deployment unknown.
        """
        listed = self.pe_info.deployments if self.pe_info else None
        return answers.environment_status(self._entries(), listed, f"{self.home} can be used")

    def _bring(self, info: DeploymentInfo, model: str | None, served: Served | None) -> ActionStatusInfo:
        """Have the deployment serve the model: copy the package aside, then switch by writing deployment.json."""
        folder = self._folder(info.id)
        if info.model_artifact is None and served is not None and served.model == model:
            source = folder / served.package
            if not source.exists():
                return answers.nothing_kept(str(info.id), "its package is gone")
        else:
            source = local_artifact(info)  # refuses, in one line, what is not there or no file
        with source.open("rb") as file:
            package = hashlib.file_digest(file, "sha256").hexdigest()
        goal = Served(str(model), package, json.loads(json.dumps(dict(info.key_value_config), default=str)))
        entry = self._entry(str(info.id), goal)
        if goal == served and entry.status is ActionStatus.OK:
            return answers.planned(entry, []) if self.dry_run else answers.already_serves(entry)
        if self.dry_run:
            return answers.planned(None, [f"copy {source} to {folder}", f"serve model {model}"])
        folder.mkdir(exist_ok=True)
        if not (folder / package).exists():
            aside = folder / f"{package}.part"
            shutil.copyfile(source, aside)
            aside.replace(folder / package)
        write_whole(folder / "deployment.json", json.dumps(asdict(goal), indent=2).encode())
        return self._entry(str(info.id), goal).as_status(f"deployment {info.id} serves model {model}")

    @contextmanager
    def _holding(self, info: DeploymentInfo) -> Iterator[Served | None]:
        """Hold the deployment for one action and yield what it serves; a dry run only looks."""
        name = str(info.id)
        if self.dry_run:
            yield self._look(name)
            return
        looked, served = False, None
        try:
            with self._told():
                self.home.mkdir(parents=True, exist_ok=True)
                # No id begins with a dot, so the lock is in the way of no deployment. The kernel frees it if we die.
                with locked(self.home / f".{name}.lock", LOCK_LIMIT, f"deployment {name}"):
                    looked, served = True, self._look(name)
                    try:
                        yield served
                    finally:
                        with uninterrupted():  # a signal that comes now is heeded when all is tidy
                            self._tidy(name)
        except (BosunError, Interruption) as error:  # an Interruption is a signal, or the end of --timeout
            now = self._look(name)
            # Tell which model serves, whatever ended the action, and when.
            if now is not None and self._entry(name, now).status is ActionStatus.OK:
                error.data = {**answers.old_model_in_use(now.model), "oldModelInUse": now == served or not looked}
            raise

    def _tidy(self, name: str) -> None:
        """Remove what deployment.json does not name: the package before, and leftovers of a killed action."""
        folder, served = self._folder(name), self._look(name)
        if served is None:
            shutil.rmtree(folder, ignore_errors=True)
            return
        for file in folder.iterdir():
            if file.name not in ("deployment.json", served.package):
                file.unlink()

    def _folder(self, deployment_id: str | None) -> Path:
        return self.home / str(deployment_id)  # the runner has checked that an id is safe as a name

    def _look(self, name: str) -> Served | None:
        file = self._folder(name) / "deployment.json"
        with self._told():
            try:
                return Served(**json.loads(file.read_bytes()))
            except FileNotFoundError:
                return None
            except (ValueError, TypeError) as error:
                raise EnvironmentFailure(f"{file} is damaged; remove its folder, then start {name} again") from error

    def _entry(self, name: str, served: Served) -> answers.DeploymentEntry:
        """Return the deployment as it is now; broken where its package is gone."""
        folder = self._folder(name)
        entry = answers.DeploymentEntry(name, served.model, workloads=(str(folder),))
        # A replacement may have come in between: then this is not the package to look for.
        if (folder / served.package).exists() or self._look(name) != served:
            return entry
        broken = f"the package of deployment {name} is gone; start it again"
        return answers.DeploymentEntry(
            name, served.model, ActionStatus.ERROR, DeploymentState.ERRORED, broken, workloads=(str(folder),)
        )

    def _entries(self) -> list[answers.DeploymentEntry]:
        with self._told():
            try:
                names = sorted(path.name for path in self.home.iterdir())
            except FileNotFoundError:  # nothing has been started yet
                names = []
        found = {name: self._look(name) for name in names if not name.startswith(".")}
        return [self._entry(name, served) for name, served in found.items() if served is not None]

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell in one line what the system refuses: what happened, then what to do."""
        try:
            yield
        except OSError as error:
            place = error.filename or self.home
            raise EnvironmentFailure(f"cannot use {place}: {error.strerror}; mend that, then run it again") from error
