"""What an image that kaniko built says of itself, and whether one that says the same is there already.

Kaniko can set labels alone, no annotations. Its registries may be reached from the cluster alone, so what cannot be
asked from here is done without: the image is built then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from bosun_core.errors import EnvironmentFailure
from bosun_core.log import debug
from bosun_core.model_sources.sources import Built, Packaged, origin
from bosun_core.packages import Package

from bosun_k8s import names
from bosun_k8s.cluster.errors import Forbidden
from bosun_k8s.cluster.resources import Objects
from bosun_k8s.environment import Environment
from bosun_k8s.images import credentials
from bosun_k8s.images.reference import Reference, parse
from bosun_k8s.images.registry import Place, Registry
from bosun_k8s.images.transport import Transport


class Found(NamedTuple):
    """What the registries say from here before anything is built."""

    base: Reference | None
    """The base image, by digest where it is known; None for a build context, which names its own."""
    labels: Mapping[str, str]
    """What the image is to say of itself."""
    digest: str | None = None
    """That of an image that is there and says the same."""


def found(objects: Objects, env: Environment, source: Packaged[Package] | Built, target: Reference) -> Found:
    """Return what the registries say of a source's image, as far as they can be asked from here."""
    base = parse(source.base) if isinstance(source, Packaged) else None
    try:
        logins = credentials.find(objects, env)
    except Forbidden:
        logins = {}
    try:
        if base is not None and base.digest is None:
            there = Place(_registry(env, logins, base), base).registry.manifest(base.repository, base.tag)
            base = base if there is None else base._replace(digest=there.digest)
        labels = labels_of(source, base)
        return Found(base, labels, _made_of(Place(_registry(env, logins, target), target), labels))
    except EnvironmentFailure as error:
        debug(f"what kaniko would build is not looked for: {error}")
        return Found(base, labels_of(source, base))


def labels_of(source: Packaged[Package] | Built, base: Reference | None) -> dict[str, str]:
    """Return the labels of a source's image. Pure."""
    if isinstance(source, Built):
        return {names.PACKAGE: source.package.sha256, names.ORIGIN: origin(source)}
    assert base is not None
    digest = {} if base.digest is None else {names.BASE_DIGEST: base.digest}
    return {names.PACKAGE: source.sha256, names.BASE_NAME: f"{base.name}:{base.tag}", **digest}


def is_told(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Tell whether labels are of an image of the same source; where the base's digest is not known none is. Pure."""
    keys = (names.PACKAGE, names.ORIGIN if names.ORIGIN in wanted else names.BASE_DIGEST)
    return all(key in wanted and labels.get(key) == wanted[key] for key in keys)


def _registry(env: Environment, logins: credentials.Logins, reference: Reference) -> Registry:
    scopes = [f"repository:{reference.repository}:pull"]
    login = logins.get(reference.registry)
    return Registry(Transport(env.settings, reference.registry, login, scopes, is_hurried=True))


def _made_of(target: Place, labels: Mapping[str, str]) -> str | None:
    repository = target.reference.repository
    there = target.registry.manifest(repository, target.reference.tag)
    if there is None or "config" not in there.document:
        return None
    config = target.registry.json_blob(repository, there.document["config"]["digest"])
    own = (config.get("config") or {}).get("Labels") or {}
    return there.digest if is_told(own, labels) else None
