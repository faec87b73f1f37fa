"""Images: one made of each source, and removed when nothing uses it any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bosun_core.endings import to_its_end
from bosun_core.errors import EnvironmentFailure
from bosun_core.model_sources.sources import Archived, Built, Kept, Packaged, Referenced, Unfetched
from bosun_core.reporting import progress
from bosun_core.signals import uninterrupted

from bosun_docker import containers, names
from bosun_docker.engine.client import Engine
from bosun_docker.engine.images import NO_TAG
from bosun_docker.environment import Environment
from bosun_docker.images import archives, building
from bosun_docker.images.packages import AnyPackage, Source, member
from bosun_docker.images.pulling import IMAGE_KEY, known, present
from bosun_docker.looks.observed import Container


def making(
    engine: Engine, env: Environment, deployment_id: str, model_id: str, source: Source
) -> Iterator[tuple[str, str, Callable[[], object] | None]]:
    """Yield how an image that is not there comes to be, as verb and object; what `make` does not do has its own way."""
    tag = name_of(env, deployment_id, model_id, source)
    match source:
        case Unfetched():
            yield "fetch", "the package", None
            yield "make", "an image of it", None
        case Packaged():
            if known(engine, source.base, source.key) is None:
                yield "pull", f"image {source.base}", lambda: present(engine, env, source.base, source.key)
            yield "make", f"image {tag} of {source.base} and the package", None
        case Referenced():
            yield "pull", f"image {source.reference}", None
        case Archived():
            yield "load", f"image {tag} from {source.package.path}", None
        case Built():
            yield "build", f"image {tag} from {source.package.path}", None


def make(engine: Engine, env: Environment, deployment_id: str, model_id: str, source: Source) -> str:
    """Make the source's image, or pull it, and return its id.

    Raises:
        EnvironmentFailure: the package changed meanwhile, an image cannot be had, or the engine refused.
    """
    name = name_of(env, deployment_id, model_id, source)
    match source:
        case Referenced():
            return present(engine, env, source.reference, IMAGE_KEY)
        case Packaged():
            return _packaged(engine, env, deployment_id, model_id, source)
        case Built():
            labels = _labels(env, deployment_id, model_id, {names.PACKAGE: source.package.sha256})
            return building.built(engine, env, source, name, labels)
        case Archived():
            return building.loaded(engine, env, source, name)
        case _:
            raise EnvironmentFailure(f"image {name} cannot be made of a package that was not fetched; give a path")


def existing(engine: Engine, env: Environment, deployment_id: str, model_id: str, source: Source) -> str | None:
    """Return the id of the source's image, or None where the engine does not have it."""
    match source:
        case Packaged():
            base = known(engine, source.base, source.key)
            more = None if base is None else _of_package(source, str(base["Id"]))
            return None if more is None else _generated(engine, env, deployment_id, model_id, more)
        case Built():
            return _generated(engine, env, deployment_id, model_id, {names.PACKAGE: source.package.sha256})
        case Kept():
            return source.image
        case Unfetched():
            return None
        case Referenced():
            found = known(engine, source.reference, IMAGE_KEY)
        case _:
            found = engine.image(name_of(env, deployment_id, model_id, source))
    return None if found is None else str(found["Id"])


def _of_package(source: Packaged[AnyPackage], base: str) -> dict[str, str]:
    return {names.PACKAGE: source.sha256, names.BASE: base, names.BASE_NAME: source.base}


def of_source(engine: Engine, source: Source, container: Container) -> tuple[str | None, str | None]:
    """Return the image that a container was made from, and the one that a like source has now.

    An image that the engine no longer has by its name has not changed: that is None.
    """
    match source:
        case Packaged():
            image, own = known(engine, source.base, source.key), container.labels.get(names.BASE)
        case Referenced():
            image, own = known(engine, source.reference, IMAGE_KEY), container.image_id
        case _:
            return None, None
    return own, None if image is None else str(image["Id"])


