"""Images: pulled where the engine lacks them, generated from a base and a package, removed when nothing uses them."""

from __future__ import annotations

import time

from bosun_core.errors import EnvironmentFailure
from bosun_core.reporting import progress
from bosun_core.signals import uninterrupted

from bosun_docker import archives, containers, names
from bosun_docker.containers import MODEL_PATH
from bosun_docker.endings import to_its_end
from bosun_docker.engine import Engine
from bosun_docker.environment import Environment
from bosun_docker.looking import Container
from bosun_docker.packages import KeptPackage, Package


def present(engine: Engine, env: Environment, reference: str, key: str) -> str:
    """Return the id of an image, pulled where the engine lacks it; `key` is the setting that names it.

    Raises:
        EnvironmentFailure: it is neither here nor to be pulled.
    """
    try:
        found = engine.image(reference)
    except EnvironmentFailure as error:
        raise EnvironmentFailure(f"{key}: {error}") from error
    if found is None:
        _pull(engine, env, reference, key)
        found = engine.image(reference)
    if found is None:
        raise EnvironmentFailure(f"{key}: image {reference} was pulled and is not there; look at the engine's log")
    return str(found["Id"])


def _pull(engine: Engine, env: Environment, reference: str, key: str) -> None:
    limit = env.settings.pull_limit
    deadline = time.monotonic() + limit
    progress(f"pulling {reference}", 0)
    try:
        for report in engine.pull(reference):
            detail = report.get("progressDetail") or {}
            progress(f"pulling {reference}", detail.get("current") or 0, detail.get("total"))
            if time.monotonic() > deadline:
                break
        else:
            return
    except EnvironmentFailure as error:
        raise EnvironmentFailure(f"{key}: {error}") from error
    raise EnvironmentFailure(f"{key}: pulling image {reference} takes longer than {limit:g} s; raise pullLimit")


def with_package(
    engine: Engine, env: Environment, deployment_id: str, model_id: str, package: Package | KeptPackage
) -> str:
    """Return the id of an image of the base and the package; one that is there already is not made again.

    Raises:
        EnvironmentFailure: the package changed meanwhile, or the engine refused.
    """
    base_name = env.settings.pps_base_image
    base = present(engine, env, base_name, "ppsBaseImage")
    labels = {
        **env.deployment_labels(names.PACKAGE_PART, deployment_id),
        names.MODEL: model_id,
        names.PACKAGE: package.sha256,
        names.BASE: base,
        names.BASE_NAME: base_name,
    }
    there = engine.images([f"{name}={value}" for name, value in labels.items()])
    if there:
        return str(there[0]["Id"])
    prefix = env.settings.container_name_prefix
    name = names.passing_name(prefix, env.id, deployment_id, "package")
    holder = ""
    try:
        with uninterrupted():
            holder = engine.create(name, containers.package_holder(labels, base))
        engine.put(holder, "/", archives.streamed([package.member(engine, MODEL_PATH.lstrip("/"))]))
        progress("making the image", 0)
        repository = names.image_repository(env.settings.generated_image_prefix, deployment_id)
        return engine.commit(holder, repository, names.image_tag(model_id), [])
    finally:
        if holder:
            to_its_end(lambda: engine.remove(holder))


def remove_unused(engine: Engine, env: Environment, deployment_id: str, in_use: list[Container]) -> None:
    """Remove the images that were generated for a deployment and that no container uses."""
    wanted = env.deployment_labels(names.PACKAGE_PART, deployment_id)
    used = {container.image_id for container in in_use}
    for image in engine.images([f"{name}={value}" for name, value in wanted.items()]):
        if image["Id"] not in used:
            engine.remove_image(image["Id"])
