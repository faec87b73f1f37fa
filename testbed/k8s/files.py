"""What the cluster's programs read: each file a function of where things are."""

import base64
import json
from pathlib import Path
from typing import Any

from testbed.k8s import addresses

CGROUP = "bosun-testbed"
"""The control group of all pods, below the machine's root."""
NETWORK = "bosun"
"""The name of the pods' network."""


def kubeconfig(certificates: Path, name: str) -> str:
    """Return how `name` reaches the API server, whole in one file."""

    def content(file: str) -> str:
        return base64.b64encode((certificates / file).read_bytes()).decode()

    server = {"server": addresses.API, "certificate-authority-data": content("ca.pem")}
    user = {"client-certificate-data": content(f"{name}.pem"), "client-key-data": content(f"{name}.key")}
    return _json(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "bosun-testbed", "cluster": server}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": "bosun-testbed", "context": {"cluster": "bosun-testbed", "user": name}}],
            "current-context": "bosun-testbed",
        }
    )


def kubelet(folder: Path) -> str:
    """Return the kubelet's configuration; everything of the cluster is in `folder`."""
    certificates = folder / "certificates"
    return _json(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": addresses.HOST,
            "port": addresses.KUBELET_PORT,
            "healthzBindAddress": addresses.LOOPBACK,
            "healthzPort": addresses.KUBELET_HEALTH_PORT,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(certificates / "ca.pem")},
            },
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": str(certificates / "kubelet-server.pem"),
            "tlsPrivateKeyFile": str(certificates / "kubelet-server.key"),
            "containerRuntimeEndpoint": f"unix://{folder}/containerd.sock",
            "volumePluginDir": str(folder / "volume-plugins"),
            "podLogsDir": str(folder / "logs"),
            "resolvConf": str(folder / "resolv.conf"),
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{CGROUP}",
            "failCgroupV1": False,
            "failSwapOn": False,
            "makeIPTablesUtilChains": False,
            "oomScoreAdj": 0,
            "serializeImagePulls": False,
            "maxPods": 250,
            "imageGCHighThresholdPercent": 100,
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
            "shutdownGracePeriod": "0s",
        }
    )


def kube_proxy(folder: Path) -> str:
    """Return kube-proxy's configuration."""
    return _json(
        {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "iptables",
            "clientConnection": {"kubeconfig": str(folder / "kube-proxy.kubeconfig")},
            "clusterCIDR": addresses.PODS,
            "hostnameOverride": addresses.NODE,
            "nodePortAddresses": [f"{addresses.HOST}/32"],
            "healthzBindAddress": f"{addresses.LOOPBACK}:{addresses.PROXY_HEALTH_PORT}",
            "metricsBindAddress": f"{addresses.LOOPBACK}:{addresses.PROXY_METRICS_PORT}",
            "iptables": {"localhostNodePorts": False},
            # What it would set needs rights over the machine that a container does not have.
            "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        }
    )


def scheduler(folder: Path) -> str:
    """Return the scheduler's configuration."""
    return _json(
        {
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            "clientConnection": {"kubeconfig": str(folder / "kube-scheduler.kubeconfig"), "qps": 500, "burst": 1000},
            "leaderElection": {"leaderElect": False},
        }
    )


def containerd(folder: Path, pause_image: str) -> str:
    """Return containerd's configuration: nothing of it is shared with the Docker engine's."""
    return f"""version = 2
root = "{folder}/containerd"
state = "{folder}/run"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.internal.v1.tracing",
]

[grpc]
address = "{folder}/containerd.sock"

[plugins."io.containerd.internal.v1.opt"]
path = "{folder}/opt"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause_image}"
# A container that may not lower the score of others' processes.
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
Root = "{folder}/runc"

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{folder}/cni"

[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "{folder}/hosts"
"""


def registry_host(address: str) -> str:
    """Return the file that tells containerd that the registry at `address` speaks plain HTTP."""
    return f'server = "http://{address}"\n\n[host."http://{address}"]\ncapabilities = ["pull", "resolve"]\n'


def cni(folder: Path) -> str:
    """Return the network of the pods: one bridge, addresses handed out by this node."""
    ranges = [[{"subnet": addresses.PODS, "gateway": addresses.HOST}]]
    bridge = {
        "type": "bridge",
        "bridge": addresses.BRIDGE,
        "isGateway": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(folder / "pod-addresses"),
            "ranges": ranges,
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    return _json({"cniVersion": "1.0.0", "name": NETWORK, "plugins": [bridge]})


def registry(storage: Path, address: str, passwords: Path | None) -> str:
    """Return a registry's configuration, with a login where there is a file of passwords."""
    settings: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(storage)}, "delete": {"enabled": True}},
        "http": {"addr": address},
    }
    if passwords is not None:
        settings["auth"] = {"htpasswd": {"realm": "bosun-testbed", "path": str(passwords)}}
    return _json(settings)


# A route of an Ingress gives the pod the last part of the path alone: /any/prefix/predictions becomes /predictions.
LAST_PART = """http:
  middlewares:
    last-part:
      replacePathRegex:
        regex: "^.*/([^/]+)$"
        replacement: "/$1"
"""


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2) + "\n"
