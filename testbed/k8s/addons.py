"""What the cluster has beside its own parts: a gateway's classes and rights, and the metrics of its pods."""

import json
from pathlib import Path
from typing import Any

from testbed.k8s import addresses, commands
from testbed.running import run

GATEWAY = "testbed"
GATEWAY_NAMESPACE = "testbed"
SECONDS = 60
_CONTROLLER = "traefik.io/gateway-controller"
_READ = ["get", "list", "watch"]
_GATEWAYS = "gateway.networking.k8s.io"


def apply(kubectl: Path, kubeconfig: Path, definitions: Path, folder: Path) -> None:
    """Bring the Gateway API's definitions and our objects into the cluster; repeatable.

    Raises:
        TestbedError: the API server refuses something.
    """
    ours = folder / "addons.json"
    content = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects()}, indent=2)
    applied = folder / "addons-applied"
    if applied.exists() and applied.read_text(encoding="utf-8") == content:
        return
    before: list[str | Path] = [kubectl, f"--kubeconfig={kubeconfig}"]
    run([*before, "apply", "--server-side", f"--filename={definitions}"], seconds=SECONDS, log="gateway-api")
    names = [f"crd/{file.stem.replace(_GATEWAYS + '_', '')}.{_GATEWAYS}" for file in sorted(definitions.glob("*.yaml"))]
    wait = [*before, "wait", "--for=condition=Established", f"--timeout={SECONDS}s", *names]
    run(wait, seconds=SECONDS + 5, log="gateway-api")
    ours.write_text(content, encoding="utf-8")
    run([*before, "apply", "--server-side", f"--filename={ours}"], seconds=SECONDS, log="addons")
    ours.rename(applied)


def objects() -> list[dict[str, Any]]:
    """Return our objects: the same each time."""
    return [
        _object("v1", "Namespace", GATEWAY_NAMESPACE),
        *_rights("traefik", _TRAEFIK),
        *_rights("system:metrics-server", _METRICS_SERVER),
        _binding("system:metrics-server:delegator", "system:auth-delegator", "system:metrics-server"),
        *_metrics(),
        {
            **_object("networking.k8s.io/v1", "IngressClass", commands.INGRESS_CLASS),
            "spec": {"controller": "traefik.io/ingress-controller"},
        },
        {
            **_object(f"{_GATEWAYS}/v1", "GatewayClass", "traefik"),
            "spec": {"controllerName": _CONTROLLER},
        },
        {
            **_object(f"{_GATEWAYS}/v1", "Gateway", GATEWAY, GATEWAY_NAMESPACE),
            "spec": {
                "gatewayClassName": "traefik",
                "listeners": [
                    {
                        "name": "web",
                        "protocol": "HTTP",
                        "port": addresses.GATEWAY_PORT,
                        "allowedRoutes": {"namespaces": {"from": "All"}},
                    }
                ],
            },
        },
    ]


def _metrics() -> list[dict[str, Any]]:
    """Lead the API server to metrics-server, which runs on this machine and not in a pod."""
    name, namespace = "metrics-server", "kube-system"
    port = {"name": "https", "protocol": "TCP", "port": addresses.METRICS_PORT}
    reader = _object("rbac.authorization.k8s.io/v1", "RoleBinding", f"{name}-auth-reader", namespace)
    role = {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "Role",
        "name": "extension-apiserver-authentication-reader",
    }
    slices = _object("discovery.k8s.io/v1", "EndpointSlice", name, namespace)
    slices["metadata"]["labels"] = {"kubernetes.io/service-name": name}
    return [
        {**reader, "roleRef": role, "subjects": [_user(f"system:{name}")]},
        {
            **_object("v1", "Service", name, namespace),
            "spec": {"ports": [{**port, "port": 443, "targetPort": addresses.METRICS_PORT}]},
        },
        {**slices, "addressType": "IPv4", "endpoints": [{"addresses": [addresses.HOST]}], "ports": [port]},
        {
            **_object("apiregistration.k8s.io/v1", "APIService", "v1beta1.metrics.k8s.io"),
            "spec": {
                "service": {"name": name, "namespace": namespace},
                "group": "metrics.k8s.io",
                "version": "v1beta1",
                "insecureSkipTLSVerify": True,
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
            },
        },
    ]


_METRICS_SERVER = [
    {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["pods", "nodes"], "verbs": _READ},
]
_ROUTES = ["gatewayclasses", "gateways", "httproutes", "grpcroutes", "referencegrants", "backendtlspolicies"]
_TRAEFIK = [
    {"apiGroups": [""], "resources": ["namespaces", "services", "secrets", "configmaps", "nodes"], "verbs": _READ},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": _READ},
    {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingressclasses"], "verbs": _READ},
    {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses/status"], "verbs": ["update"]},
    {"apiGroups": [_GATEWAYS], "resources": _ROUTES, "verbs": _READ},
    {"apiGroups": [_GATEWAYS], "resources": [f"{name}/status" for name in _ROUTES], "verbs": ["update"]},
]


def _rights(user: str, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    role = {**_object("rbac.authorization.k8s.io/v1", "ClusterRole", user), "rules": rules}
    return [role, _binding(user, user, user)]


def _binding(name: str, role: str, user: str) -> dict[str, Any]:
    return {
        **_object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", name),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [_user(user)],
    }


def _user(name: str) -> dict[str, str]:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}


def _object(version: str, kind: str, name: str, namespace: str | None = None) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}
