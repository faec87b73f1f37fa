"""The Kubernetes client, for its configuration, credentials, transport and streams: the only module that imports it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, NamedTuple

import urllib3
from bosun_core.errors import ConfigurationError
from kubernetes import config as kube_config  # noqa: TID251  # this is the one module
from kubernetes.client import Configuration  # noqa: TID251  # this is the one module
from kubernetes.client.rest import RESTClientObject  # noqa: TID251  # this is the one module
from kubernetes.stream.ws_client import WSClient, get_websocket_url  # noqa: TID251  # this is the one module

from bosun_k8s.cluster.errors import no_configuration
from bosun_k8s.cluster.limits import within
from bosun_k8s.cluster.login import POOL_SIZE, Login
from bosun_k8s.settings import IN_CLUSTER

_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


class Configured(NamedTuple):
    """The client's configuration, and the namespace that goes with it."""

    made: Configuration
    namespace: str


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
            return Configured(made, _POD_NAMESPACE.read_text().strip() if _POD_NAMESPACE.exists() else "default")
        read = functools.partial(kube_config.load_kube_config, file, context, made, persist_config=False)
        within(seconds, read)  # a program that it names may wait for a network
        contexts, _ = kube_config.list_kube_config_contexts(config_file=file)
    except Exception as error:  # the client raises whatever its files, and programs named in them, lead to
        raise ConfigurationError(no_configuration(context, file, error)) from error
    chosen: dict[str, Any] = next((one["context"] for one in contexts if one["name"] == context), {})
    return Configured(made, chosen.get("namespace") or "default")


def login(configured: Configured) -> Login:
    """Return the login of a configuration; the client renews what expires."""
    made, namespace = configured
    pool: urllib3.PoolManager = RESTClientObject(made).pool_manager
    return Login(str(made.host), namespace, pool, functools.partial(_headers, made))


def _headers(made: Configuration) -> dict[str, str]:
    return {one["key"]: str(one["value"]) for one in made.auth_settings().values() if one["value"]}


def stream(configured: Configured, path: str, query: list[tuple[str, str]], headers: dict[str, str]) -> Any:
    """Return an open connection (a WSClient) to the streams of a container.

    Raises:
        Exception: whatever the client raises where it is refused, or cannot connect.
    """
    url = get_websocket_url(str(configured.made.host) + path, query)
    return WSClient(configured.made, url, headers, capture_all=False, binary=True)
