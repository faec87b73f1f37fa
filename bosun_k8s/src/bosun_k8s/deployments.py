"""The actions on one deployment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import NamedTuple

from bosun_core.endings import to_its_end
from bosun_core.errors import BosunError, EnvironmentFailure, Interruption, InvalidRequest
from bosun_core.model import DeploymentInfo
from bosun_core.model_sources.sources import Unfetched
from bosun_core.reporting import progress
from bosun_core.status import ActionStatus, ActionStatusInfo

from bosun_core import answers
from bosun_k8s import checking, names, namespaces, planning, probing, recovering, removing, surroundings
from bosun_k8s.cluster.resources import Objects
from bosun_k8s.documents import manifests
from bosun_k8s.environment import Environment
from bosun_k8s.goal import Goal
from bosun_k8s.goals import serves, stands_right, wanted
from bosun_k8s.holding import Held, held
from bosun_k8s.images import building
from bosun_k8s.looks.looking import Deployed, entry, is_held, look, look_once_ready
from bosun_k8s.rollout import Rollout
from bosun_k8s.site import Site, connected


class Acting(NamedTuple):
    """What an action on a deployment works with."""

    objects: Objects
    env: Environment
    lock: Held | None
    """None where nothing is held: in a dry run, and for a deployment that is unknown or never was in service."""
    found: Deployed


def start(site: Site, info: DeploymentInfo) -> ActionStatusInfo:
    """Bring the deployment into service with the given model, or bring the one that serves to it."""
    with _bringing(site, info) as acting:
        goal = wanted(acting.env, info, str(info.model_id), None)
        return acting.env.monitoring.warned(_bring(acting, goal))


def replace(site: Site, info: DeploymentInfo) -> ActionStatusInfo:
    """Bring the new model into service beside the old one, and switch; on any failure the old one goes on serving."""
    with _bringing(site, info, only_known=True) as acting:
        if not acting.found.was_in_service:
            return _not_in_service(acting)
        goal = wanted(acting.env, info, str(info.new_model_id), None)
        return acting.env.monitoring.warned(_bring(acting, goal))


def relaunch(site: Site, info: DeploymentInfo) -> ActionStatusInfo:
    """Bring fresh pods into service, of the given package or of the one that is kept."""
    from_kept = info.model_artifact is None
    with _bringing(site, info, only_known=from_kept) as acting:
        if from_kept and not acting.found.was_in_service:
            return _not_in_service(acting)
        kept = _kept(acting)
        if kept is None and from_kept and "image" not in info.key_value_config:
            return answers.nothing_kept(str(info.id), "its Service does not name its image any more")
        kept_model = None if kept is None else kept.told.get(names.MODEL)
        model = kept_model or info.model_id if from_kept else info.model_id or kept_model
        if model is None:
            raise InvalidRequest(
                f"no model of deployment {info.id} is kept, so a relaunch needs deploymentInfo.modelId; add it"
            )
        return acting.env.monitoring.warned(_bring(acting, wanted(acting.env, info, model, kept), anew=True))


def _kept(acting: Acting) -> Deployed | None:
    """Return the deployment with what its Service tells, or told, of its image; None where that is not known."""
    objects, env, _, found = acting
    if found.is_astray:  # in a dry run: else it is recovered by now
        found = recovering.as_recovered(objects, env, found)
    return found if names.IMAGE_KEPT in found.told else None


def _not_in_service(acting: Acting) -> ActionStatusInfo:
    """Return the answer of an action that brings no deployment into service for the first time."""
    found = acting.found
    return entry(acting.env, found).as_status() if found.is_there else answers.unknown_deployment(found.id)


def stop(site: Site, info: DeploymentInfo) -> ActionStatusInfo:
    """Remove all that is there of the deployment, its endpoint first."""
    with connected(site) as (objects, env):
        return _stop(objects, env, info)


def _stop(objects: Objects, env: Environment, info: DeploymentInfo) -> ActionStatusInfo:
    deployment_id = str(info.id)
    found = look(objects, env, deployment_id, whole=True)
    if env.dry_run:
        plan = planning.removal(env, found)
        return answers.planned(entry(env, found) if found.is_there else None, plan)
    with held(objects, env, deployment_id):
        now = look(objects, env, deployment_id, whole=True)
        model = now.model_id or found.model_id
        left: list[str] = []
        to_its_end(lambda: left.append(removing.remove_all(objects, env, deployment_id)))
    if left[-1]:
        raise EnvironmentFailure(left[-1])
    progress("done", 1, 1)
    return answers.stopped(info, model) if now.is_there else answers.already_stopped(info)


def status(site: Site, info: DeploymentInfo) -> ActionStatusInfo:
    """Look at the deployment."""
    with connected(site) as (objects, env):
        found = look(objects, env, str(info.id))
        if not found.is_there:
            namespaces.check_is_there(objects)
    if not found.is_there:
        return answers.unknown_deployment(str(info.id))
    one = entry(env, found)
    return one.as_status(None if one.msg else f"deployment {one.deployment_id} serves model {one.model_id}")


@contextmanager
def _bringing(site: Site, info: DeploymentInfo, *, only_known: bool = False) -> Iterator[Acting]:
    """Hold the deployment for one action, cleared of what killed ones left; whatever ends it tells what serves then.

    With `only_known` nothing is made, held or cleared for a deployment that is unknown or never was in service.
    """
    deployment_id = str(info.id)
    place: tuple[Objects, Environment] | None = None
    before: Deployed | None = None
    with ExitStack() as opened:
        try:
            objects, env = place = opened.enter_context(connected(site))
            if env.dry_run or only_known:
                before = look(objects, env, deployment_id, whole=True)
                if env.dry_run or not (before.was_in_service or _is_on_its_way(objects, env, before)):
                    yield Acting(objects, env, None, before)
                    return
            with held(objects, env, deployment_id) as lock:
                before = look(objects, env, deployment_id, whole=True)
                if before.was_in_service or not only_known:
                    before = _cleared(objects, env, before)
                yield Acting(objects, env, lock, before)
        except (BosunError, Interruption) as error:
            with suppress(BosunError):
                objects, env = place or opened.enter_context(connected(site))
                _tell_what_serves(objects, env, deployment_id, before, error)
            raise


def _is_on_its_way(objects: Objects, env: Environment, found: Deployed) -> bool:
    """Tell whether another action may be bringing a deployment into service for the first time."""
    return found.is_there and is_held(objects, env, found.id)


def _cleared(objects: Objects, env: Environment, found: Deployed) -> Deployed:
    """Clear what killed actions left of a deployment, whose lock the caller holds; return what is there then."""
    if found.is_astray:
        found = recovering.recovered(objects, env, found)
    if not found.serves:
        if found.is_there:
            removing.remove_all(objects, env, found.id)
            found = look(objects, env, found.id, whole=True)
        return found
    idle = [one.name for one in found.workloads if one.generation != found.serving]
    ending = [pod.name for pod in found.others]
    if idle or ending:
        gone = idle or sorted({name.rsplit("-", 2)[0] for name in ending})
        removing.remove_generations(objects, env, found.id, gone)
        found = look(objects, env, found.id, whole=True)._replace(recovered=found.recovered)
    return found


def _tell_what_serves(
    objects: Objects, env: Environment, deployment_id: str, before: Deployed | None, error: BosunError | Interruption
) -> None:
    """Have an error tell which model serves, and whether it is the one that did before; nothing where none does."""
    now = look(objects, env, deployment_id)
    if not now.current:
        return
    same = before is None or before.serving == now.serving
    error.data = {**answers.old_model_in_use(now.model_id), "oldModelInUse": same}


def _bring(acting: Acting, goal: Goal, *, anew: bool = False) -> ActionStatusInfo:
    """Bring the deployment to what is wanted; where it serves that already nothing is done, but for a launch `anew`."""
    objects, env, lock, found = acting
    there = not anew and not isinstance(goal.source, Unfetched) and serves(env, found, goal)
    right = there and stands_right(env, found, goal) and surroundings.are_there(objects, env, goal, int(found.serving))
    if env.dry_run:
        plan = [] if right else planning.bringing(objects, env, found, goal, stays=there)
        return answers.planned(entry(env, found) if found.is_there else None, plan)
    if right and not found.recovered:
        return answers.already_serves(entry(env, found))
    checking.check_way(objects, env)
    if there:
        return _put_right(objects, env, found, goal)
    if lock is None:
        raise RuntimeError(f"deployment {found.id} is not held")
    image = building.built(objects, env, goal)
    remarks = Rollout(objects, env, lock, found, goal).run(image)
    progress("done", 1, 1)
    return _served(objects, env, goal, remarks)


def _put_right(objects: Objects, env: Environment, found: Deployed, goal: Goal) -> ActionStatusInfo:
    """Bring to the settings what stands around the workload, which stays as it is."""
    surroundings.bring(objects, env, goal, int(found.serving))
    told = manifests.told_of(env, goal, int(found.serving), found.told.get(names.IMAGE_KEPT, ""))
    objects.apply(manifests.service(env, goal.deployment_id, found.serving, told))
    remarks = checking.route_remarks(objects, env, goal.deployment_id) or [probing.reached(env, goal)]
    return _served(objects, env, goal, remarks)


def _served(objects: Objects, env: Environment, goal: Goal, remarks: list[str]) -> ActionStatusInfo:
    now = entry(env, look_once_ready(objects, env, goal.deployment_id))
    said = [f"deployment {goal.deployment_id} serves model {goal.model_id}", goal.remark, *remarks]
    answer = now.as_status(now.msg or "; ".join(filter(None, said)))
    if any(remarks) and answer.status is ActionStatus.OK:
        answer.status = ActionStatus.WARN
    return answer
