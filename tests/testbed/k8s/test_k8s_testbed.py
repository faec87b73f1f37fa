"""The Kubernetes half of the testbed: a real node pulls, runs, routes, builds, scales, and simulated ones stand by."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.k8s

ROOT = Path(__file__).parents[3]
WARM_SECONDS = 15
BUSY = ("python3", "-c", "while True: pass")
# Reaches the API server as a program in a pod does; its certificate is the cluster's own.
ASK_API = """
import os, ssl, urllib.request
tls = ssl.create_default_context(cafile="/var/run/secrets/kubernetes.io/serviceaccount/ca.crt")
print(urllib.request.urlopen(f"https://{os.environ['KUBERNETES_SERVICE_HOST']}/version", context=tls).status)
"""


@pytest.fixture(scope="module")
def served(cluster: Any) -> Any:
    """A Deployment of the prediction server's stand-in with its Service, in a namespace that enforces `restricted`."""
    cluster.apply(*cluster.deployment("served", "BOSUN_TEST_K8S_PPS_IMAGE", port=8080))
    began = time.monotonic()
    cluster("rollout", "status", "deployment/served", "--timeout=100s", seconds=110)
    print(f"rolled out in {time.monotonic() - began:.1f} s")
    return cluster


def route(cluster: Any) -> dict[str, Any]:
    namespace, name = cluster.variables["BOSUN_TEST_K8S_GATEWAY"].split("/")
    rewrite = {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/ping"}}}
    rule = {
        "matches": [{"path": {"type": "Exact", "value": f"/{cluster.namespace}/route"}}],
        "filters": [rewrite],
        "backendRefs": [{"name": "served", "port": 8080}],
    }
    spec = {"parentRefs": [{"name": name, "namespace": namespace}], "rules": [rule]}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "served"},
        "spec": spec,
    }


def ingress(cluster: Any) -> dict[str, Any]:
    key, _, value = cluster.variables["BOSUN_TEST_K8S_INGRESS_ANNOTATION"].partition("=")
    backend = {"service": {"name": "served", "port": {"number": 8080}}}
    path = {"path": f"/{cluster.namespace}/ingress", "pathType": "Prefix", "backend": backend}
    spec = {
        "ingressClassName": cluster.variables["BOSUN_TEST_K8S_INGRESS_CLASS"],
        "rules": [{"http": {"paths": [path]}}],
    }
    metadata = {"name": "served", "annotations": {key: value}}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}


def test_the_node_is_ready(cluster: Any) -> None:
    nodes = cluster.get("nodes")["items"]
    ready = [{one["type"]: one["status"] for one in node["status"]["conditions"]}["Ready"] for node in nodes]
    assert "True" in ready


def test_a_service_is_reached_from_this_machine(served: Any, until: Any) -> None:
    address = served.get("service/served")["spec"]["clusterIP"]
    assert until(lambda: served.status(f"http://{address}:8080/ping") == 200)


def test_a_route_of_the_gateway_leads_to_the_pod(served: Any, until: Any) -> None:
    served.apply(route(served))
    url = f"{served.variables['BOSUN_TEST_K8S_GATEWAY_URL']}/{served.namespace}/route"
    assert until(lambda: served.status(url) == 200)


def test_an_ingress_leads_to_the_pod(served: Any, until: Any) -> None:
    served.apply(ingress(served))
    url = f"{served.variables['BOSUN_TEST_K8S_GATEWAY_URL']}/{served.namespace}/ingress/ping"
    assert until(lambda: served.status(url) == 200)


def test_a_pod_reaches_the_api_server_by_its_service(cluster: Any) -> None:
    assert cluster.run_pod("asks", "BOSUN_TEST_K8S_PYTHON_IMAGE", "python3", "-c", ASK_API) == "200"


def test_the_private_registry_wants_the_login(cluster: Any, until: Any) -> None:
    said = cluster.variables
    address, open_one = said["BOSUN_TEST_K8S_PRIVATE_REGISTRY"], said["BOSUN_TEST_K8S_REGISTRY"]
    image = said["BOSUN_TEST_K8S_KANIKO_IMAGE"].replace(open_one, address)
    login = (said["BOSUN_TEST_K8S_PRIVATE_REGISTRY_USER"], said["BOSUN_TEST_K8S_PRIVATE_REGISTRY_PASSWORD"])
    names = ("--docker-username", "--docker-password")
    options = [f"{name}={value}" for name, value in zip(names, login, strict=True)]
    cluster("create", "secret", "docker-registry", "login", f"--docker-server={address}", *options)
    # What the node has already it would run without asking the registry.
    pods = [cluster.pod(name, image, "/kaniko/executor", "version") for name in ("without-login", "with-login")]
    for pod in pods:
        pod["spec"]["containers"][0]["imagePullPolicy"] = "Always"
    cluster.apply(pods[0])
    until(lambda: cluster.waiting_reason("without-login") in ("ErrImagePull", "ImagePullBackOff"))
    pods[1]["spec"]["imagePullSecrets"] = [{"name": "login"}]
    cluster.apply(pods[1])
    assert "v1.24.0" in until(lambda: cluster.end_of("with-login"))


