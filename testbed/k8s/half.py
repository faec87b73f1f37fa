"""The Kubernetes half's verbs: what is there afterwards, and by which variables the tests find it."""

import os
from concurrent.futures import ThreadPoolExecutor

from testbed import building, debian
from testbed.environment import RUN_K8S_TESTS
from testbed.errors import TestbedError
from testbed.k8s import addons, addresses, binaries, commands, network, store
from testbed.k8s.cluster import USER, Cluster, own_cluster

_PACKAGES = {
    "containerd": "containerd",
    "runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "openssl": "openssl",
    "docker-registry": "docker-registry",
    "htpasswd": "apache2-utils",
}


def up() -> dict[str, str]:
    """Have the cluster run, made of parts that are built where the cache has none; return the tests' variables.

    Raises:
        TestbedError: this is not root, another cluster is in the way, a part cannot be built or does not start.
    """
    cluster = own_cluster()
    if os.geteuid() != 0:
        raise TestbedError("only root can start a cluster: start yours, and name it as docs/testbed.md says")
    debian.install(_PACKAGES)
    # The compiler is busy for minutes, the images wait for packages and for the disk: side by side.
    with ThreadPoolExecutor() as pool:
        stored = pool.submit(store.storage)
        for build in (binaries.kubernetes, binaries.gateway_api, binaries.kwok, binaries.helm):
            build()
        stored.result()
    if not cluster.runs:
        cluster.stop()
        network.check()
        cluster.make()
    cluster.start()
    return _variables(cluster)


def down() -> bool:
    """Stop our own cluster with all that runs in it; return whether there was one.

    Raises:
        TestbedError: something of it cannot be stopped or removed.
    """
    return own_cluster().stop()


def restart() -> None:
    """Kill the API server of our own cluster and start it again: what a test of its restart does.

    Raises:
        TestbedError: it does not run, or does not come back.
    """
    cluster = own_cluster()
    if not cluster.runs:
        raise TestbedError("no cluster of the testbed runs: run `make testbed-k8s`")
    cluster.restart_api_server()


def _variables(cluster: Cluster) -> dict[str, str]:
    named = {image.name: f"{addresses.REGISTRY}/{image.reference}" for image in store.IMAGES}
    return {
        RUN_K8S_TESTS: "1",
        "KUBECONFIG": str(cluster.kubeconfig),
        "BOSUN_TEST_K8S_KUBECTL": str(binaries.kubernetes() / "kubectl"),
        "BOSUN_TEST_K8S_KWOK": str(binaries.kwok()),
        "BOSUN_TEST_K8S_HELM": str(binaries.helm()),
        "BOSUN_TEST_K8S_PPS_IMAGE": named["pps"],
        "BOSUN_TEST_K8S_PPS_INDEX_IMAGE": f"{addresses.REGISTRY}/{store.INDEX}",
        "BOSUN_TEST_K8S_AGENT_IMAGE": named["monitoring-agent"],
        "BOSUN_TEST_K8S_RABBITMQ_IMAGE": named["rabbitmq"],
        "BOSUN_TEST_K8S_PYTHON_IMAGE": f"{addresses.REGISTRY}/{building.PYTHON.reference}",
        "BOSUN_TEST_K8S_KANIKO_IMAGE": named["kaniko"],
        "BOSUN_TEST_K8S_GATEWAY": f"{addons.GATEWAY_NAMESPACE}/{addons.GATEWAY}",
        "BOSUN_TEST_K8S_GATEWAY_URL": addresses.GATEWAY,
        "BOSUN_TEST_K8S_GATEWAY_FILES": str(cluster.folder / "gateway"),
        "BOSUN_TEST_K8S_INGRESS_CLASS": commands.INGRESS_CLASS,
        "BOSUN_TEST_K8S_INGRESS_ANNOTATION": commands.INGRESS_ANNOTATION,
        "BOSUN_TEST_K8S_REGISTRY": addresses.REGISTRY,
        "BOSUN_TEST_K8S_PRIVATE_REGISTRY": addresses.PRIVATE_REGISTRY,
        "BOSUN_TEST_K8S_PRIVATE_REGISTRY_USER": USER,
        "BOSUN_TEST_K8S_PRIVATE_REGISTRY_PASSWORD": cluster.password,
        "BOSUN_TEST_K8S_IMAGE_VOLUMES": "0",
        "BOSUN_TEST_K8S_SPARE_REGISTRIES": ",".join(addresses.SPARE_REGISTRIES),
    }
