"""The nine actions on a folder of deployments."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bosun_core.environment import environment_id
from bosun_core.errors import BosunError, EnvironmentFailure, Interruption, InvalidRequest
from bosun_core.model import DeploymentInfo, PEInfo
from bosun_core.status import ActionStatus, ActionStatusInfo

from bosun_core import answers
from bosun_fs import base_folder, folders
from bosun_fs.atomic import OWN_FOLDER, Place
from bosun_fs.folders import Seen
from bosun_fs.making import Wanted, make, serves, steps, wanted
from bosun_fs.problems import told
from bosun_fs.settings import FilesystemSettings


class Environment(NamedTuple):
    """One prediction environment: a base folder, an id, and how its folders are laid out."""

    settings: FilesystemSettings
    id: str
    base: Path
    dry_run: bool

    def place(self, deployment_id: str) -> Place:
        """Return where the deployment's folder is, or would be."""
        return Place(self.base, f"{self.settings.deployment_dir_prefix}{deployment_id}")


def environment(settings: FilesystemSettings, plugin_config: Mapping[str, Any], *, dry_run: bool) -> Environment:
    """Return the environment; without an id of its own it is named by the folder, so its folders carry none either."""
    return Environment(
        settings, environment_id(settings.environment_id, plugin_config, ""), Path(settings.base_dir), dry_run
    )


def staging_folder(env: Environment) -> str:
    """Return the folder on the same filesystem for packages that are fetched by URL."""
    base_folder.check(env.base)
    return str(env.base / OWN_FOLDER / "downloads")


def plugin_start(env: Environment) -> ActionStatusInfo:
    """Check that baseDir is there, can be written, and has room."""
    base_folder.check(env.base)
    return ActionStatusInfo(ActionStatus.OK, base_folder.facts(env.base))


def plugin_stop(env: Environment) -> ActionStatusInfo:
    """Do nothing: no part is shared, and what serves predictions keeps serving."""
    return ActionStatusInfo(ActionStatus.OK, f"nothing to stop; the deployments in {env.base} stay as they are")


def start(env: Environment, info: DeploymentInfo) -> ActionStatusInfo:
    """Make the deployment's folder, or bring the one that is there to the given model, package and settings."""
    if not os.path.lexists(env.place(str(info.id)).folder):
        wanted(env.settings, info, str(info.model_id))  # what is refused leaves no folder for locks either
    with _bringing(env, info) as (place, current):
        goal = wanted(env.settings, info, str(info.model_id))
        return _bring(env, place, current, goal)


def replace(env: Environment, info: DeploymentInfo) -> ActionStatusInfo:
    """Exchange the folder for one with the new model; on any failure the old one is untouched."""
    with _bringing(env, info, only_known=True) as (place, current):
        if current is None:
            return answers.unknown_deployment(str(info.id))
        goal = wanted(env.settings, info, str(info.new_model_id))
        return _bring(env, place, current, goal)


def relaunch(env: Environment, info: DeploymentInfo) -> ActionStatusInfo:
    """Exchange the folder for a fresh one, of the given package or of the one that is kept."""
    with _bringing(env, info, only_known=info.model_artifact is None) as (place, current):
        if current is None:
            if info.model_artifact is None:
                return answers.unknown_deployment(str(info.id))
            return _bring(env, place, None, wanted(env.settings, info, _model_to_launch(info)))
        kept = current.record
        if info.model_artifact is None and not current.has_package:
            return answers.nothing_kept(str(info.id), str(current.fault))
        model = kept.model_id if info.model_artifact is None else info.model_id or kept.model_id
        goal = wanted(env.settings, info, model, kept=place.folder / kept.package)
        return _bring(env, place, current, goal, anew=True)


def stop(env: Environment, info: DeploymentInfo) -> ActionStatusInfo:
    """Remove the deployment's folder."""
    with _acting_on(env, info, only_known=True) as (place, current):
        if current is None:
            return answers.already_stopped(info)
        if env.dry_run:
            return _planned(current, place, env, [f"remove {place.folder}"])
        with told("remove", place.folder):
            place.take_away()
        return answers.stopped(info, current.record.model_id)


def status(env: Environment, info: DeploymentInfo) -> ActionStatusInfo:
    """Look at the deployment's folder."""
    base_folder.check(env.base, to_write=False)
    place = env.place(str(info.id))
    current = _own(env, place)
    if current is None:
        return answers.unknown_deployment(str(info.id))
    entry = folders.entry(current, place.folder, env.settings)
    return entry.as_status(None if entry.msg else f"deployment {entry.deployment_id} holds model {entry.model_id}")


