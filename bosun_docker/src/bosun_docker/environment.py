"""One prediction environment on an engine: its settings, its id, and its place."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from bosun_core.environment import environment_id
from bosun_core.monitoring import OFF, Monitoring, wanted_monitoring

from bosun_docker import names
from bosun_docker.settings import DockerSettings


class Environment(NamedTuple):
    """What leads all actions of one environment. Environments with the same network and prefix share a place."""

    settings: DockerSettings
    id: str
    dry_run: bool
    monitoring: Monitoring = OFF

    @property
    def place(self) -> str:
        """What the shared parts belong to: network and container prefix."""
        return f"{self.settings.docker_network}/{self.settings.container_name_prefix}"

    @property
    def proxy_name(self) -> str:
        """The name of the proxy's container."""
        return f"{self.settings.container_name_prefix}traefik"

    @property
    def broker_name(self) -> str:
        """The name of the broker's container, and of its volume."""
        return f"{self.settings.container_name_prefix}rabbitmq"

    @property
    def agent_name(self) -> str:
        """The name of the monitoring agent's container."""
        return f"{self.settings.container_name_prefix}monitoring_agent"

    @property
    def server_name(self) -> str:
        """The name of the container, and of its volume, of the prediction server that deployments share."""
        return f"{self.settings.container_name_prefix}pps_{names.digest(self.id)[:8]}"

    @property
    def routes_volume(self) -> str:
        """The name of the volume with the route files."""
        return f"{self.settings.container_name_prefix}routes"

    @property
    def container_filters(self) -> dict[str, list[str]]:
        """What the engine lists the place's containers by."""
        return {"name": [f"^/?{re.escape(self.settings.container_name_prefix)}"]}

    def labels(self, part: str) -> dict[str, str]:
        """Return the labels of a part of this place."""
        return {names.SCHEMA: names.SCHEMA_VERSION, names.PLACE: self.place, names.PART: part}

    def deployment_labels(self, part: str, deployment_id: str) -> dict[str, str]:
        """Return the labels of a part of a deployment."""
        return {**self.labels(part), names.ENVIRONMENT: self.id, names.DEPLOYMENT: deployment_id}


def environment(settings: DockerSettings, plugin_config: Mapping[str, Any], *, dry_run: bool) -> Environment:
    """Return the environment; without an id of its own it is named by its place."""
    derived = f"{settings.docker_network}/{settings.container_name_prefix}"
    own_id = environment_id(settings.environment_id, plugin_config, derived)
    return Environment(settings, own_id, dry_run, wanted_monitoring(settings.agent_image, plugin_config, os.environ))
