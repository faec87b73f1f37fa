"""The objects of a deployment, whole."""

from collections.abc import Callable
from typing import Any

import pytest
from bosun_core.errors import ConfigurationError
from bosun_k8s.documents import manifests

Made = Callable[..., Any]

NAME = "bosun-d1-34af97f87311"
IMAGE = "registry.example.com/models@sha256:" + "b" * 64
SELECTED = {
    "bosun.datarobot.com/schema": "1",
    "bosun.datarobot.com/env": "production",
    "bosun.datarobot.com/deployment": "d1",
}
OWN = {"app.kubernetes.io/managed-by": "bosun", "app.kubernetes.io/name": "bosun-model"}
KNOWN = {"bosun.datarobot.com/env": "production", "bosun.datarobot.com/deployment": "d1"}
FACTS = {**KNOWN, "bosun.datarobot.com/model": "model-A", "bosun.datarobot.com/package": "a" * 64}
CONFINED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
ASKED = {"httpGet": {"path": "/ping", "port": "http"}, "timeoutSeconds": 5}


def test_a_deployment_of_a_generation(env: Made, goal: Made) -> None:
    number = {"bosun.datarobot.com/generation": "3"}
    assert manifests.deployment(env(environmentId="production"), goal(), 3, IMAGE) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": f"{NAME}-3",
            "namespace": "models",
            "labels": {**SELECTED, **OWN, **number},
            "annotations": FACTS,
        },
        "spec": {
            "replicas": 1,
            "revisionHistoryLimit": 1,
            "progressDeadlineSeconds": 660,
            "selector": {"matchLabels": {**SELECTED, **number}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {
                "metadata": {
                    "labels": {**SELECTED, **OWN, **number, "bosun.datarobot.com/model": "model-A"},
                    "annotations": FACTS,
                },
                "spec": {
                    "enableServiceLinks": False,
                    "automountServiceAccountToken": False,
                    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
                    "terminationGracePeriodSeconds": 35,
                    "containers": [
                        {
                            "name": "model",
                            "image": IMAGE,
                            "env": [
                                {"name": "MLOPS_DEPLOYMENT_ID", "value": "d1"},
                                {"name": "MLOPS_MODEL_ID", "value": "model-A"},
                                {"name": "MONITORING_AGENT", "value": "False"},
                                {
                                    "name": "PREDICTION_API_MODEL_REPOSITORY_PATH",
                                    "value": "/opt/ml/model/model.mlpkg",
                                },
                                {"name": "PREDICTION_API_MONITORING_ENABLED", "value": "False"},
                            ],
                            "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                            "startupProbe": {**ASKED, "periodSeconds": 1, "failureThreshold": 600},
                            "readinessProbe": {**ASKED, "periodSeconds": 2, "failureThreshold": 3},
                            "securityContext": CONFINED,
                            "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
                        }
                    ],
                },
            },
        },
    }


def test_a_service_leads_to_one_generation_and_tells_of_it(env: Made) -> None:
    assert manifests.service(env(environmentId="production"), "d1", "3", {"told": "x"}) == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": NAME,
            "namespace": "models",
            "labels": {**SELECTED, **OWN},
            "annotations": {**KNOWN, "told": "x"},
        },
        "spec": {
            "type": "ClusterIP",
            "selector": {**SELECTED, "bosun.datarobot.com/generation": "3"},
            "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
        },
    }


def test_what_key_values_ask_for_stands_in_the_pod(env: Made, goal: Made) -> None:
    asked = goal(
        memory="2g", memoryRequest="1g", cpus="2", cpuRequest="500m", gpus=1, nodeSelector={"disk": "ssd"},
        tolerations=[{"key": "gpu", "operator": "Exists"}], serviceAccount="reader", replicas=3, port=9000,
        environment={"A": "1"},
    )  # fmt: skip
    spec = manifests.deployment(env(runAsUser=1000, fsGroup=2000, pullSecrets=["pull"]), asked, 1, IMAGE)["spec"]
    pod = spec["template"]["spec"]
    container = pod["containers"][0]
    assert spec["replicas"] == 3
    assert pod["nodeSelector"] == {"disk": "ssd"}
    assert pod["tolerations"] == [{"key": "gpu", "operator": "Exists"}]
    assert (pod["serviceAccountName"], "automountServiceAccountToken" in pod) == ("reader", False)
    assert pod["imagePullSecrets"] == [{"name": "pull"}]
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["fsGroup"]) == (1000, 2000)
    assert container["resources"] == {
        "limits": {"memory": "2Gi", "cpu": "2", "nvidia.com/gpu": "1"},
        "requests": {"memory": "1Gi", "cpu": "500m"},
    }
    assert container["ports"][0]["containerPort"] == 9000
    assert {"name": "A", "value": "1"} in container["env"]