def test_an_image_for_several_architectures_is_pulled_as_this_ones(cluster: Any, until: Any) -> None:
    assert cluster.run_pod("many", "BOSUN_TEST_K8S_PPS_INDEX_IMAGE", "python3", "-c", "print('here')") == "here"


def test_kaniko_builds_an_image_in_a_pod_and_pushes_it(cluster: Any, until: Any) -> None:
    said = cluster.variables
    built = f"{said['BOSUN_TEST_K8S_REGISTRY']}/bosun-test/built:{cluster.namespace}"
    dockerfile = f"FROM {said['BOSUN_TEST_K8S_PYTHON_IMAGE']}\nRUN python3 -c \"open('/made', 'w').write('here')\"\n"
    other = cluster.beside("builder", enforce="baseline")
    other("create", "configmap", "context", f"--from-literal=Dockerfile={dockerfile}")
    arguments = ("/kaniko/executor", "--context=dir:///workspace", f"--destination={built}", "--dockerfile=Dockerfile")
    pod = other.pod("kaniko", said["BOSUN_TEST_K8S_KANIKO_IMAGE"], *arguments, restricted=False)
    pod["spec"]["volumes"] = [{"name": "context", "configMap": {"name": "context"}}]
    pod["spec"]["containers"][0]["volumeMounts"] = [{"name": "context", "mountPath": "/workspace"}]
    other.apply(pod)
    assert "Pushed" in until(lambda: other.end_of("kaniko"))
    cluster.apply(cluster.pod("runs-built", built, "python3", "-c", "print(open('/made').read())"))
    assert until(lambda: cluster.end_of("runs-built")) == "here"


def test_the_namespace_refuses_a_pod_that_is_not_restricted(cluster: Any) -> None:
    pod = cluster.pod("free", cluster.variables["BOSUN_TEST_K8S_PYTHON_IMAGE"], "true", restricted=False)
    with pytest.raises(AssertionError, match='violates PodSecurity "restricted'):
        cluster.apply(pod)


def test_an_autoscaler_scales_by_the_pods_own_load(cluster: Any, until: Any) -> None:
    deployment, _ = cluster.deployment("busy", "BOSUN_TEST_K8S_PYTHON_IMAGE", port=8080)
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container.update({"command": list(BUSY), "resources": {"requests": {"cpu": "20m"}, "limits": {"cpu": "40m"}}})
    cluster.apply(deployment)
    cluster("autoscale", "deployment/busy", "--min=1", "--max=2", "--cpu=50%")
    began = time.monotonic()
    until(lambda: cluster.get("deployment/busy")["spec"]["replicas"] == 2, 100)
    print(f"scaled after {time.monotonic() - began:.1f} s")
    cluster("delete", "deployment/busy", "hpa/busy")


def test_image_volumes_are_off_and_silently_dropped(cluster: Any) -> None:
    pod = cluster.pod("volume", cluster.variables["BOSUN_TEST_K8S_PYTHON_IMAGE"], "true")
    pod["spec"]["volumes"] = [{"name": "package", "image": {"reference": "example.org/package:1"}}]
    seen = json.loads(cluster("apply", "--dry-run=server", "--output=json", "--filename=-", stdin=json.dumps(pod)))
    offered = "image" in seen["spec"]["volumes"][0]
    assert offered == (cluster.variables["BOSUN_TEST_K8S_IMAGE_VOLUMES"] == "1")


def test_kwok_simulates_a_node_with_pods(cluster: Any, kwok: str, until: Any) -> None:
    names = [f"simulated-{number}" for number in range(20)]
    image = "example.org/never-pulled:1"
    tolerated = [{"key": "kwok.x-k8s.io/node", "operator": "Exists"}]
    spec = {"nodeSelector": {"kwok-of": cluster.namespace}, "tolerations": tolerated}
    cluster.apply(*(cluster.pod(name, image, "true", **spec) for name in names))

    def running() -> bool:
        pods = [pod for pod in cluster.get("pods")["items"] if pod["metadata"]["name"] in names]
        seen = [(pod["status"]["phase"], pod["spec"].get("nodeName")) for pod in pods]
        return seen == [("Running", kwok)] * len(names)

    assert until(running)


def test_making_the_testbed_again_takes_seconds_and_changes_nothing(cluster: Any) -> None:
    if "BOSUN_TEST_K8S_KUBECTL" not in cluster.variables:
        pytest.skip("this cluster is not the testbed's own: BOSUN_TEST_K8S_KUBECTL is not set")
    before = cluster.get("nodes")["items"][0]["metadata"]["uid"]
    began = time.monotonic()
    again = subprocess.run(
        [sys.executable, "-m", "testbed", "k8s", "up"], cwd=ROOT, env=os.environ, capture_output=True, text=True
    )
    seconds = time.monotonic() - began
    print(f"again in {seconds:.1f} s\n{again.stdout}")
    assert (again.returncode, again.stderr, cluster.get("nodes")["items"][0]["metadata"]["uid"]) == (0, "", before)
    assert seconds < WARM_SECONDS
