"""The connection to the cluster for one action, and the environment that it acts in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from bosun_k8s.cluster.connection import Cluster
from bosun_k8s.cluster.resources import Objects
from bosun_k8s.environment import Environment, environment
from bosun_k8s.settings import KubernetesSettings


class Site(NamedTuple):
    """Where an action is to act, as it is told."""

    settings: KubernetesSettings
    plugin_config: Mapping[str, Any]
    dry_run: bool


@contextmanager
def connected(site: Site) -> Iterator[tuple[Objects, Environment]]:
    """Read the kubeconfig, and yield the objects of the namespace that it leads to, and the environment there.

    Raises:
        ConfigurationError: there is no such configuration.
    """
    settings = site.settings
    with Cluster(settings) as cluster:
        env = environment(settings, site.plugin_config, cluster.namespace, dry_run=site.dry_run)
        yield Objects(cluster, cluster.namespace, force=settings.force_conflicts), env
