"""Who is who in the cluster: certificates, and the kubeconfig files of those that talk to the API server."""

from pathlib import Path

from testbed import certificates
from testbed.certificates import CLIENT, SERVER, signed
from testbed.k8s import addresses, files

ADMIN = "admin"
_NODES = f"/O=system:nodes/CN=system:node:{addresses.NODE}"
# A file name and who that is to the API server.
_CLIENTS = {
    ADMIN: "/O=system:masters/CN=admin",
    "kubelet": _NODES,
    "kube-controller-manager": "/CN=system:kube-controller-manager",
    "kube-scheduler": "/CN=system:kube-scheduler",
    "kube-proxy": "/CN=system:kube-proxy",
    "metrics-server": "/CN=system:metrics-server",
    "traefik": "/CN=traefik",
}
_API_NAMES = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")


def make(folder: Path) -> None:
    """Fill `folder/certificates` with a new authority and all that it signed, and write `folder/NAME.kubeconfig`.

    Raises:
        TestbedError: openssl is missing or fails.
    """
    keys = folder / "certificates"
    certificates.authority(keys)
    for name, subject in _CLIENTS.items():
        signed(keys, name, subject, CLIENT)
        kubeconfig = folder / f"{name}.kubeconfig"
        kubeconfig.touch(mode=0o600)
        kubeconfig.write_text(files.kubeconfig(keys, name), encoding="utf-8")
    signed(keys, "api-server-client", "/O=system:masters/CN=kube-apiserver", CLIENT)
    signed(keys, "front-proxy", "/CN=front-proxy", CLIENT)
    signed(keys, "tokens", "/CN=tokens", CLIENT)
    addressed = f"IP:{addresses.HOST},IP:{addresses.API_SERVICE},IP:{addresses.LOOPBACK}"
    named = ",".join(f"DNS:{name}" for name in _API_NAMES)
    signed(keys, "api-server", "/CN=kube-apiserver", f"subjectAltName={addressed},{named}\n{SERVER}")
    signed(keys, "kubelet-server", _NODES, f"subjectAltName=IP:{addresses.HOST},DNS:{addresses.NODE}\n{SERVER}")
    names = f"IP:{addresses.HOST},DNS:metrics-server.kube-system.svc"
    signed(keys, "metrics-server-server", "/CN=metrics-server", f"subjectAltName={names}\n{SERVER}")
    (keys / "ca.key").unlink()
