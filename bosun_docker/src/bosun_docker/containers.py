"""What containers are made of: bodies for the engine, as pure functions of the settings."""

from __future__ import annotations

import json
from typing import Any

from bosun_core.model_sources.kinds import CUSTOM, NATIVE, PATHS

from bosun_docker import names
from bosun_docker.environment import Environment
from bosun_docker.key_values import KeyValues
from bosun_docker.proxy.addresses import ALL_ADDRESSES, LOOPBACK, Published
from bosun_docker.proxy.routes import FOLDER, PROBE, WEB, WEB_TLS
from bosun_docker.settings import DASHBOARD_PORT, WEB_PORT, WEB_TLS_PORT, DockerSettings

Body = dict[str, Any]

PROBE_PORT = 8099
QUEUE = "bosun-monitoring"
CERTIFICATES = "/etc/bosun/tls"
_PAIR = {"certFile": f"{CERTIFICATES}/cert.pem", "keyFile": f"{CERTIFICATES}/key.pem"}
# The default: who asks by an address names no host by which a certificate could be picked.
TLS_ROUTES = json.dumps({"tls": {"stores": {"default": {"defaultCertificate": _PAIR}}}}, indent=1)
# Each switch takes so long beyond the reading of the files; by Traefik's own default of 2 s it would take that.
_READS_BACK_WITHIN = "20ms"
# Below every keep-alive timeout in use (5 s of uvicorn and Node, 2 s of gunicorn): a request that is sent as the server
# closes the connection is not repeated, and becomes a 502. By Traefik's own default of 90 s the server is always first.
_IDLE_CONNECTIONS_CLOSE_AFTER = "500ms"


def model(
    env: Environment, deployment_id: str, model_id: str, key_values: KeyValues, queue: str | None, kind: str = NATIVE
) -> Body:
    """Return the body of a model's container, without its image and labels.

    `queue` is the URL of the broker that predictions are reported to; None where they are not monitored.
    """
    variables = {
        **(_custom_reporting(queue) if kind == CUSTOM else reporting(queue)),
        **({} if kind == CUSTOM else {"PREDICTION_API_MODEL_REPOSITORY_PATH": PATHS[kind]}),
        "MLOPS_DEPLOYMENT_ID": deployment_id,
        "MLOPS_MODEL_ID": model_id,
        **dict(key_values.environment),
    }
    return {
        "Env": [f"{name}={value}" for name, value in sorted(variables.items())],
        "HostConfig": {**host(env.settings), **_resources(key_values)},
    }


def reporting(queue: str | None) -> dict[str, str]:
    """Return the variables that tell a prediction server where to report to; without `queue` it reports nothing."""
    report = f"spooler_type=rabbitmq;rabbitmq_queue_url={queue};rabbitmq_queue_name={QUEUE}"
    return {
        "PREDICTION_API_MONITORING_ENABLED": str(queue is not None),
        "MONITORING_AGENT": "False",
        **({} if queue is None else {"PREDICTION_API_MONITORING_SETTINGS": report}),
    }


def _custom_reporting(queue: str | None) -> dict[str, str]:
    """Return the variables that tell the MLOps library in a custom model's image where to report to."""
    if queue is None:
        return {}
    return {
        "MLOPS_SPOOLER_TYPE": "RABBITMQ",
        "MLOPS_RABBITMQ_QUEUE_URL": queue,
        "MLOPS_RABBITMQ_QUEUE_NAME": QUEUE,
    }


def settings_digest(body: Body, *paths: str) -> str:
    """Return the hash of all that a container is made of besides its image and its labels, and of its paths."""
    return names.digest(json.dumps([body, *paths], sort_keys=True))


def package_holder(labels: dict[str, str], base: str) -> Body:
    """Return the body of a container that is never started: a package is put into it, and an image made of it."""
    return {"Image": base, "Labels": labels}


def lock(image: str, labels: dict[str, str]) -> Body:
    """Return the body of a container that is never started and only holds its name."""
    return {"Image": image, "Cmd": ["lock"], "Labels": labels, "HostConfig": {"NetworkMode": "none"}}


