"""What the broker and the monitoring agent are made of: bodies for the engine, as pure functions of the settings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from urllib.parse import urlsplit

from bosun_core.monitoring import Monitoring

from bosun_docker import containers, names
from bosun_docker.containers import QUEUE, Body
from bosun_docker.environment import Environment

USER = "bosun"
PASSWORD_VARIABLE = "RABBITMQ_DEFAULT_PASS"  # noqa: S105  # a variable's name
QUEUE_URL_VARIABLE = "MLOPS_RABBITMQ_QUEUE_URL"
DATA = "/var/lib/rabbitmq"


def broker_host(env: Environment) -> str:
    """Return the broker's name on the network: without `_`, which no URL of the monitoring agent's may hold."""
    return f"bosun-rabbitmq-{names.digest(env.place)[:8]}"


def queue_url(env: Environment, password: str) -> str:
    """Return the URL at which containers on the network reach the broker."""
    return f"amqp://{USER}:{password}@{broker_host(env)}:5672"


def broker(env: Environment, password: str) -> Body:
    """Return the broker's body; its settings' hash leaves the password out, which lives in its container alone."""
    ports = env.settings.broker_ports
    name = broker_host(env)
    body: Body = {
        "Image": env.settings.rabbitmq_image,
        "Hostname": name,  # its data lies below this name
        "ExposedPorts": containers.exposed(ports),
        "HostConfig": {
            **containers.host(env.settings),
            "PortBindings": containers.bindings(ports),
            "Mounts": [{"Type": "volume", "Source": env.broker_name, "Target": DATA}],
        },
        "NetworkingConfig": {"EndpointsConfig": {env.settings.docker_network: {"Aliases": [name]}}},
    }
    labels = {**env.labels(names.BROKER), names.SETTINGS: names.digest(json.dumps(body))}
    login = [f"RABBITMQ_DEFAULT_USER={USER}", f"{PASSWORD_VARIABLE}={password}"]
    return {**body, "Env": login, "Labels": labels}


def agent(env: Environment, monitoring: Monitoring, url: str) -> Body:
    """Return the monitoring agent's body."""
    variables = {
        "MLOPS_SERVICE_URL": monitoring.service_url,
        "MLOPS_API_TOKEN": monitoring.token,
        "MLOPS_SPOOLER_TYPE": "RABBITMQ",
        QUEUE_URL_VARIABLE: url,
        "MLOPS_RABBITMQ_QUEUE_NAME": QUEUE,
    }
    body: Body = {
        "Image": env.settings.agent_image,
        "Env": [f"{name}={value}" for name, value in variables.items()],
        "HostConfig": containers.host(env.settings),
    }
    return {**body, "Labels": {**env.labels(names.AGENT), names.SETTINGS: names.digest(json.dumps(body))}}


def password_of(variables: Iterable[str]) -> str | None:
    """Return the password among the variables of a broker or of a monitoring agent, or None where there is none."""
    pairs = dict(one.partition("=")[::2] for one in variables)
    return pairs.get(PASSWORD_VARIABLE) or urlsplit(pairs.get(QUEUE_URL_VARIABLE, "")).password