def tag_of(env: Environment, deployment_id: str, model_id: str) -> tuple[str, str]:
    """Return repository and tag of the image that is generated for a model."""
    repository = names.image_repository(env.settings.generated_image_prefix, deployment_id)
    return repository, names.image_tag(model_id)


def name_of(env: Environment, deployment_id: str, model_id: str, source: Source) -> str:
    """Return the name that the source's image gets from us."""
    repository, tag = tag_of(env, deployment_id, model_id)
    if isinstance(source, Archived):
        tag = f"{_loaded_tags(env, deployment_id)}{source.package.sha256[:32]}"
    return f"{repository}:{tag}"


def _generated(engine: Engine, env: Environment, deployment_id: str, model_id: str, more: dict[str, str]) -> str | None:
    """Return the id of the image that was generated for a model with these labels, or None where it is not there.

    It goes by our tag: an image that a user made from ours has our labels too.
    """
    image = engine.image(":".join(tag_of(env, deployment_id, model_id)))
    if image is None:
        return None
    labels = (image.get("Config") or {}).get("Labels") or {}
    wanted = _labels(env, deployment_id, model_id, more)
    return str(image["Id"]) if all(labels.get(name) == value for name, value in wanted.items()) else None


def _labels(env: Environment, deployment_id: str, model_id: str, more: dict[str, str]) -> dict[str, str]:
    own = {names.MODEL: model_id, names.IMAGE: ":".join(tag_of(env, deployment_id, model_id))}
    return {**env.deployment_labels(names.PACKAGE_PART, deployment_id), **own, **more}


def _packaged(engine: Engine, env: Environment, deployment_id: str, model_id: str, source: Packaged[AnyPackage]) -> str:
    base = present(engine, env, source.base, source.key)
    name = names.passing_name(env.settings.container_name_prefix, env.id, deployment_id, "package")
    holder = ""
    try:
        with uninterrupted():
            labels = _labels(env, deployment_id, model_id, _of_package(source, base))
            holder = engine.create(name, containers.package_holder(labels, base))
        engine.put(holder, "/", archives.streamed([member(source.package, engine, source.path.lstrip("/"))]))
        progress("making the image", 0)
        return engine.commit(holder, *tag_of(env, deployment_id, model_id), [])
    finally:
        if holder:
            to_its_end(lambda: engine.remove(holder))


def _loaded_tags(env: Environment, deployment_id: str) -> str:
    """Return what the tags of a deployment's loaded images begin with; deployments of two environments differ in it."""
    return f"loaded-{names.key(env.id, deployment_id)}-"


def remove_unused(engine: Engine, env: Environment, deployment_id: str, in_use: list[Container]) -> None:
    """Remove the images that were generated or loaded for a deployment and that no container uses."""
    for image in unused(engine, env, deployment_id, {container.image_id for container in in_use}).values():
        engine.remove_image(image)


def removing(engine: Engine, image: str) -> Callable[[], None]:
    """Return what removes an image."""
    return lambda: engine.remove_image(image)


def unused(engine: Engine, env: Environment, deployment_id: str, used: set[str]) -> dict[str, str]:
    """Return what of a deployment's images is to be removed where only the `used` ones are, by a name for people.

    Of a generated image that is its id; one with another name than ours is a user's, made from ours and so with its
    labels. Of a loaded one it is our tag: the image itself may have been there before, under a name of its own.
    """
    repository, _ = tag_of(env, deployment_id, "")
    begin = f"{repository}:{_loaded_tags(env, deployment_id)}"
    found: dict[str, str] = {}
    for image in engine.tagged(repository):
        tags = image.get("RepoTags") or [] if image["Id"] not in used else []
        found |= {tag: tag for tag in tags if tag.startswith(begin)}
    wanted = env.deployment_labels(names.PACKAGE_PART, deployment_id)
    for image in engine.images([f"{name}={value}" for name, value in wanted.items()]):
        own = (image.get("Labels") or {}).get(names.IMAGE)
        if image["Id"] not in used and {*(image.get("RepoTags") or [])} <= {NO_TAG, own, *found}:
            found[str(own)] = str(image["Id"])
    return found
