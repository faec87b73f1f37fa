"""Every document that is made is one that the API server knows, by its own OpenAPI schema and by a strict dry run."""

import copy
import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from bosun_core.model_sources import kinds
from bosun_core.model_sources.sources import Packaged, Referenced
from bosun_core.packages import Package
from bosun_k8s.documents import manifests
from bosun_k8s.holding import Held
from bosun_k8s.images import kaniko_pod, volume
from bosun_k8s.images.reference import parse
from k8s_goals import environment_of, goal_of

pytestmark = pytest.mark.k8s

IMAGE = "registry.example.com/models@sha256:" + "b" * 64
MONITORED = {"agentImage": "registry.example.com/agent:1"}
JAR = Packaged("registry.example.com/s:1", "scoringCodeBaseImage", "/m.jar", Package(Path("/m"), 1, "c" * 64), "c" * 64)
TOLERATIONS = [{"key": "gpu", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30}]
EVERYTHING = {
    "replicas": 2, "maxReplicas": 4, "minReplicas": 2, "targetCPU": "70%", "minAvailable": "50%", "memory": "2g",
    "memoryRequest": "1g", "cpus": 1.5, "cpuRequest": "500m", "gpus": 1, "nodeSelector": {"disk": "ssd"},
    "tolerations": TOLERATIONS, "serviceAccount": "reader", "environment": {"A": "1"}, "port": 9000,
    "healthPath": "/up", "predictionsPath": "/score/",
}  # fmt: skip

# name -> (settings, goal's arguments)
CONFIGURATIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "what is needed alone": ({}, {}),
    "every key-value": ({}, EVERYTHING),
    "a budget by number": ({}, {"minAvailable": 1}),
    "every setting of pods": (
        {"runAsUser": 1000, "fsGroup": 2000, "pullSecrets": ["a", "b"], "preStopSeconds": 0, "drainLimit": 0},
        {"replicas": 3},
    ),
    "monitored": (MONITORED, {}),
    "a custom model, monitored": (MONITORED, {"source": Referenced("r.example.com/m:1"), "kind": kinds.CUSTOM}),
    "scoring code": ({"scoringCodeBaseImage": JAR.base}, {"source": JAR, "kind": kinds.SCORING_CODE}),
    "a mounted package": ({"imageBuilder": "volume"}, {"mounted": True}),
    "a gateway": ({"gateway": "gateways/public", "gatewayListener": "https"}, {}),
    "a gateway at an address": ({"gateway": "public", "outfacingPredictionURLPrefix": "http://10.0.0.1:81"}, {}),
    "ingresses by prefix": (
        {"ingressClass": "traefik", "ingressPaths": "prefix", "ingressAnnotations": {"a.example.com/b": "{rewrite}"}},
        {},
    ),
    "a patch": ({"patches": {"Service": [{"op": "add", "path": "/spec/sessionAffinity", "value": "ClientIP"}]}}, {}),
    "kaniko": ({"kanikoImage": "kaniko:1"}, {}),
    "kaniko with all that is its": (
        {
            "kanikoConfigmapName": "docker", "kanikoSecretName": "registry", "kanikoServiceAccount": "default",
            "pullSecrets": ["a"], "plainHttpRegistries": ["10.0.0.1:5000"],
        },
        {},
    ),
    "kaniko with a Secret": ({"kanikoSecretName": "registry"}, {}),
}  # fmt: skip


def documents(name: str, namespace: str, builds: str) -> Iterator[dict[str, Any]]:
    """What is made in a configuration."""
    settings, asked = CONFIGURATIONS[name]
    env = environment_of(
        {"mlopsUrl": "https://app.example.com"}, namespace=namespace, **settings, kanikoNamespace=builds
    )
    goal = goal_of(**asked)
    told = manifests.told_of(env, goal, 3, IMAGE)
    order = {"target": parse("registry.example.com/models:m-A"), "labels": {"a": "b"}}
    yield manifests.deployment(env, goal, 3, IMAGE)
    yield manifests.service(env, "d1", "3", told)
    yield from manifests.surroundings(env, goal)
    yield from filter(None, [manifests.secret(env, "d1"), manifests.autoscaler(env, goal, 3)])
    yield Held(None, env, "d1")._document()
    yield volume.trial(env)
    yield kaniko_pod.pod(env, "d1", kaniko_pod.Order(**order))
    yield kaniko_pod.pod(env, "d1", kaniko_pod.Order(**order, runs=True, authority="a certificate"))


@pytest.fixture(scope="module")
def schema(place: Any) -> Callable[[str, str], dict[str, Any]]:
    """Returns the API server's schema of a kind, in which nothing else is allowed than what it names."""

    @functools.cache
    def of_version(version: str) -> dict[str, Any]:
        root = "apis" if "/" in version else "api"
        found = json.loads(place("get", "--raw", f"/openapi/v3/{root}/{version}"))["components"]
        for one in found["schemas"].values():
            close(one)
        return dict(found)

    @functools.cache
    def of_kind(version: str, kind: str) -> dict[str, Any]:
        components = of_version(version)
        group, _, number = version.rpartition("/")
        wanted = {"group": group, "kind": kind, "version": number}
        (name,) = (
            name
            for name, one in components["schemas"].items()
            if wanted in one.get("x-kubernetes-group-version-kind", [])
        )
        return {"$ref": f"#/components/schemas/{name}", "components": components}

    return of_kind


def close(schema: Any) -> None:
    """Refuse what a schema does not name, wherever it names something."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
        for value in list(schema.values()):
            close(value)
    elif isinstance(schema, list):
        for value in schema:
            close(value)


def problems(schema: dict[str, Any], document: Any) -> list[str]:
    found = jsonschema.Draft4Validator(schema).iter_errors(document)
    return [f"{'.'.join(map(str, one.absolute_path))}: {one.message[:200]}" for one in found]


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_API_TOKEN", "a-token-of-nobody")


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_api_servers_schema_knows_every_document(
    place: Any, building: str, schema: Callable[[str, str], dict[str, Any]], name: str
) -> None:
    for document in documents(name, place.namespace, building):
        assert problems(schema(document["apiVersion"], document["kind"]), document) == [], document


def test_the_schema_refuses_what_it_does_not_name(
    place: Any, building: str, schema: Callable[[str, str], dict[str, Any]]
) -> None:
    whole = next(documents("what is needed alone", place.namespace, building))
    for path, value in (
        ("spec", {"replcas": 1}),
        ("spec.template.spec", {"hostNetwork": "yes"}),
        ("spec.template.metadata.labels", {"a": 1}),
    ):
        wrong = copy.deepcopy(whole)
        functools.reduce(lambda found, key: found[key], path.split("."), wrong).update(value)
        assert len(problems(schema("apps/v1", "Deployment"), wrong)) == 1


def test_the_api_server_takes_every_document_in_a_strict_dry_run(place: Any, building: str) -> None:
    made = [document for name in CONFIGURATIONS for document in documents(name, place.namespace, building)]
    given = json.dumps({"apiVersion": "v1", "kind": "List", "items": made})
    command = ("--dry-run=server", "--validate=strict", "-o", "name", "-f", "-")
    taken = place("-n", "", "create", *command, given=given).splitlines()
    assert len(taken) == len(made)
