"""The image of a goal: the one that is there, or made of its source by the builder that the settings name."""

from __future__ import annotations

from bosun_core.errors import InvalidRequest
from bosun_core.model_sources.sources import Archived, Built, Kept, Packaged, Referenced, Unfetched
from bosun_core.packages import Package

from bosun_k8s import names
from bosun_k8s.cluster.resources import Objects
from bosun_k8s.environment import Environment
from bosun_k8s.goal import Goal
from bosun_k8s.images import append, archived, credentials, kaniko, volume
from bosun_k8s.images.reference import Reference, parse
from bosun_k8s.images.registry import Place, Registry
from bosun_k8s.images.transport import OTHERWISE, Transport


def named(env: Environment, goal: Goal) -> str:
    """Return the name of a goal's image; of one that is yet to be made it is the tag. Pure."""
    match goal.source:
        case Kept():
            return goal.source.image
        case Referenced():
            return goal.source.reference
        case _:
            return f"{env.settings.generated_image_repo}:{names.image_tag(goal.model_id)}"


def described(env: Environment, goal: Goal) -> tuple[str, str] | None:
    """Return how a goal's image is made, as verb and object; None where it is used as it is. Pure."""
    tag, builder = named(env, goal), env.settings.builder
    match goal.source:
        case Kept() | Referenced():
            return None
        case Packaged():
            return "make", f"image {tag} of {goal.source.base} and the package ({builder})"
        case Archived():
            return "push", f"image {tag} from {goal.source.package.path}"
        case Built():
            return "build", f"image {tag} from {goal.source.package.path} ({builder})"
        case Unfetched():
            return "fetch", f"the package, and make image {tag} of it"


def built(objects: Objects, env: Environment, goal: Goal) -> str:
    """Return a goal's image, by digest where it is made here; with a mounted package that of the package alone.

    Raises:
        InvalidRequest: the artifact cannot be used.
        EnvironmentFailure: it cannot be made.
    """
    target = parse(env.settings.generated_image_repo)._replace(tag=names.image_tag(goal.model_id))
    match goal.source:
        case Kept() | Referenced():
            return named(env, goal)
        case Unfetched():
            raise InvalidRequest(f"deployment {goal.deployment_id} has no package; add deploymentInfo.modelArtifact")
        case Archived():
            place = _place(env, credentials.find(objects, env), target, "pull,push", otherwise=archived.OTHERWISE)
            digest = archived.pushed(place, goal.source)
        case Built():
            digest = kaniko.built(objects, env, goal.deployment_id, goal.source, target)
        case Packaged():
            digest = _packaged(objects, env, goal, goal.source, target)
    return f"{env.settings.generated_image_repo}@{digest}"


def _packaged(objects: Objects, env: Environment, goal: Goal, source: Packaged[Package], target: Reference) -> str:
    if env.settings.builder == "kaniko":
        return kaniko.built(objects, env, goal.deployment_id, source, target)
    logins = credentials.find(objects, env)
    if env.settings.builder == "volume":
        volume.check_offered(objects, env)
        return volume.pushed(_place(env, logins, target, "pull,push"), source)
    base = parse(source.base)
    places = _places(env, logins, base, target)
    return append.appended(*places, source)


def _places(env: Environment, logins: credentials.Logins, base: Reference, target: Reference) -> tuple[Place, Place]:
    """Return where the base is and where the image is to be; with one registry, what is asked of it has both rights."""
    there = _place(env, logins, target, "pull,push", base)
    if base.registry == target.registry:
        return Place(there.registry, base), there
    return _place(env, logins, base, "pull"), there


def _place(
    env: Environment,
    logins: credentials.Logins,
    reference: Reference,
    rights: str,
    *read: Reference,
    otherwise: str = OTHERWISE,
) -> Place:
    """Return where an image is or is to be; `read` are others that are read, those that are there too."""
    scopes = [f"repository:{one.repository}:pull" for one in read if one.registry == reference.registry]
    scopes.append(f"repository:{reference.repository}:{rights}")
    login = logins.get(reference.registry)
    transport = Transport(env.settings, reference.registry, login, scopes, otherwise=otherwise)
    return Place(Registry(transport), reference)
