"""The command line of each program of the cluster: functions of where things are."""

from pathlib import Path

from testbed.k8s import addresses

INGRESS_CLASS = "traefik"
INGRESS_ANNOTATION = "traefik.ingress.kubernetes.io/router.middlewares=last-part@file"
_FORWARDED = ("allowed-names=front-proxy", "username-headers=X-Remote-User", "group-headers=X-Remote-Group")


def etcd(folder: Path) -> list[str]:
    """Return etcd's: one member, its data not worth a sync to the disk."""
    peer = f"http://{addresses.LOOPBACK}:{addresses.ETCD_PEER_PORT}"
    return [
        "etcd",
        f"--data-dir={folder}/etcd",
        f"--listen-client-urls={addresses.ETCD}",
        f"--advertise-client-urls={addresses.ETCD}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def api_server(folder: Path) -> list[str]:
    """Return kube-apiserver's."""
    keys = folder / "certificates"
    return [
        "kube-apiserver",
        f"--etcd-servers={addresses.ETCD}",
        f"--bind-address={addresses.HOST}",
        f"--advertise-address={addresses.HOST}",
        f"--secure-port={addresses.API_PORT}",
        f"--service-cluster-ip-range={addresses.SERVICES}",
        f"--tls-cert-file={keys}/api-server.pem",
        f"--tls-private-key-file={keys}/api-server.key",
        f"--client-ca-file={keys}/ca.pem",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={keys}/tokens.pem",
        f"--service-account-signing-key-file={keys}/tokens.key",
        f"--kubelet-certificate-authority={keys}/ca.pem",
        f"--kubelet-client-certificate={keys}/api-server-client.pem",
        f"--kubelet-client-key={keys}/api-server-client.key",
        "--kubelet-preferred-address-types=InternalIP",
        f"--requestheader-client-ca-file={keys}/ca.pem",
        *(f"--requestheader-{line}" for line in _FORWARDED),
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={keys}/front-proxy.pem",
        f"--proxy-client-key-file={keys}/front-proxy.key",
        "--enable-aggregator-routing=true",
    ]


def controllers(folder: Path) -> list[str]:
    """Return kube-controller-manager's; a test sees an autoscaler act within seconds."""
    return [
        "kube-controller-manager",
        f"--kubeconfig={folder}/kube-controller-manager.kubeconfig",
        f"--bind-address={addresses.LOOPBACK}",
        f"--secure-port={addresses.CONTROLLERS_PORT}",
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={folder}/certificates/tokens.key",
        f"--root-ca-file={folder}/certificates/ca.pem",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--horizontal-pod-autoscaler-sync-period=5s",
        "--horizontal-pod-autoscaler-cpu-initialization-period=5s",
        "--horizontal-pod-autoscaler-initial-readiness-delay=5s",
        "--horizontal-pod-autoscaler-downscale-stabilization=10s",
    ]


def scheduler(folder: Path) -> list[str]:
    """Return kube-scheduler's."""
    return [
        "kube-scheduler",
        f"--config={folder}/kube-scheduler.json",
        f"--bind-address={addresses.LOOPBACK}",
        f"--secure-port={addresses.SCHEDULER_PORT}",
    ]


def kubelet(folder: Path) -> list[str]:
    """Return the kubelet's."""
    return [
        "kubelet",
        f"--config={folder}/kubelet.json",
        f"--kubeconfig={folder}/kubelet.kubeconfig",
        f"--root-dir={folder}/kubelet",
        f"--cert-dir={folder}/kubelet/pki",
        f"--hostname-override={addresses.NODE}",
        f"--node-ip={addresses.HOST}",
        f"--containerd={folder}/containerd.sock",
    ]


def kube_proxy(folder: Path) -> list[str]:
    """Return kube-proxy's."""
    return ["kube-proxy", f"--config={folder}/kube-proxy.json"]


def metrics_server(folder: Path) -> list[str]:
    """Return metrics-server's, which asks the kubelet as often as it can."""
    kubeconfig = f"{folder}/metrics-server.kubeconfig"
    return [
        "metrics-server",
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        f"--bind-address={addresses.HOST}",
        f"--secure-port={addresses.METRICS_PORT}",
        f"--tls-cert-file={folder}/certificates/metrics-server-server.pem",
        f"--tls-private-key-file={folder}/certificates/metrics-server-server.key",
        f"--kubelet-certificate-authority={folder}/certificates/ca.pem",
        "--kubelet-preferred-address-types=InternalIP",
        "--metric-resolution=10s",
        "--kubelet-request-timeout=5s",
    ]


def traefik(folder: Path) -> list[str]:
    """Return Traefik's, as the controller of Gateways and Ingresses; it takes up a change at once."""
    return [
        "traefik",
        f"--entryPoints.web.address={addresses.HOST}:{addresses.GATEWAY_PORT}",
        f"--entryPoints.traefik.address={addresses.LOOPBACK}:{addresses.GATEWAY_PING_PORT}",
        "--ping=true",
        "--global.checkNewVersion=false",
        "--log.level=WARN",
        "--providers.providersThrottleDuration=100ms",
        f"--providers.file.directory={folder}/gateway",
        "--providers.kubernetesGateway.throttleDuration=100ms",
        f"--providers.kubernetesGateway.statusAddress.ip={addresses.HOST}",
        "--providers.kubernetesIngress.throttleDuration=100ms",
        f"--providers.kubernetesIngress.ingressClass={INGRESS_CLASS}",
        f"--providers.kubernetesIngress.ingressEndpoint.ip={addresses.HOST}",
    ]
