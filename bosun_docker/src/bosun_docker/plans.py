"""What an action on a deployment would do, step by step, by the real state of the engine; nothing is changed."""

from __future__ import annotations

from bosun_core.model_sources.sources import Archived, Built, Kept, Packaged, Referenced, Unfetched

from bosun_docker import names, retiring
from bosun_docker.engine.client import Engine
from bosun_docker.environment import Environment
from bosun_docker.environment_plans import of_monitoring, of_proxy, of_server, pulling
from bosun_docker.goals import Wanted
from bosun_docker.images import images
from bosun_docker.looks.observed import Deployed, Look
from bosun_docker.proxy import networks, shared_parts


def of_bringing(
    engine: Engine, env: Environment, seen: Look, found: Deployed, want: Wanted, *, is_served: bool
) -> list[str]:
    """Return the steps that bring a deployment to what is wanted; where it is served, what killed actions left goes."""
    goal, settings = want.goal, env.settings
    shared = goal.labels.get(names.SERVING) == names.SHARED
    name = names.container_name(settings.container_name_prefix, goal.deployment_id, goal.model_id)
    left = [one for one in found.containers if found.current is not None and one.id != found.current.id]
    taking = [f"create container {name}"]
    if shared:
        taking = [f"{taking[0]}, which stands for the model", f"put the package into {env.server_name}"]
    before = [
        *networks.check(engine, env),
        *_shared_parts(engine, env, seen, shared=shared),
        *[retiring.planned(env, one) for one in left],
        *_holder(found),
    ]
    if is_served:
        renamed = [one for one in found.containers if one not in left and one.name != name]
        renaming = [f"rename container {one.name} to {name}" for one in renamed]
        return [*before, *renaming, *_removing_images(engine, env, seen, found, want)]
    return [
        *before,
        *_making(engine, env, want, shared=shared),
        *taking,
        f"switch {settings.prefix.url}/deployments/{goal.deployment_id} to it once it answers",
        *[retiring.planned(env, one) for one in found.containers if one not in left],
        *_removing_images(engine, env, seen, found, want),
    ]


def _shared_parts(engine: Engine, env: Environment, seen: Look, *, shared: bool) -> list[str]:
    """Return the steps that bring up what does not run of the shared parts; the settings of what runs stay."""
    plan = [] if seen.proxy is not None and seen.proxy.runs else of_proxy(engine, env, seen)
    if env.monitoring.is_on and not all(one is not None and one.runs for one in (seen.broker, seen.agent)):
        plan += of_monitoring(engine, env, seen)
    return [*plan, *of_server(engine, env, seen, replacing=False)] if shared else plan


def of_stopping(engine: Engine, env: Environment, seen: Look, found: Deployed) -> list[str]:
    """Return the steps that stop a deployment."""
    url = f"{env.settings.prefix.url}/deployments/{found.id}"
    others = {one.image_id for one in seen.parts if one not in found.containers and one != found.holder}
    return [
        *(of_proxy(engine, env, seen) if shared_parts.was_removed(engine, env, seen) else []),
        *([] if found.route is None else [f"have {url} lead nowhere"]),
        *[retiring.planned(env, one) for one in found.containers],
        *_holder(found),
        *[f"remove image {name}" for name in images.unused(engine, env, found.id, others)],
    ]


def _holder(found: Deployed) -> list[str]:
    """Return how a container goes in which a killed action left a package."""
    return [] if found.holder is None else [f"remove container {found.holder.name}"]


def _making(engine: Engine, env: Environment, want: Wanted, *, shared: bool) -> list[str]:
    """Return how the image comes to be; nothing where it is there, or none is needed."""
    source = want.source
    if isinstance(source, Unfetched):
        return ["fetch the package", *([] if shared else ["make an image of it"])]
    if shared or images.existing(engine, env, want.goal.deployment_id, want.goal.model_id, source) is not None:
        return []
    tag = images.name_of(env, want.goal.deployment_id, want.goal.model_id, source)
    match source:
        case Packaged():
            return [*pulling(engine, source.base), f"make image {tag} of {source.base} and the package"]
        case Referenced():
            return [f"pull image {source.reference}"]
        case Archived():
            return [f"load image {tag} from {source.package.path}"]
        case Built():
            return [f"build image {tag} from {source.package.path}"]
        case Kept():
            return []


def _removing_images(engine: Engine, env: Environment, seen: Look, found: Deployed, want: Wanted) -> list[str]:
    """Return which images go once nothing but the wanted model is left of the deployment."""
    own = images.existing(engine, env, found.id, want.goal.model_id, want.source)
    used = {one.image_id for one in seen.parts if one not in found.containers} | {own or ""}
    made = images.name_of(env, found.id, want.goal.model_id, want.source)
    gone = images.unused(engine, env, found.id, used)
    return [f"remove image {image if name == made else name}" for name, image in gone.items()]
