"""Where everything of the cluster listens: on loopback, or on the bridge of its pods, which nobody else reaches.

One cluster fits on a machine: its bridge, its addresses and the kubelet's chains are the machine's.
"""

BRIDGE = "bosun0"
PODS = "10.244.0.0/16"
SERVICES = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
HOST = "10.244.0.1"
"""This machine, as the pods see it, and the node's own address."""
NODE = "bosun-node"

LOOPBACK = "127.0.0.1"
ETCD_PORT, ETCD_PEER_PORT = 12379, 12380
API_PORT = 6443
KUBELET_PORT, KUBELET_HEALTH_PORT = 10250, 10248
CONTROLLERS_PORT, SCHEDULER_PORT = 10257, 10259
PROXY_HEALTH_PORT, PROXY_METRICS_PORT = 10256, 10249
METRICS_PORT = 10443
GATEWAY_PORT, GATEWAY_PING_PORT = 18080, 18081

API = f"https://{HOST}:{API_PORT}"
ETCD = f"http://{LOOPBACK}:{ETCD_PORT}"
GATEWAY = f"http://{HOST}:{GATEWAY_PORT}"
REGISTRY = f"{HOST}:5000"
PRIVATE_REGISTRY = f"{HOST}:5001"
SPARE_REGISTRIES = tuple(f"{HOST}:{port}" for port in range(5010, 5015))
"""Where nothing listens: for registries that a test starts itself; the node takes them as plain HTTP too."""