def proxy(env: Environment, *, remote: bool, certificates: str) -> Body:
    """Return the body of the proxy.

    Args:
        env: the environment.
        remote: whether the engine runs on another machine, so that probes come from there.
        certificates: a hash of the certificate and its key, or empty without HTTPS.
    """
    ports = env.settings.proxy_ports
    flags = [
        f"--entryPoints.{WEB}.address=:{WEB_PORT}",
        f"--entryPoints.{PROBE}.address=:{PROBE_PORT}",
        # A large upload takes as long as it takes; newer versions end it after 60 s.
        f"--entryPoints.{WEB}.transport.respondingTimeouts.readTimeout=0",
        "--ping=true",
        f"--ping.entryPoint={PROBE}",
        f"--providers.file.directory={FOLDER}",
        "--providers.file.watch=true",
        f"--providers.providersThrottleDuration={_READS_BACK_WITHIN}",
        f"--serversTransport.forwardingTimeouts.idleConnTimeout={_IDLE_CONNECTIONS_CLOSE_AFTER}",
        "--log.level=WARN",
        "--global.checkNewVersion=false",
        "--global.sendAnonymousUsage=false",
    ]
    if certificates:
        flags.append(f"--entryPoints.{WEB_TLS}.address=:{WEB_TLS_PORT}")
        flags.append(f"--entryPoints.{WEB_TLS}.transport.respondingTimeouts.readTimeout=0")
    if any(port.container_port == DASHBOARD_PORT for port in ports):
        flags.append("--api.insecure=true")
    probe = Published(PROBE_PORT, ALL_ADDRESSES if remote else LOOPBACK, 0)
    body = {
        "Image": env.settings.traefik_image,
        "Cmd": flags,
        "ExposedPorts": exposed((*ports, probe)),
        "HostConfig": {
            **host(env.settings),
            "PortBindings": bindings((*ports, probe)),
            "Mounts": [{"Type": "volume", "Source": env.routes_volume, "Target": FOLDER}],
        },
    }
    return labelled(body, {**env.labels(names.PROXY), names.SETTINGS: names.digest(json.dumps([body, certificates]))})


def labelled(body: Body, labels: dict[str, str]) -> Body:
    """Return a body with these labels."""
    return {**body, "Labels": labels}


def host(settings: DockerSettings) -> Body:
    """Return what all our containers have in common: network, restart policy, limits of the log."""
    host: Body = {
        "NetworkMode": settings.docker_network,
        "RestartPolicy": {"Name": "no" if settings.restart_policy == "never" else settings.restart_policy},
    }
    if settings.log_max_size:
        limits = {"max-size": settings.log_max_size, "max-file": str(settings.log_max_files)}
        host["LogConfig"] = {"Type": "json-file", "Config": limits}
    return host


def _resources(key_values: KeyValues) -> Body:
    found: Body = {}
    if key_values.memory is not None:
        # Without the same limit for both, what exceeds the memory would go to swap, and nothing would ever say so.
        found |= {"Memory": key_values.memory, "MemorySwap": key_values.memory}
    if key_values.cpus is not None:
        found["NanoCpus"] = int(key_values.cpus * 1_000_000_000)
    if key_values.shm_size is not None:
        found["ShmSize"] = key_values.shm_size
    if key_values.gpus is not None:
        found["DeviceRequests"] = [{"Driver": "", "Count": key_values.gpus, "Capabilities": [["gpu"]]}]
    return found


def exposed(ports: tuple[Published, ...]) -> Body:
    """Return the ports that a container is to have."""
    return {f"{port.container_port}/tcp": {} for port in ports}


def bindings(ports: tuple[Published, ...]) -> Body:
    """Return port bindings; the engine picks where the host's port is 0."""
    return {
        f"{port.container_port}/tcp": [{"HostIp": port.host_address, "HostPort": str(port.host_port or "")}]
        for port in ports
    }
