"""The nine actions of the test plugin: take the given time, fail where told to, and keep the contract."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from bosun_core.answers import DeploymentEntry
from bosun_core.artifact import is_url, local_artifact
from bosun_core.environment import environment_id
from bosun_core.errors import BosunError, EnvironmentFailure, Interruption, InvalidRequest
from bosun_core.model import DeploymentInfo, PEInfo
from bosun_core.status import ActionStatus, ActionStatusInfo

from bosun_core import answers
from bosun_test.records import DamagedRecord, Record, Records
from bosun_test.rehearsal import rehearsed
from bosun_test.settings import StandInSettings

_LOCK_MARGIN = 60.0  # seconds that a runner has for its work besides the sleep


@dataclass(frozen=True)
class Environment:
    """One prediction environment: its id, its records, and how its actions go."""

    settings: StandInSettings
    id: str
    records: Records
    dry_run: bool

    def entry(self, record: Record) -> DeploymentEntry:
        """Return what a record says of its deployment."""
        path = self.records.path(record.deployment_id)
        return DeploymentEntry(record.deployment_id, record.model_id, workloads=(str(path),))


def environment(settings: StandInSettings, plugin_config: Mapping[str, Any], *, dry_run: bool) -> Environment:
    """Return the environment; without an id of its own it is the folder."""
    name = environment_id(settings.environment_id, plugin_config, os.path.realpath(settings.tmp_dir))
    return Environment(settings, name, Records(settings.tmp_dir, name), dry_run)


def plugin_start(env: Environment) -> ActionStatusInfo:
    """Check that tmp_dir can be used, and clear what killed runners left."""

    def work() -> ActionStatusInfo:
        env.records.check()
        env.records.clear_leftovers()
        return ActionStatusInfo(ActionStatus.OK, f"tmp_dir {env.records.folder} can be used")

    if env.dry_run:
        env.records.check()
        return _planned(env, "plugin_start", None, [])
    return rehearsed(env.settings, "plugin_start", work)


def plugin_stop(env: Environment) -> ActionStatusInfo:
    """Do nothing: no part is shared, and deployments stay."""
    if env.dry_run:
        return _planned(env, "plugin_stop", None, [])
    answer = ActionStatusInfo(ActionStatus.OK, "nothing to stop; the deployments stay as they are")
    return rehearsed(env.settings, "plugin_stop", lambda: answer)


def start(env: Environment, info: DeploymentInfo) -> ActionStatusInfo:
    """Write the deployment's record, or bring the one that is there to the given model, package and settings."""
    with _acting_on(env, info, overlooked=DamagedRecord) as current:
        goal = _goal(env, info, str(info.model_id), current)
        return _bring(env, "deployment_start", current, goal, anew=False)


def replace(env: Environment, info: DeploymentInfo) -> ActionStatusInfo:
    """Put the new model into the deployment's record; on any failure the old one is untouched."""
    with _acting_on(env, info) as current:
        if current is None:
            return answers.unknown_deployment(str(info.id))
        goal = _goal(env, info, str(info.new_model_id), current)
        return _bring(env, "deployment_replace_model", current, goal, anew=False)


def relaunch(env: Environment, info: DeploymentInfo) -> ActionStatusInfo:
    """Launch the given package anew, or without one the model that is there."""
    with _acting_on(env, info, overlooked=() if info.model_artifact is None else DamagedRecord) as current:
        given = info.model_id if info.model_artifact is not None else None
        if current is None and given is None:
            return answers.unknown_deployment(str(info.id))
        model = given or (current.model_id if current else "")
        return _bring(env, "deployment_relaunch", current, _goal(env, info, model, current), anew=True)


def stop(env: Environment, info: DeploymentInfo) -> ActionStatusInfo:
    """Remove the deployment's record, a damaged one too."""
    with _acting_on(env, info, overlooked=EnvironmentFailure) as current:
        path = env.records.path(str(info.id))
        there = os.path.lexists(path)
        if env.dry_run:
            steps = [f"remove {path}"] if there else []
            return _planned(env, "deployment_stop", env.entry(current) if current else None, steps)

        def work() -> ActionStatusInfo:
            env.records.remove(str(info.id))
            model = current.model_id if current else None
            return answers.stopped(info, model) if there else answers.already_stopped(info)

        return rehearsed(env.settings, "deployment_stop", work, _still_there(current))


