"""The two ways from outside, by what answers at the end of them: through the real gateway, and as an Ingress."""

import http.client
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

pytestmark = pytest.mark.k8s
Act = Callable[..., dict[str, Any]]

ROWS = json.dumps([{"x": 1, "y": 2}])
JSON = {"Content-Type": "application/json"}


def asked(method: str, url: str, body: str | None = None) -> tuple[int, Any]:
    """The status of an answer, and its content: decoded where it is JSON."""
    address = urlsplit(url)
    link = http.client.HTTPConnection(address.netloc, timeout=10)
    try:
        link.request(method, address.path, body, JSON if body else {})
        answer = link.getresponse()
        content = answer.read().decode()
    finally:
        link.close()
    return answer.status, json.loads(content) if content.startswith("{") else content


@pytest.fixture
def as_ingress(place: Any) -> Iterator[dict[str, Any]]:
    """Settings with which Traefik cuts the path, and leads /predict to /predictions, by middlewares of its own."""
    name, _, value = place.variables["BOSUN_TEST_K8S_INGRESS_ANNOTATION"].partition("=")
    folder = place.variables.get("BOSUN_TEST_K8S_GATEWAY_FILES")
    if folder is None:
        pytest.skip("BOSUN_TEST_K8S_GATEWAY_FILES is not set: this cluster's controller takes no middleware of ours")
    own = f"predict-{place.namespace}"
    file = Path(folder) / f"{own}.yaml"
    replaced = {"regex": "^/predict$", "replacement": "/predictions"}
    file.write_text(yaml.safe_dump({"http": {"middlewares": {own: {"replacePathRegex": replaced}}}}))
    yield {
        "gateway": None,
        "ingressClass": place.variables["BOSUN_TEST_K8S_INGRESS_CLASS"],
        "ingressPaths": "prefix",
        "ingressAnnotations": {name: f"{value},{own}@file"},
    }
    file.unlink()


def check_all_paths(base: str, deployment: str, model: str) -> None:
    """See that each path of the endpoint is answered by the model."""
    for path in ("predictions", "predict"):
        status, told = asked("POST", f"{base}/{path}", ROWS)
        assert (path, status, told["deploymentId"], told["modelId"]) == (path, 200, deployment, model)
        assert len(told["data"]) == 1
    assert asked("GET", f"{base}/ping")[0] == 200
    status, told = asked("GET", f"{base}/info")
    assert (status, told["modelId"]) == (200, model)


def check_way(place: Any, act: Act, package: Callable[..., str], settings: dict[str, Any]) -> None:
    """Start two deployments, one's id beginning as the other's; replace one; stop it: the other stays reached."""
    for name in ("d1", "d1-more"):
        info = {"id": name, "modelId": f"model-of-{name}", "modelArtifact": package("A")}
        assert act("deployment_start", info, **settings)["status"] == "passing"
    first, second = f"{place.url}/d1", f"{place.url}/d1-more"
    check_all_paths(first, "d1", "model-of-d1")
    check_all_paths(second, "d1-more", "model-of-d1-more")
    info = {"id": "d1", "modelId": "model-of-d1", "newModelId": "B", "modelArtifact": package("B")}
    assert act("deployment_replace_model", info, **settings)["status"] == "passing"
    check_all_paths(first, "d1", "B")
    assert act("deployment_stop", {"id": "d1"}, **settings)["state"] == "stopped"
    check_all_paths(second, "d1-more", "model-of-d1-more")
    assert asked("GET", f"{first}/ping")[0] == 404


def test_every_path_is_answered_through_an_http_route(clean: Any, act: Act, package: Callable[..., str]) -> None:
    check_way(clean, act, package, {"preStopSeconds": 1})


def test_every_path_is_answered_through_an_ingress(
    clean: Any, act: Act, package: Callable[..., str], as_ingress: dict[str, Any]
) -> None:
    check_way(clean, act, package, {"preStopSeconds": 1, **as_ingress})


def test_no_such_gateway_is_told_and_leaves_nothing(clean: Any, act: Act, package: Callable[..., str]) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    namespace = clean.variables["BOSUN_TEST_K8S_GATEWAY"].partition("/")[0]
    status = act("deployment_start", info, gateway=f"{namespace}/none", routeLimit=2, preStopSeconds=0)
    assert status["msg"].endswith(
        f"gateway {namespace}/none has not taken the route within 2 s (routeLimit); is it there?"
    )
    assert (status["status"], clean.made()) == ("failing", [])


def test_no_such_listener_is_told_and_leaves_nothing(clean: Any, act: Act, package: Callable[..., str]) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    status = act("deployment_start", info, gatewayListener="none", preStopSeconds=0)
    assert "the gateway does not take the route: NoMatchingParent" in status["msg"]
    assert (status["status"], clean.made()) == ("failing", [])


def test_no_such_ingress_class_is_told_where_it_may_be_looked_up(
    clean: Any, act: Act, package: Callable[..., str]
) -> None:
    cluster_role, binding = (
        Path(__file__).parents[3] / "bosun_k8s/deploy/cluster-role.yaml",
        f"{clean.namespace}-classes",
    )
    settings = {"gateway": None, "ingressClass": "none"}
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    without = act("plugin_start", **settings)
    assert without["status"] == "passing"
    assert "whether ingressClass exists was not checked" in without["msg"]
    clean("apply", "-f", cluster_role)
    subject = f"--serviceaccount={clean.namespace}:bosun"
    clean("create", "clusterrolebinding", binding, "--clusterrole=bosun-ingress-classes", subject)
    try:
        told = [act("plugin_start", **settings), act("deployment_start", info, **settings)]
    finally:
        clean("delete", "clusterrolebinding", binding)
        clean("delete", "clusterrole", "bosun-ingress-classes")
    expected = "ingressClass none is not in the cluster; `kubectl get ingressclass` shows what is"
    assert [(one["status"], one["msg"]) for one in told] == [("failing", expected)] * 2
    assert clean.made() == []
