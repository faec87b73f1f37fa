"""The actions on one deployment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from bosun_core.endings import to_its_end
from bosun_core.errors import BosunError, EnvironmentFailure, Interruption, InvalidRequest
from bosun_core.model import DeploymentInfo
from bosun_core.reporting import progress
from bosun_core.status import ActionStatusInfo

from bosun_core import answers
from bosun_docker import names, plans, rollout
from bosun_docker.engine.client import Engine, engine_of
from bosun_docker.environment import Environment
from bosun_docker.goals import Wanted, is_shared, kind, latest, serves, wanted
from bosun_docker.holding import held_deployment
from bosun_docker.looks.entries import entry
from bosun_docker.looks.looking import listed, look
from bosun_docker.looks.observed import Deployed, Look
from bosun_docker.monitoring import parts as monitoring
from bosun_docker.newcomers import newcomer
from bosun_docker.proxy import networks, shared_parts
from bosun_docker.proxy.proxy import Proxy
from bosun_docker.proxy.routes import SLOTS
from bosun_docker.retiring import Way, retire
from bosun_docker.shared import server as shared_server


class Acting(NamedTuple):
    """What an action on a deployment works with."""

    engine: Engine
    env: Environment
    proxy: Proxy | None
    """None where nothing is held: in a dry run, and for a deployment that is unknown or never was in service."""
    seen: Look
    found: Deployed
    queue: str | None
    """The URL of the broker; None where nothing is monitored."""


def start(env: Environment, info: DeploymentInfo) -> ActionStatusInfo:
    """Bring the deployment into service with the given model, or bring the one that serves to it."""
    with _bringing(env, info) as acting:
        return env.monitoring.warned(_bring(acting, wanted(env, info, str(info.model_id), acting.queue)))


def replace(env: Environment, info: DeploymentInfo) -> ActionStatusInfo:
    """Bring the new model into service beside the old one, and switch; on any failure the old one goes on serving."""
    with _bringing(env, info, only_known=True) as acting:
        if not acting.found.was_in_service:
            return _not_in_service(acting)
        return env.monitoring.warned(_bring(acting, wanted(env, info, str(info.new_model_id), acting.queue)))


def relaunch(env: Environment, info: DeploymentInfo) -> ActionStatusInfo:
    """Bring a fresh container into service, of the given package or of the one that is kept."""
    from_kept = info.model_artifact is None
    with _bringing(env, info, only_known=from_kept) as acting:
        if from_kept and not acting.found.was_in_service:
            return _not_in_service(acting)
        kept = latest(acting.found)
        if kept is None and from_kept and "image" not in info.key_value_config:
            return answers.nothing_kept(str(info.id), "its container is gone")
        kept_model = None if kept is None else kept.labels.get(names.MODEL)
        model = kept_model or info.model_id if from_kept else info.model_id or kept_model
        if model is None:
            raise InvalidRequest(
                f"no model of deployment {info.id} is kept, so a relaunch needs deploymentInfo.modelId; add it"
            )
        return env.monitoring.warned(_bring(acting, wanted(env, info, model, acting.queue, kept), anew=True))


def stop(env: Environment, info: DeploymentInfo) -> ActionStatusInfo:
    """Have the endpoint lead nowhere, then end and remove all that is there of the deployment."""
    with engine_of(env) as engine:
        return _stop(engine, env, info)


def _stop(engine: Engine, env: Environment, info: DeploymentInfo) -> ActionStatusInfo:
    if env.dry_run:
        seen = look(engine, env)
        found = seen.deployed(env, str(info.id))
        plan = plans.of_stopping(engine, env, seen, found)
        return answers.planned(entry(env, seen, found) if found.is_there else None, plan)
    seen = listed(engine, env)
    if shared_parts.was_removed(engine, env, seen):
        shared_parts.bring_up_proxy(engine, env, seen)
        seen = listed(engine, env)
    with held_deployment(engine, env, seen.any_image, str(info.id), names.STOPPING):
        seen = look(engine, env)
        found = seen.deployed(env, str(info.id))
        to_its_end(lambda: _take_down(engine, env, seen, found))
    progress("done", 1, 1)
    return answers.stopped(info, _model(found)) if found.is_there else answers.already_stopped(info)


def _take_down(engine: Engine, env: Environment, seen: Look, found: Deployed) -> None:
    """Leave nothing of a deployment. May be repeated."""
    proxy = None if seen.proxy is None else Proxy(engine, env, seen.proxy)
    if proxy is not None:
        for slot in (slot for slot, route in found.slots.items() if route is not None):
            proxy.blank(found.key, slot)
    for container in (*found.containers, *([found.holder] if found.holder else [])):
        retire(engine, env, found, container, Way(proxy if seen.proxy and seen.proxy.runs else None, SLOTS[0]))
    rollout.remove_images(engine, env, found.id)


def _model(found: Deployed) -> str | None:
    container = latest(found)
    return None if container is None else container.labels.get(names.MODEL)


def _not_in_service(acting: Acting) -> ActionStatusInfo:
    """Return the answer of an action that brings no deployment into service for the first time."""
    env, seen, found = acting.env, acting.seen, acting.found
    return entry(env, seen, found).as_status() if found.is_there else answers.unknown_deployment(found.id)


@contextmanager
def _bringing(env: Environment, info: DeploymentInfo, *, only_known: bool = False) -> Iterator[Acting]:
    """Hold the deployment for one action, cleared of what killed ones left; whatever ends it tells what serves then.

    With `only_known` nothing is made, held or cleared for a deployment that is unknown or never was in service.
    """
    before: Deployed | None = None
    deployment_id = str(info.id)
    try:
        with engine_of(env) as engine:
            seen = listed(engine, env)
            if env.dry_run or (only_known and not seen.deployed(env, deployment_id).was_in_service):
                seen = look(engine, env)  # a route alone tells that its container was removed
                found = seen.deployed(env, deployment_id)
                if env.dry_run or not (found.was_in_service or found.is_held):
                    yield Acting(engine, env, None, seen, found, monitoring.queue_url(engine, env, seen))
                    return
            networks.check(engine, env)
            proxy = shared_parts.ready_proxy(engine, env, seen)
            queue = monitoring.ready_queue(engine, env, seen)
            if is_shared(env, kind(info, latest(seen.deployed(env, deployment_id)))):
                shared_server.ready(engine, env, proxy, queue)
            # What a lock stands over is the beginning or the rest of a deployment, not one that lost its route.
            was_locked = seen.deployed(env, deployment_id).lock is not None
            with held_deployment(engine, env, listed(engine, env).any_image, deployment_id, names.BRINGING):
                seen = rollout.cleared(engine, env, proxy, deployment_id, spares_latest=not was_locked)
                before = seen.deployed(env, deployment_id)
                try:
                    yield Acting(engine, env, proxy, seen, before, queue)
                finally:
                    to_its_end(lambda: rollout.remove_images(engine, env, deployment_id))
    except (BosunError, Interruption) as error:
        with suppress(EnvironmentFailure):
            _tell_what_serves(env, deployment_id, before, error)
        raise


def _tell_what_serves(
    env: Environment, deployment_id: str, before: Deployed | None, error: BosunError | Interruption
) -> None:
    with engine_of(env) as engine:
        now = look(engine, env).deployed(env, deployment_id)
    if now.route is None or now.current is None:
        return
    same = before is None or (before.route is not None and before.route[1].generation == now.route[1].generation)
    error.data = {**answers.old_model_in_use(_model(now)), "oldModelInUse": same}


def _bring(acting: Acting, want: Wanted, *, anew: bool = False) -> ActionStatusInfo:
    """Bring the deployment to what is wanted; where it serves that already nothing is done, but for a launch `anew`."""
    engine, env, proxy, seen, found, _ = acting
    goal = want.goal
    is_served = not anew and serves(engine, env, found, want)
    if is_served and not env.dry_run:
        return answers.already_serves(entry(env, seen, found))
    _check_name(env, seen, found, goal.model_id)
    if env.dry_run:
        plan = plans.of_bringing(engine, env, seen, found, want, is_served=is_served)
        return answers.planned(entry(env, seen, found) if found.is_there else None, plan)
    if proxy is None:
        raise RuntimeError(f"deployment {found.id} is not held")
    slots = rollout.Rollout(engine, env, proxy, found, goal, newcomer(engine, env, proxy, seen, found, want)).run()
    seen = listed(engine, env).unlocked()._replace(slots={found.key: slots})
    progress("done", 1, 1)
    said = f"deployment {goal.deployment_id} serves model {goal.model_id}"
    now = entry(env, seen, seen.deployed(env, goal.deployment_id))
    return now.as_status(now.msg or (f"{said}; {want.remark}" if want.remark else said))


def _check_name(env: Environment, seen: Look, found: Deployed, model_id: str) -> None:
    """Check that nobody else has the name that the deployment's container is to have.

    Raises:
        EnvironmentFailure: somebody has.
    """
    name = names.container_name(env.settings.container_name_prefix, found.id, model_id)
    own = {one.id for one in found.containers}
    for one in (*seen.parts, *seen.strangers):
        if one.name == name and one.id not in own:
            owner = one.labels.get(names.ENVIRONMENT)
            whose = f"belongs to the environment {owner!r}" if owner else "was not made by this Bosun (docs/migrate.md)"
            raise EnvironmentFailure(f"container {name} {whose}; remove it, or choose another containerNamePrefix")