def list_all(env: Environment) -> ActionStatusInfo:
    """Look at every deployment's folder."""
    base_folder.check(env.base, to_write=False)
    with told("read", env.base):
        return answers.list_of(folders.survey(env.settings, env.id).entries)


def environment_status(env: Environment, pe_info: PEInfo | None) -> ActionStatusInfo:
    """Look at baseDir and at every deployment's folder."""
    listed = None if pe_info is None else pe_info.deployments
    base_folder.check(env.base)
    with told("read", env.base):
        seen = folders.survey(env.settings, env.id)
    return answers.environment_status(seen.entries, listed, base_folder.facts(env.base), warnings=seen.remarks)


def _model_to_launch(info: DeploymentInfo) -> str:
    if info.model_id is None:
        raise InvalidRequest(f"deployment {info.id} is not there, so a relaunch needs deploymentInfo.modelId; add it")
    return info.model_id


@contextmanager
def _acting_on(
    env: Environment, info: DeploymentInfo, *, only_known: bool = False
) -> Iterator[tuple[Place, Seen | None]]:
    """Hold the deployment's place for one action and yield it with what it holds; a dry run only looks.

    With `only_known` nothing is made or held for a deployment of which there is nothing.
    """
    base_folder.check(env.base, to_write=not env.dry_run)
    place = env.place(str(info.id))
    if env.dry_run or (only_known and not place.is_in_use()):
        yield place, _own(env, place)
        return
    with told("write below", env.base), place.locked(env.settings.lock_limit, f"deployment {info.id}"):
        yield place, _own(env, place)


@contextmanager
def _bringing(
    env: Environment, info: DeploymentInfo, *, only_known: bool = False
) -> Iterator[tuple[Place, Seen | None]]:
    """As `_acting_on`; besides, whatever ends the action tells which model is in place then."""
    looked, before = False, None
    try:
        with _acting_on(env, info, only_known=only_known) as (place, before):
            looked = True
            yield place, before
    except (BosunError, Interruption) as error:
        now = folders.look(env.place(str(info.id)).folder)
        if now is not None and now.fault is None and now.record.environment == env.id:
            error.data = answers.old_model_in_use(now.record.model_id)
            # Not so where it ended between the last step and the answer.
            error.data["oldModelInUse"] = not looked or (before is not None and now.record == before.record)
        raise


def _own(env: Environment, place: Place) -> Seen | None:
    """Return what the deployment's folder holds, or None where there is none.

    Raises:
        EnvironmentFailure: what stands there is not of this environment, and so not ours to touch.
    """
    seen = folders.look(place.folder)
    if seen is None:
        if os.path.lexists(place.folder):
            raise EnvironmentFailure(
                f"{place.folder} was not made by this Bosun and is not touched; move it away, or see docs/migrate.md"
            )
        return None
    if seen.record.environment != env.id:
        owner = repr(seen.record.environment) if seen.record.environment else "without an environmentId"
        raise EnvironmentFailure(
            f"{place.folder} belongs to the environment {owner}, this one is {env.id!r}; "
            "give each environment a baseDir or a deploymentDirPrefix of its own"
        )
    return seen


def _bring(
    env: Environment, place: Place, current: Seen | None, goal: Wanted, *, anew: bool = False
) -> ActionStatusInfo:
    """Bring the folder to what is wanted; where it holds that already nothing is done, but for a launch `anew`."""
    if current is not None and not anew and serves(current, goal):
        return _nothing_to_do(env, current, place)
    if env.dry_run:
        return _planned(current, place, env, steps(place, current, goal))
    seen = make(place, goal, env.id)
    verb = "holds" if current is None else f"held model {current.record.model_id} and now holds"
    entry = folders.entry(seen, place.folder, env.settings)
    return entry.as_status(f"deployment {entry.deployment_id} {verb} model {entry.model_id}")


def _nothing_to_do(env: Environment, current: Seen, place: Place) -> ActionStatusInfo:
    if env.dry_run:
        return _planned(current, place, env, [])
    return answers.already_serves(folders.entry(current, place.folder, env.settings))


def _planned(current: Seen | None, place: Place, env: Environment, plan: list[str]) -> ActionStatusInfo:
    entry = None if current is None else folders.entry(current, place.folder, env.settings)
    return answers.planned(entry, plan)
