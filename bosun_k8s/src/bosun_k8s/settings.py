"""The private configuration of the Kubernetes plugin."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from bosun_core.prediction_prefix import Prefix, parse_prefix
from bosun_core.settings import Settings, described

from bosun_core import sizes
from bosun_k8s import settings_rules as rules
from bosun_k8s.documents.patches import PATCHED_KINDS

IN_CLUSTER = "IN_CLUSTER"
INGRESS_NGINX = {
    "nginx.ingress.kubernetes.io/use-regex": "true",
    "nginx.ingress.kubernetes.io/rewrite-target": "{rewrite}",
}

Seconds = Annotated[float, msgspec.Meta(ge=0, lt=1e9)]
SomeSeconds = Annotated[float, msgspec.Meta(gt=0, lt=1e9)]
WholeSeconds = Annotated[int, msgspec.Meta(ge=0, lt=86_400)]


class KubernetesSettings(Settings, kw_only=True, frozen=True, rename="camel"):
    """The cluster, where predictions are asked for, how images are made, and limits."""

    kube_config_context: Annotated[
        str,
        described(
            "The context of the kubeconfig (KUBECONFIG, else ~/.kube/config), as kubectl's --context. IN_CLUSTER: the "
            "service account of the pod that the plugin runs in."
        ),
    ] = IN_CLUSTER
    kube_namespace: Annotated[
        str | None,
        described(
            "The namespace of the deployments. Not set: that of the context, else default; IN_CLUSTER that of the pod.",
            "models",
        ),
    ] = None
    agent_image: Annotated[
        str | None,
        described(
            "The image of the monitoring agent. Not set: nothing is monitored.",
            "registry.example.com/mlops-tracking-agent:latest",
        ),
    ] = None
    outfacing_prediction_url_prefix: Annotated[
        str,
        described(
            "The address at which the ingress controller or gateway is reached from outside. A deployment is served at "
            "<this>/<deployment id>/predictions.",
            "https://example.com/deployments/",
        ),
    ] = msgspec.field(name="outfacingPredictionURLPrefix")
    ingress_class: Annotated[
        str | None,
        described("The class of the Ingress. Not set: the cluster's default class.", "nginx"),
    ] = None
    pps_base_image: Annotated[
        str,
        described(
            "The image of the Portable Prediction Server that model packages are put on.",
            "registry.example.com/datarobot-portable-prediction-api:latest",
        ),
    ]
    scoring_code_base_image: Annotated[
        str | None,
        described(
            "The image that scoring code (.jar, modelFormat datarobotScoringCode) is put on, at "
            "/opt/ml/model/model.jar. Not set: scoring code cannot be deployed.",
            "registry.example.com/scoring-server:1.0",
        ),
    ] = None
    generated_image_repo: Annotated[
        str,
        described(
            "The repository that generated images are pushed to, as <this>:m-<model id>.",
            "registry.example.com/mlops-model",
        ),
    ]
    kaniko_image: Annotated[
        str | None,
        described(
            "The image of kaniko. Not set, where kaniko is to build: gcr.io/kaniko-project/executor:v1.5.2.",
            "gcr.io/kaniko-project/executor:v1.5.2",
        ),
    ] = None
    kaniko_configmap_name: Annotated[
        str | None,
        described("The ConfigMap with kaniko's Docker configuration (config.json).", "docker-config"),
    ] = None
    kaniko_secret_name: Annotated[
        str | None,
        described(
            "The Secret with the registry's credentials, of type kubernetes.io/dockerconfigjson, for kaniko; and for "
            "`append` where registrySecretName is not set.",
            "registry-credentials",
        ),
    ] = None
    kaniko_service_account: Annotated[
        str | None, described("The service account of kaniko's pod. Not set: default.", "default")
    ] = None
    kaniko_namespace: Annotated[
        str | None,
        described(
            "The namespace of kaniko's pod, which needs root and so no `restricted` Pod Security Standard. Not set: "
            "that of the deployments.",
            "builds",
        ),
    ] = None
    image_builder: Annotated[
        Literal["append", "kaniko", "volume"] | None,
        described(
            "Who makes the image of base and package. append: this process, by the registry's HTTP API. kaniko: a pod, "
            "for registries that only the cluster reaches. volume: nobody; the package is an OCI artifact that the "
            "kubelet mounts (needs image volumes). Not set: kaniko where one of its keys is set, else append.",
            "append",
        ),
    ] = None
    registry_secret_name: Annotated[
        str | None,
        described(
            "The Secret (kubernetes.io/dockerconfigjson, in the namespace of the deployments) with the credentials of "
            "`append` and `volume`. Not set: kanikoSecretName, else the Docker configuration (DOCKER_CONFIG).",
            "registry-credentials",
        ),
    ] = None
    plain_http_registries: Annotated[
        list[str],
        described("Registries (host:port) that are spoken to without TLS; loopback and private addresses may be."),
    ] = msgspec.field(default_factory=list)
    registry_certificate_authority: Annotated[
        str | None,
        described("The path of a certificate (PEM) that the registries' certificates are checked by.", "/etc/ca.pem"),
    ] = None
    pull_secrets: Annotated[
        list[str], described("The Secrets with which nodes pull images (imagePullSecrets of the pods).")
    ] = msgspec.field(default_factory=list)
    gateway: Annotated[
        str | None,
        described(
            "The Gateway (Gateway API), as namespace/name or name, that an HTTPRoute attaches to. Not set: an Ingress.",
            "gateways/public",
        ),
    ] = None
    gateway_listener: Annotated[
        str | None, described("The listener (sectionName) of the Gateway. Not set: all that fit.", "https")
    ] = None
    ingress_annotations: Annotated[
        dict[str, str] | None,
        described(
            "Annotations of the Ingress; {rewrite} stands for the path that is to reach the model. Not set: those by "
            "which ingress-nginx rewrites.",
            {"nginx.ingress.kubernetes.io/rewrite-target": "{rewrite}"},
        ),
    ] = None
    ingress_paths: Annotated[
        Literal["regex", "prefix"],
        described(
            "How paths of the Ingress are written. regex: with groups, for controllers that rewrite by them "
            "(ingress-nginx). prefix: plain, where the controller rewrites otherwise (Traefik's middlewares)."
        ),
    ] = "regex"
    run_as_user: Annotated[
        Annotated[int, msgspec.Meta(ge=1)] | None,
        described("The user id of the models' containers. Not set: that of the image, which must be a number.", 1000),
    ] = None
    fs_group: Annotated[
        Annotated[int, msgspec.Meta(ge=1)] | None, described("The group of the pods' volumes. Not set: none.", 1000)
    ] = None
    patches: Annotated[
        dict[str, list[dict[str, Any]]],
        described(
            "JSON Patch operations (RFC 6902) on the objects before they are sent, by kind: "
            f"{', '.join(PATCHED_KINDS)}."
        ),
    ] = msgspec.field(default_factory=dict)
    force_conflicts: Annotated[
        bool, described("Take over fields that another field manager has set, instead of reporting the conflict.")
    ] = False
    readiness_limit: Annotated[Seconds, described("How long, in seconds, a model may take until it is ready.")] = 600.0
    settle_time: Annotated[
        Seconds,
        described(
            "How long, in seconds, a model must have answered, and answer then, before a replacement or relaunch "
            "moves traffic to it."
        ),
    ] = 1.5
    unschedulable_limit: Annotated[
        Seconds,
        described(
            "How long, in seconds, a pod may wait for a node with room; raise it where nodes are added on demand."
        ),
    ] = 5.0
    pre_stop_seconds: Annotated[
        WholeSeconds,
        described("How long, in seconds, an old pod goes on serving while proxies learn that it is to go."),
    ] = 5
    drain_limit: Annotated[
        WholeSeconds, described("How long, in seconds, a pod may take to end after SIGTERM before it is killed.")
    ] = 30
    route_limit: Annotated[Seconds, described("How long, in seconds, the way to a model may take to be open.")] = 30.0
    build_limit: Annotated[Seconds, described("How long, in seconds, kaniko may take, or reading an archive.")] = 900.0
    max_context_size: Annotated[str, described("How large a build context may be, unpacked, say 500m.")] = "1g"
    registry_limit: Annotated[
        SomeSeconds,
        described(
            "How long, in seconds, a registry may take to answer a request or to take a piece, and how long it is "
            "asked again while it is away or too busy."
        ),
    ] = 60.0
    api_limit: Annotated[
        Seconds,
        described("How long, in seconds, the API server may be away or too busy; an answer may take 30 s longer."),
    ] = 30.0
    lock_limit: Annotated[
        Seconds, described("How long, in seconds, an action waits for another one on the same deployment.")
    ] = 900.0

    def __post_init__(self) -> None:
        """Check what the types cannot."""
        rules.check(self)

    @property
    def prefix(self) -> Prefix:
        """`outfacingPredictionURLPrefix`, taken apart."""
        return parse_prefix(self.outfacing_prediction_url_prefix)

    @property
    def context_limit(self) -> int:
        """`maxContextSize` in bytes."""
        return sizes.checked("maxContextSize", self.max_context_size)

    @property
    def builder(self) -> str:
        """The image builder that counts."""
        kaniko = (self.kaniko_image, self.kaniko_configmap_name, self.kaniko_secret_name, self.kaniko_service_account)
        return self.image_builder or ("kaniko" if any(kaniko) else "append")
