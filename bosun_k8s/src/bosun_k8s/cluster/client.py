"""The Kubernetes client, for its configuration, credentials, transport and streams: the only module that imports it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import urllib3
from bosun_core.credentials import basic_authorization, header_credential
from bosun_core.errors import ConfigurationError
from bosun_core.redaction import SECRETS
from kubernetes import config as kube_config  # noqa: TID251  # this is the one module
from kubernetes.client import Configuration  # noqa: TID251  # this is the one module
from kubernetes.client.rest import RESTClientObject  # noqa: TID251  # this is the one module
from kubernetes.config.incluster_config import SERVICE_TOKEN_FILENAME  # noqa: TID251  # this is the one module
from kubernetes.config.kube_config import KubeConfigMerger  # noqa: TID251  # this is the one module
from kubernetes.stream.ws_client import WSClient, get_websocket_url  # noqa: TID251  # this is the one module

from bosun_k8s.cluster.errors import no_configuration
from bosun_k8s.cluster.limits import within
from bosun_k8s.cluster.login import POOL_SIZE, Login
from bosun_k8s.settings import IN_CLUSTER

_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


class Credential(NamedTuple):
    """Who asks: where it is written, for errors, and the user and password, where these count."""

    place: str
    user: str = ""
    password: str = ""


class Configured(NamedTuple):
    """The client's configuration, the namespace that goes with it, and what its credential is read from."""

    made: Configuration
    namespace: str
    credential: Credential


def configuration(file: str, context: str, seconds: float) -> Configured:
    """Return what a context of a kubeconfig leads to, or the pod that this process runs in.

    Args:
        file: the kubeconfig, or several as KUBECONFIG has them.
        context: its context, or `IN_CLUSTER`.
        seconds: how long a program may take that the kubeconfig names.

    Raises:
        ConfigurationError: there is none that can be used.
    """
    made = Configuration()
    made.connection_pool_maxsize = POOL_SIZE
    try:
        if context == IN_CLUSTER:
            kube_config.load_incluster_config(client_configuration=made)
            namespace = _POD_NAMESPACE.read_text().strip() if _POD_NAMESPACE.exists() else "default"
            return Configured(made, namespace, Credential(f"the service account token {SERVICE_TOKEN_FILENAME}"))
        credential = _credential(file, context)
        read = functools.partial(kube_config.load_kube_config, file, context, made, persist_config=False)
        within(seconds, read)  # a program that it names may wait for a network
        contexts, _ = kube_config.list_kube_config_contexts(config_file=file)
    except UnicodeEncodeError:  # the client knows Latin-1 alone
        raise ConfigurationError(
            f"{credential.place} contain a character outside Latin-1, which the client cannot send; use a token instead"
        ) from None
    except Exception as error:  # the client raises whatever its files, and programs named in them, lead to
        raise ConfigurationError(no_configuration(context, file, error)) from error
    chosen: dict[str, Any] = next((one["context"] for one in contexts if one["name"] == context), {})
    return Configured(made, chosen.get("namespace") or "default", credential)


def _credential(file: str, context: str) -> Credential:
    """Return which credential of the kubeconfig counts for a context, and learn the secrets of its user.

    Raises:
        Exception: as the client does on reading it.
    """
    merged = KubeConfigMerger(file).config
    if merged is None:
        raise kube_config.ConfigException("No configuration found")
    chosen = merged["contexts"].get_with_name(context)["context"]
    named = merged["users"].get_with_name(chosen["user"], safe=True) if merged.safe_get("users") else None
    if named is None or not named.safe_get("user"):
        return Credential(f"the user of context {context} in the kubeconfig {file}")
    user = dict(named["user"].value)
    SECRETS.learn(user)
    SECRETS.learn_values(str(user.get("client-key-data") or ""))
    program = user.get("exec") or {}
    SECRETS.learn({str(variable.get("name")): variable.get("value") for variable in program.get("env") or ()})
    return credential_of(str(chosen["user"]), user, named.path)


def credential_of(name: str, user: Mapping[str, Any], file: str) -> Credential:
    """Return which credential of a user in a kubeconfig counts. Pure."""
    of_user = f"of user {name} in the kubeconfig {file}"
    if "auth-provider" in user:
        return Credential(f"the token of auth-provider {of_user}")
    if user.get("token"):
        return Credential(f"users[{name}].user.token in the kubeconfig {file}")
    if user.get("tokenFile"):
        return Credential(f"the token file {Path(file).absolute().parent / str(user['tokenFile'])} {of_user}")
    if "exec" in user:
        return Credential(f"the token that the program {of_user} writes")
    return Credential(f"username and password {of_user}", str(user.get("username", "")), str(user.get("password", "")))


def login(configured: Configured) -> Login:
    """Return the login of a configuration; the client renews what expires.

    Raises:
        ConfigurationError: the proxy that it names is not a URL; or, as the headers are asked for, none can carry the
            token.
    """
    made, namespace, credential = configured
    made.proxy = made.proxy.strip() if made.proxy else None
    try:
        pool: urllib3.PoolManager = RESTClientObject(made).pool_manager
    except urllib3.exceptions.HTTPError:  # whose text would show the proxy's password
        raise ConfigurationError(
            "the proxy for the API server is not a URL; correct proxy-url in the kubeconfig, or HTTPS_PROXY"
        ) from None
    return Login(str(made.host), namespace, pool, functools.partial(_headers, made, credential))


def _headers(made: Configuration, credential: Credential) -> dict[str, str]:
    """Return the headers that say who asks; the client reads what expires anew."""
    found = {one["key"]: str(one["value"]) for one in made.auth_settings().values() if one["value"]}
    return {key: _authorization(value, credential) for key, value in found.items()}


def _authorization(value: str, credential: Credential) -> str:
    scheme, _, token = value.partition(" ")
    if scheme == "Basic" and credential.password:  # the client writes it in Latin-1, kubectl in UTF-8
        return basic_authorization(credential.user, credential.password)
    return f"{scheme} {header_credential(token, credential.place)}"


def stream(configured: Configured, path: str, query: list[tuple[str, str]], headers: dict[str, str]) -> Any:
    """Return an open connection (a WSClient) to the streams of a container.

    Raises:
        Exception: whatever the client raises where it is refused, or cannot connect.
    """
    url = get_websocket_url(str(configured.made.host) + path, query)
    return WSClient(configured.made, url, headers, capture_all=False, binary=True)