def test_a_monitored_pod_shares_a_spool_with_the_agent_and_its_token_is_a_reference(
    env: Made, goal: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLOPS_API_TOKEN", "planted-token")
    place = env({"mlopsUrl": "https://app.example.com"}, agentImage="registry.example.com/agent:1")
    document = manifests.deployment(place, goal(), 1, IMAGE)
    pod = document["spec"]["template"]["spec"]
    name = place.name("d1")
    assert pod["volumes"] == [{"name": "spool", "emptyDir": {}}]
    assert [one["name"] for one in pod["containers"]] == ["model"]
    (agent,) = pod["initContainers"]
    assert agent == {
        "name": "monitoring-agent",
        "image": "registry.example.com/agent:1",
        "env": [
            {"name": "MLOPS_SERVICE_URL", "value": "https://app.example.com"},
            {"name": "MLOPS_API_TOKEN", "valueFrom": {"secretKeyRef": {"name": name, "key": "MLOPS_API_TOKEN"}}},
            {"name": "MLOPS_SPOOLER_TYPE", "value": "FILESYSTEM"},
            {"name": "MLOPS_FILESYSTEM_DIRECTORY", "value": "/var/spool/bosun"},
        ],
        "restartPolicy": "Always",
        "securityContext": CONFINED,
        "volumeMounts": [{"name": "spool", "mountPath": "/var/spool/bosun"}],
    }
    assert pod["containers"][0]["volumeMounts"] == agent["volumeMounts"]
    variables = {one["name"]: one.get("value") for one in pod["containers"][0]["env"]}
    assert {name: value for name, value in variables.items() if "MONITORING" in name or "SPOOL" in str(value)} == {
        "MONITORING_AGENT": "False",
        "PREDICTION_API_MONITORING_ENABLED": "True",
        "PREDICTION_API_MONITORING_SETTINGS": "spooler_type=filesystem;directory=/var/spool/bosun",
    }
    assert (variables["MLOPS_SPOOLER_TYPE"], variables["MLOPS_FILESYSTEM_DIRECTORY"]) == (
        "FILESYSTEM", "/var/spool/bosun",
    )  # fmt: skip
    assert "planted-token" not in str(document)
    secret = manifests.secret(place, "d1")
    assert secret is not None
    assert secret["stringData"] == {"MLOPS_API_TOKEN": "planted-token"}


def test_without_monitoring_there_is_no_secret(env: Made) -> None:
    assert manifests.secret(env(), "d1") is None


def test_a_package_that_is_mounted_stands_beside_the_base_image(env: Made, goal: Made) -> None:
    pod = manifests.deployment(env(), goal(mounted=True), 1, IMAGE)["spec"]["template"]["spec"]
    assert pod["volumes"] == [{"name": "package", "image": {"reference": IMAGE, "pullPolicy": "IfNotPresent"}}]
    assert pod["containers"][0]["image"] == "registry.example.com/pps:1"
    assert pod["containers"][0]["volumeMounts"] == [{"name": "package", "mountPath": "/opt/ml/model"}]


def test_a_setting_changes_the_digest_of_the_settings_and_a_route_does_not(env: Made, goal: Made) -> None:
    one = manifests.settings_digest(env(), goal())
    assert one == manifests.settings_digest(env(ingressClass="nginx"), goal())
    assert one != manifests.settings_digest(env(), goal(memory="1g"))
    assert one != manifests.settings_digest(env(preStopSeconds=1), goal())


def test_a_patch_is_applied_to_its_kind_alone(env: Made, goal: Made) -> None:
    operations = [{"op": "add", "path": "/spec/template/spec/priorityClassName", "value": "high"}]
    place = env(patches={"Deployment": operations})
    patched = manifests.deployment(place, goal(), 1, IMAGE)
    assert patched["spec"]["template"]["spec"]["priorityClassName"] == "high"
    assert manifests.service(place, "d1", "1", {}) == manifests.service(env(), "d1", "1", {})


def test_a_patch_that_does_not_fit_is_told(env: Made, goal: Made) -> None:
    place = env(patches={"Deployment": [{"op": "replace", "path": "/spec/paused", "value": True}]})
    with pytest.raises(
        ConfigurationError, match=r"patches\.Deployment does not fit the Deployment that it is for: .*paused"
    ):
        manifests.deployment(place, goal(), 1, IMAGE)
