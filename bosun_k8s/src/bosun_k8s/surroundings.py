"""What stands around the workloads of a deployment: its way from outside, autoscaler, budget, Secret."""

from __future__ import annotations

import time
from functools import partial

from bosun_core.lifecycle.steps import Step

from bosun_k8s import checking, planning
from bosun_k8s.cluster.resources import AUTOSCALER, BUDGET, BY_NAME, HTTP_ROUTE, INGRESS, SECRET, Kind, Objects
from bosun_k8s.documents import manifests, routes
from bosun_k8s.environment import Environment
from bosun_k8s.goal import Goal

_WAYS = (HTTP_ROUTE, INGRESS)


def all_names(name: str) -> list[tuple[Kind, str]]:
    """Return kind and name of all that there may be around the deployment whose objects have this name."""
    aliases = [(INGRESS, f"{name}-{endpoint}") for endpoint in routes.ENDPOINTS]
    return [(HTTP_ROUTE, name), (INGRESS, name), *aliases, (AUTOSCALER, name), (BUDGET, name)]


def are_there(objects: Objects, env: Environment, goal: Goal, generation: int) -> bool:
    """Tell whether all of it is there, whatever it holds: somebody may have removed a part."""
    return all(objects.get(*_known(one)) is not None for one in _documents(env, goal, generation))


def _documents(env: Environment, goal: Goal, generation: int) -> list[manifests.Document]:
    """Return the documents of all of it, what names the generation first."""
    perhaps = manifests.autoscaler(env, goal, generation), manifests.secret(env, goal.deployment_id)
    return [*(one for one in perhaps if one is not None), *manifests.surroundings(env, goal)]


def _known(document: manifests.Document) -> tuple[Kind, str]:
    return BY_NAME[document["kind"]], document["metadata"]["name"]


def scaling_steps(objects: Objects, env: Environment, goal: Goal, generation: int) -> list[Step]:
    """Return the steps that bring what scales a generation."""
    document = manifests.autoscaler(env, goal, generation)
    step = None if document is None else planning.application(objects, document)
    return [] if step is None else [step]


def steps(objects: Objects, env: Environment, goal: Goal, generation: int) -> list[Step]:
    """Return the steps that bring it to what the settings say, for the generation that serves, and remove the rest.

    Another way from outside takes the place of the old one once whoever leads in has learnt of it.
    """
    name = env.name(goal.deployment_id)
    wanted = _documents(env, goal, generation)
    changing = [planning.application(objects, document) for document in wanted]
    kept = {_known(one) for one in wanted}
    former = [one for one in [*all_names(name), (SECRET, name)] if one not in kept and objects.get(*one) is not None]
    waiting = []

    def wait() -> None:
        checking.route_remarks(objects, env, goal.deployment_id)
        time.sleep(env.settings.pre_stop_seconds)  # nothing tells that they do

    if any(kind in _WAYS for kind, _ in former):
        waiting.append(Step("wait", "until proxies know the new way", wait))
    deleting = [Step("delete", f"{kind.resource} {one}", partial(objects.delete, kind, one)) for kind, one in former]
    return [*filter(None, changing), *waiting, *deleting]
