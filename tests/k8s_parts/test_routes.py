"""The way from outside, and what scales: whole documents."""

from collections.abc import Callable
from typing import Any

import pytest
from bosun_core.errors import InvalidRequest
from bosun_k8s.documents import manifests, routes
from bosun_k8s.key_values import KeyValues

Made = Callable[..., Any]
ABOUT = {"name": "n", "namespace": "models", "labels": {"l": "1"}, "annotations": {"a": "1"}}


def test_an_http_route_rewrites_below_the_prefix_and_answers_predict_too(env: Made) -> None:
    (route,) = routes.documents(env(gateway="gateways/public", gatewayListener="https"), "d1", ABOUT, KeyValues())
    parent = {
        "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "public", "namespace": "gateways",
        "sectionName": "https",
    }  # fmt: skip
    service = {"group": "", "kind": "Service", "name": "n", "port": 80, "weight": 1}

    def rule(match: dict[str, str], rewrite: dict[str, str]) -> dict[str, Any]:
        filters = [{"type": "URLRewrite", "urlRewrite": {"path": rewrite}}]
        return {"matches": [{"path": match}], "filters": filters, "backendRefs": [service]}

    assert route == {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": ABOUT,
        "spec": {
            "parentRefs": [parent],
            "hostnames": ["models.example.com"],
            "rules": [
                rule(
                    {"type": "Exact", "value": "/deployments/d1/predict"},
                    {"type": "ReplaceFullPath", "replaceFullPath": "/predictions"},
                ),
                rule(
                    {"type": "PathPrefix", "value": "/deployments/d1"},
                    {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"},
                ),
            ],
        },
    }


def test_a_prefix_with_an_address_binds_the_route_to_no_host(env: Made) -> None:
    (route,) = routes.documents(
        env(gateway="g", outfacingPredictionURLPrefix="http://10.0.0.1:81"), "d1", ABOUT, KeyValues()
    )
    assert "hostnames" not in route["spec"]
    assert route["spec"]["rules"][1]["matches"] == [{"path": {"type": "PathPrefix", "value": "/d1"}}]


def test_ingresses_rewrite_as_ingress_nginx_reads_it(env: Made) -> None:
    main, alias = routes.documents(env(ingressClass="nginx"), "d.1", ABOUT, KeyValues())
    backend = {"service": {"name": "n", "port": {"name": "http"}}}
    own = {"nginx.ingress.kubernetes.io/use-regex": "true", "a": "1"}
    path = {"path": r"/deployments/d\.1(/|$)(.*)", "pathType": "ImplementationSpecific", "backend": backend}
    assert main == {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {**ABOUT, "annotations": {**own, "nginx.ingress.kubernetes.io/rewrite-target": "/$2"}},
        "spec": {
            "ingressClassName": "nginx",
            "rules": [{"host": "models.example.com", "http": {"paths": [path]}}],
        },
    }
    assert alias["metadata"]["name"] == "n-predict"
    assert alias["metadata"]["annotations"]["nginx.ingress.kubernetes.io/rewrite-target"] == "/predictions"
    assert alias["spec"]["rules"][0]["http"]["paths"][0]["path"] == r"/deployments/d\.1/((predict))$"
    assert alias["spec"]["rules"][0]["http"]["paths"][0]["backend"] == backend


def test_plain_paths_are_left_to_the_controllers_own_rewriting(env: Made) -> None:
    annotations = {"traefik.ingress.kubernetes.io/router.middlewares": "strip@file"}
    (one,) = routes.documents(env(ingressPaths="prefix", ingressAnnotations=annotations), "d1", ABOUT, KeyValues())
    assert one["metadata"]["annotations"] == {**annotations, "a": "1"}
    path = one["spec"]["rules"][0]["http"]["paths"][0]
    assert (path["path"], path["pathType"]) == ("/deployments/d1/", "Prefix")
    assert one["spec"]["rules"][0]["http"]["paths"][0]["pathType"] == "Prefix"
    assert "ingressClassName" not in one["spec"]


def test_an_autoscaler_scales_the_generation_that_serves(env: Made, goal: Made) -> None:
    place = env()
    asked = goal(minReplicas=2, maxReplicas=5, targetCPU=70, cpuRequest="500m")
    scaler = manifests.autoscaler(place, asked, 7)
    assert scaler is not None
    load = {"type": "Utilization", "averageUtilization": 70}
    assert scaler["spec"] == {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"{place.name('d1')}-7"},
        "minReplicas": 2,
        "maxReplicas": 5,
        "metrics": [
            {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "model", "target": load}}
        ],
    }
    assert manifests.autoscaler(place, goal(), 7) is None


def test_a_budget_is_there_with_more_than_one_replica_or_when_asked_for(env: Made, goal: Made) -> None:
    def budgets(**values: Any) -> list[Any]:
        found = manifests.surroundings(env(gateway="g"), goal(**values))
        return [one["spec"] for one in found if one["kind"] == "PodDisruptionBudget"]

    selector = {"selector": {"matchLabels": env().labels("d1")}}
    assert budgets() == []
    assert budgets(replicas=2) == [{"maxUnavailable": 1, **selector}]
    assert budgets(minAvailable=1) == [{"minAvailable": 1, **selector}]
    assert budgets(replicas=4, minAvailable="50%") == [{"minAvailable": "50%", **selector}]


ELSEWHERE = KeyValues(health_path="/", predictions_path="/score/")


def test_endpoints_lead_to_the_paths_of_a_server_of_its_own(env: Made) -> None:
    assert routes.aliases(ELSEWHERE) == {"predict": "/score/", "predictions": "/score/", "ping": "/"}
    (route,) = routes.documents(env(gateway="g"), "d1", ABOUT, ELSEWHERE)
    rules = [
        (rule["matches"][0]["path"]["value"], rule["filters"][0]["urlRewrite"]["path"].get("replaceFullPath"))
        for rule in route["spec"]["rules"]
    ]
    assert rules == [
        ("/deployments/d1/predict", "/score/"),
        ("/deployments/d1/predictions", "/score/"),
        ("/deployments/d1/ping", "/"),
        ("/deployments/d1", None),
    ]


def test_ingresses_lead_there_too_and_ingress_nginx_tries_them_first(env: Made) -> None:
    whole, *others = routes.documents(env(), "d1", ABOUT, ELSEWHERE)
    found = {
        one["metadata"]["name"]: (
            one["spec"]["rules"][0]["http"]["paths"][0]["path"],
            one["metadata"]["annotations"]["nginx.ingress.kubernetes.io/rewrite-target"],
            one["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"],
        )
        for one in others
    }
    assert found == {
        "n-predict": ("/deployments/d1/((predict))$", "/score/", "n"),
        "n-predictions": ("/deployments/d1/((predictions))$", "/score/", "n"),
        "n-ping": ("/deployments/d1/((ping))$", "/", "n"),
    }
    longest = len(whole["spec"]["rules"][0]["http"]["paths"][0]["path"])
    assert all(len(path) > longest for path, _, _ in found.values())


def test_an_ingress_that_does_not_rewrite_cannot_lead_elsewhere(env: Made) -> None:
    plain = {"ingressPaths": "prefix", "ingressAnnotations": {"a": "b"}}
    with pytest.raises(InvalidRequest, match="predictionsPath is /score/, and the Ingress does not"):
        routes.check(env(**plain), ELSEWHERE)
    routes.check(env(**plain), KeyValues())
    routes.check(env(**plain, gateway="g"), ELSEWHERE)
    routes.check(env(), ELSEWHERE)
