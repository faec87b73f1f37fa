"""Who we are to a registry: from a Secret of the namespace, or from the Docker configuration of this machine."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bosun_core.errors import ConfigurationError, EnvironmentFailure
from bosun_core.redaction import SECRETS

from bosun_k8s.cluster.errors import Forbidden
from bosun_k8s.cluster.resources import SECRET, Objects
from bosun_k8s.environment import Environment

_TYPE, _KEY = "kubernetes.io/dockerconfigjson", ".dockerconfigjson"
_SECRET_KEYS = ("auth", "password", "identitytoken", "registrytoken")
_HUB_NAMES = ("docker.io", "index.docker.io", "registry-1.docker.io", "https://index.docker.io/v1/")


class Login(NamedTuple):
    """User and password."""

    user: str
    password: str


Logins = Mapping[str, Login]
"""By registry, host and port."""


def find(objects: Objects, env: Environment) -> Logins:
    """Return the credentials that the settings lead to.

    Raises:
        EnvironmentFailure: the Secret is not there.
        ConfigurationError: it holds none, or the Docker configuration cannot be read.
    """
    settings = env.settings
    name = settings.registry_secret_name or settings.kaniko_secret_name
    if name is None:
        return _of_this_machine()
    key = "registrySecretName" if settings.registry_secret_name else "kanikoSecretName"
    place = settings.kaniko_namespace if not settings.registry_secret_name else None
    there = objects if place is None else Objects(objects.cluster, place)
    found = there.get(SECRET, name)
    if found is None:
        raise EnvironmentFailure(
            f"{key}: there is no Secret {name} in namespace {there.namespace}; make it with "
            "`kubectl create secret docker-registry`"
        )
    content = (found.get("data") or {}).get(_KEY)
    if found.get("type") != _TYPE or content is None:
        raise ConfigurationError(
            f"{key}: Secret {name} is of type {found.get('type')}; it must be {_TYPE} "
            "(`kubectl create secret docker-registry`)"
        )
    try:
        return parse(json.loads(base64.b64decode(content)))
    except (ValueError, TypeError, AttributeError, binascii.Error):
        raise ConfigurationError(f"{key}: Secret {name} holds no Docker configuration; make it anew") from None


def check(objects: Objects, env: Environment) -> None:
    """Check that the credentials can be had, without showing them to anybody.

    Raises:
        EnvironmentFailure, ConfigurationError: as `find`.
    """
    kaniko = env.settings.builder == "kaniko"
    if kaniko and env.settings.kaniko_secret_name is None:
        return
    try:
        find(objects, env)
    except Forbidden:
        if not kaniko:  # whose pod mounts the Secret, which nobody here has to read
            raise


def _of_this_machine() -> Logins:
    path = Path(os.environ.get("DOCKER_CONFIG") or "~/.docker").expanduser() / "config.json"
    try:
        return parse(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except UnicodeError:  # whose text shows what stands there
        raise ConfigurationError(
            f"the Docker configuration {path} holds credentials that are not UTF-8; correct it"
        ) from None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"the Docker configuration {path} cannot be read: {error}; correct it") from None


def parse(configuration: Mapping[str, Any]) -> Logins:
    """Return the credentials that a Docker configuration holds by itself, without helpers."""
    found = {}
    for place, entry in (configuration.get("auths") or {}).items():
        user, password = entry.get("username"), entry.get("password")
        SECRETS.learn_values(*(str(entry.get(key) or "") for key in _SECRET_KEYS))
        if entry.get("auth"):
            user, _, password = base64.b64decode(entry["auth"]).decode().partition(":")
            password = password.strip("\0")  # as Docker does
        if user and password:
            SECRETS.learn_values(password)
            found[registry_of(place)] = Login(user, password)
    return found


def registry_of(place: str) -> str:
    """Return the registry that an entry of a Docker configuration names."""
    host = place if place in _HUB_NAMES else place.removeprefix("https://").removeprefix("http://").partition("/")[0]
    return "docker.io" if host in _HUB_NAMES else host
