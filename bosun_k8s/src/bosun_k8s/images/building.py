"""The image of a goal, by the builder that the settings name."""

from __future__ import annotations

from bosun_core.errors import InvalidRequest

from bosun_k8s import names
from bosun_k8s.environment import Environment
from bosun_k8s.goal import MODEL_PATH, Goal
from bosun_k8s.images import append, credentials, kaniko, volume
from bosun_k8s.images.reference import Reference, parse
from bosun_k8s.images.registry import Registry
from bosun_k8s.images.transport import Transport
from bosun_k8s.resources import Objects


def built(objects: Objects, env: Environment, goal: Goal) -> str:
    """Return, by digest, the image of a goal's package: with its base, or for `volume` the package alone.

    Raises:
        EnvironmentFailure: it cannot be made.
    """
    if goal.package is None:
        raise InvalidRequest(f"deployment {goal.deployment_id} has no package; add deploymentInfo.modelArtifact")
    settings = env.settings
    target = parse(settings.generated_image_repo)._replace(tag=names.image_tag(goal.model_id))
    if settings.builder == "kaniko":
        digest = kaniko.built(objects, env, goal, target)
        return f"{settings.generated_image_repo}@{digest}"
    logins = credentials.find(objects, env)
    base = parse(settings.pps_base_image)
    places = _places(env, logins, base, target)
    if settings.builder == "volume":
        volume.check_offered(objects, env)
        digest = volume.pushed(places[1], goal.package)
    else:
        digest = append.appended(*places, goal.package, MODEL_PATH)
    return f"{settings.generated_image_repo}@{digest}"


def _places(
    env: Environment, logins: credentials.Logins, base: Reference, target: Reference
) -> tuple[append.Place, append.Place]:
    """Return where the base is and where the image is to be; with one registry, what is asked of it has both rights."""
    scopes = {base.registry: [f"repository:{base.repository}:pull"]}
    scopes.setdefault(target.registry, []).append(f"repository:{target.repository}:pull,push")
    registries = {
        name: Registry(Transport(env.settings, name, logins.get(name), wanted)) for name, wanted in scopes.items()
    }
    return append.Place(registries[base.registry], base), append.Place(registries[target.registry], target)
