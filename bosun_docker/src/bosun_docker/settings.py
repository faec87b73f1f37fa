"""The private configuration of the Docker plugin."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from bosun_core.prediction_prefix import Prefix, parse_prefix
from bosun_core.settings import Settings, described

from bosun_core import sizes
from bosun_docker.proxy.addresses import Published, check_path, check_probe_url, parse_ports

WEB_PORT, WEB_TLS_PORT, DASHBOARD_PORT = 80, 443, 8080
_PREFIX = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,19}")
_PART = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_IMAGE_PREFIX = re.compile(rf"(?=.{{1,100}}$)(?:{_PART}(?::[0-9]+)?/)?(?:{_PART}/)*(?:{_PART}(?:\.|__?|-+)?)?")
_NETWORK = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_SIZE = re.compile(r"[0-9]+(\.[0-9]+)?[kmg]?b?", re.IGNORECASE)

Seconds = Annotated[float, msgspec.Meta(ge=0, lt=1e9)]
PositiveSeconds = Annotated[float, msgspec.Meta(gt=0, lt=1e9)]
PortMapping = dict[str, int | str]


class DockerSettings(Settings, kw_only=True, frozen=True, rename="camel"):
    """The engine's network, the images of the shared parts, where predictions are asked for, and limits."""

    docker_network: Annotated[
        str, described("The Docker network of all containers. It must exist, unless createNetwork is true.")
    ] = "bosun"
    create_network: Annotated[bool, described("Create dockerNetwork where it is missing.")] = False
    traefik_image: Annotated[str, described("The image of the proxy: Traefik 2.3 or later, or 3.")] = "traefik:v3.6"
    outfacing_prediction_url_prefix: Annotated[
        str,
        described(
            "The address at which the proxy is reached from outside. A deployment is served at "
            "<this>/deployments/<deployment id>/predictions.",
            "http://10.10.12.22:81",
        ),
    ] = msgspec.field(name="outfacingPredictionURLPrefix")
    agent_image: Annotated[
        str | None,
        described(
            "The image of the monitoring agent. Not set: nothing is monitored.",
            "datarobot/mlops-tracking-agent:latest",
        ),
    ] = None
    rabbitmq_image: Annotated[
        str, described("The image of the broker between the models and the monitoring agent.")
    ] = "rabbitmq:3-management"
    pps_base_image: Annotated[
        str, described("The image of the Portable Prediction Server that model packages are put on.")
    ] = "datarobot/datarobot-portable-prediction-api:latest"
    scoring_code_base_image: Annotated[
        str | None,
        described(
            "The image that scoring code (.jar, modelFormat datarobotScoringCode) is put on, at "
            "/opt/ml/model/model.jar. Not set: scoring code cannot be deployed.",
            "registry.example.com/scoring-server:1.0",
        ),
    ] = None
    generated_image_prefix: Annotated[
        str, described("The names of generated images begin with this, in lower case.")
    ] = "mlops_"
    container_name_prefix: Annotated[str, described("The names of containers and volumes begin with this.")] = "mlops_"
    traefik_port_mapping: Annotated[
        PortMapping | None,
        described(
            "Ports of the proxy on the engine's machine, container port: host port. 80 (and 443, with "
            "traefikCertificate) takes predictions and is reached from everywhere; 8080 is the proxy's dashboard, "
            'reached from the engine\'s machine alone unless written "0.0.0.0:8081". Not set: 80 on the port of '
            "outfacingPredictionURLPrefix.",
            {80: 81, 8080: 8081},
        ),
    ] = None
    rabbitmq_port_mapping: Annotated[
        PortMapping | None,
        described(
            "Ports of the broker on the engine's machine, reached from there alone unless written with an address. "
            "Not set: none.",
            {15672: 15673, 5672: 5673},
        ),
    ] = None
    traefik_certificate: Annotated[
        str | None,
        described("The path of a certificate (PEM, with its chain) for HTTPS on 443.", "/etc/bosun/tls/cert.pem"),
    ] = None
    traefik_key: Annotated[
        str | None, described("The path of the certificate's key (PEM).", "/etc/bosun/tls/key.pem")
    ] = None
    proxy_probe_url: Annotated[
        str | None,
        described(
            "Where this machine reaches the proxy's port for probes. Not set: it is found out.",
            "http://10.10.12.22:18099",
        ),
    ] = msgspec.field(default=None, name="proxyProbeURL")
    model_serving: Annotated[
        Literal["dedicated", "shared"],
        described(
            "dedicated: a container for each deployment. shared: one prediction server, in its multi-model mode, for "
            "all native models; its image is ppsBaseImage."
        ),
    ] = "dedicated"
    restart_policy: Annotated[
        Literal["never", "on-failure", "unless-stopped", "always"],
        described("When the engine starts a container again that has ended, as `docker run --restart`."),
    ] = "unless-stopped"
    log_max_size: Annotated[
        str,
        described("How large a container's log grows, as `--log-opt max-size`; an empty text leaves it to the engine."),
    ] = "10m"
    log_max_files: Annotated[
        int, msgspec.Meta(ge=1, le=1000), described("How many such logs of a container are kept.")
    ] = 3
    engine_limit: Annotated[
        PositiveSeconds,
        described(
            "How long, in seconds, the engine may take to answer one call. Raise it where making the image of a large "
            "package takes longer."
        ),
    ] = 120.0
    readiness_limit: Annotated[Seconds, described("How long, in seconds, a model may take until it answers.")] = 600.0
    settle_time: Annotated[
        Seconds,
        described(
            "How long, in seconds, a new model must have run, and answer then, before a replacement or relaunch moves "
            "traffic to it. Raise it for a server that fails only some time after it has answered."
        ),
    ] = 1.5
    drain_before_stop: Annotated[
        Seconds,
        described(
            "How long, in seconds, an old container runs on without new requests before it is told to end: for servers "
            "that drop their requests on SIGTERM."
        ),
    ] = 0.0
    drain_limit: Annotated[
        Seconds,
        described(
            "How long, in seconds, a container may take to end after SIGTERM before it is killed, or the shared server "
            "to delete a model."
        ),
    ] = 30.0
    build_limit: Annotated[
        Seconds,
        described(
            "How long, in seconds, building an image from a build context, or reading and loading an image archive, "
            "may take."
        ),
    ] = 1800.0
    max_context_size: Annotated[str, described("How large a build context may be, unpacked, say 500m.")] = "1g"
    pull_limit: Annotated[Seconds, described("How long, in seconds, pulling an image may take.")] = 900.0
    proxy_limit: Annotated[
        Seconds, described("How long, in seconds, the proxy may take until it answers, or has taken a changed route.")
    ] = 30.0
    broker_limit: Annotated[Seconds, described("How long, in seconds, the broker may take until it answers.")] = 60.0
    lock_limit: Annotated[
        Seconds, described("How long, in seconds, an action waits for another one on the same deployment.")
    ] = 900.0

    def __post_init__(self) -> None:
        """Check what the types cannot."""
        for key, value, rule, example in (
            ("dockerNetwork", self.docker_network, _NETWORK, "bosun"),
            ("containerNamePrefix", self.container_name_prefix, _PREFIX, "mlops_"),
            ("generatedImagePrefix", self.generated_image_prefix.lower(), _IMAGE_PREFIX, "mlops_"),
        ):
            if not rule.fullmatch(value):
                raise ValueError(f"{key} {value!r} cannot begin a name on the engine; write say {example}")
        for key, image in (
            ("traefikImage", self.traefik_image),
            ("rabbitmqImage", self.rabbitmq_image),
            ("ppsBaseImage", self.pps_base_image),
            ("agentImage", self.agent_image),
            ("scoringCodeBaseImage", self.scoring_code_base_image),
        ):
            if image is not None:
                check_image(key, image)
        if self.log_max_size and not _SIZE.fullmatch(self.log_max_size):
            raise ValueError(f"logMaxSize {self.log_max_size!r} is no size; write say 10m")
        _ = self.context_limit
        if (self.traefik_certificate is None) != (self.traefik_key is None):
            raise ValueError("traefikCertificate and traefikKey go together; write both, or neither")
        if self.proxy_probe_url is not None:
            check_probe_url(self.proxy_probe_url)
        check_path(self.prefix)
        proxy_ports = {port.host_port for port in self.proxy_ports}
        both = sorted(proxy_ports.intersection(port.host_port for port in self.broker_ports))
        if both:
            raise ValueError(
                f"rabbitmqPortMapping maps to {both[0]}, which the proxy has (traefikPortMapping, or the port of "
                "outfacingPredictionURLPrefix); give each a host port of its own"
            )

    @property
    def context_limit(self) -> int:
        """`maxContextSize` in bytes."""
        return sizes.checked("maxContextSize", self.max_context_size)

    @property
    def prefix(self) -> Prefix:
        """`outfacingPredictionURLPrefix`, taken apart."""
        return parse_prefix(self.outfacing_prediction_url_prefix)

    @property
    def proxy_ports(self) -> tuple[Published, ...]:
        """The proxy's published ports, the one for probes apart."""
        listening = {WEB_PORT, DASHBOARD_PORT, *([] if self.traefik_certificate is None else [WEB_TLS_PORT])}
        mapping = self.traefik_port_mapping
        if mapping is None:
            inside = WEB_PORT if self.traefik_certificate is None or self.prefix.scheme == "http" else WEB_TLS_PORT
            mapping = {str(inside): self.prefix.port or inside}
        ports = parse_ports("traefikPortMapping", mapping, {WEB_PORT, WEB_TLS_PORT})
        for port in ports:
            if port.container_port not in listening:
                raise ValueError(
                    f"traefikPortMapping maps {port.container_port}, where the proxy does not listen; it listens on "
                    "80, on 8080 (its dashboard), and on 443 with traefikCertificate and traefikKey"
                )
        return ports

    @property
    def broker_ports(self) -> tuple[Published, ...]:
        """The broker's published ports."""
        return parse_ports("rabbitmqPortMapping", self.rabbitmq_port_mapping or {}, set())


def check_image(key: str, reference: str) -> None:
    """Check that `reference` may name an image.

    Raises:
        ValueError: it cannot.
    """
    if not re.fullmatch(r"[a-z0-9][\w.:/@-]{0,254}", reference):
        raise ValueError(f"{key} {reference!r} is no image; write a name with a tag, say registry.example.com/pps:1.0")