def status(env: Environment, info: DeploymentInfo) -> ActionStatusInfo:
    """Look at the deployment's record."""

    def work() -> ActionStatusInfo:
        env.records.check()
        record = env.records.read(str(info.id))
        if record is None:
            return answers.unknown_deployment(str(info.id))
        return env.entry(record).as_status(f"deployment {info.id} serves model {record.model_id}")

    return rehearsed(env.settings, "deployment_status", work)


def list_all(env: Environment) -> ActionStatusInfo:
    """Look at every record of the environment."""

    def work() -> ActionStatusInfo:
        seen = env.records.survey()
        answer = answers.list_of(env.entry(record) for record in seen.records)
        if seen.remarks:
            answer.status, answer.msg = ActionStatus.WARN, "; ".join([answer.msg or "", *seen.remarks])
        return answer

    return rehearsed(env.settings, "deployment_list", work)


def pe_status(env: Environment, pe_info: PEInfo | None) -> ActionStatusInfo:
    """Look at tmp_dir and at every record of the environment."""
    listed = None if pe_info is None else pe_info.deployments

    def work() -> ActionStatusInfo:
        seen = env.records.survey()
        entries = [env.entry(record) for record in seen.records]
        facts = f"tmp_dir {env.records.folder} can be used"
        return answers.environment_status(entries, listed, facts, warnings=seen.remarks)

    return rehearsed(env.settings, "pe_status", work)


@contextmanager
def _acting_on(
    env: Environment, info: DeploymentInfo, *, overlooked: type[EnvironmentFailure] | tuple[()] = ()
) -> Iterator[Record | None]:
    """Hold the deployment for one action; whatever ends it tells which model is in use. A dry run only looks.

    A record that cannot be read because it is `overlooked` counts as none.
    """
    name = str(info.id)

    def now() -> Record | None:
        try:
            return env.records.read(name)
        except overlooked:
            return None

    if env.dry_run:
        env.records.check()
        yield now()
        return
    looked, current = False, None
    try:
        with env.records.locked(name, env.settings.longest() + _LOCK_MARGIN):
            looked, current = True, now()
            yield current
    except (BosunError, Interruption) as error:
        with suppress(EnvironmentFailure):  # what is under way says more
            left = env.records.read(name)
            if left is not None:
                error.data = {**answers.old_model_in_use(left.model_id), "oldModelInUse": left == current or not looked}
        raise


def _still_there(current: Record | None) -> dict[str, Any] | None:
    return None if current is None else answers.old_model_in_use(current.model_id)


def _goal(env: Environment, info: DeploymentInfo, model_id: str, current: Record | None) -> Record:
    """Return the record that the action is to leave; without a package the one that is there stays.

    Raises:
        InvalidRequest: the package cannot be used.
    """
    package = None
    if info.model_artifact is not None:
        package = _package_hash(info, dry_run=env.dry_run)
    elif current is not None and current.model_id == model_id:
        package = current.package_hash
    settings = json.dumps(dict(info.key_value_config), sort_keys=True, default=str)
    return Record(
        environment_id=env.id,
        deployment_id=str(info.id),
        model_id=model_id,
        settings_hash=hashlib.sha256(settings.encode()).hexdigest(),
        package_hash=package,
    )


def _package_hash(info: DeploymentInfo, *, dry_run: bool) -> str:
    if dry_run and is_url(info.model_artifact):
        return "of a package that a dry run does not fetch"
    path = local_artifact(info)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InvalidRequest(f"modelArtifact {path} cannot be read: {error.strerror}; check it") from error


def _bring(env: Environment, action: str, current: Record | None, goal: Record, *, anew: bool) -> ActionStatusInfo:
    unchanged = goal == current and not anew
    path = env.records.path(goal.deployment_id)
    if env.dry_run:
        steps = [] if unchanged else [f"write {path} for model {goal.model_id}"]
        return _planned(env, action, env.entry(current) if current else None, steps)

    def work() -> ActionStatusInfo:
        entry = env.entry(goal)
        if unchanged:
            return answers.already_serves(entry)
        env.records.write(goal)
        return entry.as_status(f"deployment {goal.deployment_id} serves model {goal.model_id}")

    return rehearsed(env.settings, action, work, _still_there(current))


def _planned(env: Environment, action: str, entry: DeploymentEntry | None, steps: Sequence[str]) -> ActionStatusInfo:
    failure = env.settings.failure(action)
    if failure is not None and not failure.lets_through():
        steps = [f"fail as failures.{action} of the private configuration says"]
    return answers.planned(entry, steps)
