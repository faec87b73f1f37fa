"""The private configuration, as the document writes it and as a user may get it wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bosun_core.errors import ConfigurationError
from bosun_core.settings import load
from bosun_k8s.settings import KubernetesSettings

DOCUMENT = """
kubeConfigContext: IN_CLUSTER
kubeNamespace:
agentImage: "registry.example.com/mlops-tracking-agent:latest"
outfacingPredictionURLPrefix: "https://example.com/deployments/"
ingressClass:
ppsBaseImage: "registry.example.com/datarobot-portable-prediction-api:latest"
generatedImageRepo: "registry.example.com/mlops-model"
kanikoImage: "gcr.io/kaniko-project/executor:v1.5.2"
kanikoConfigmapName: "docker-config"
kanikoSecretName: "registry-credentials"
kanikoServiceAccount: default
"""
AS_IT_IS_DOWNLOADED = """
outfacingPredictionURLPrefix: "<FILL-CORRECT-URL-FOR-K8S-INGRESS>"
ppsBaseImage: "<FILL-IN-DOCKER-REGISTRY>/datarobot-portable-prediction-api:latest"
generatedImageRepo: "<FILL-IN-DOCKER-REGISTRY>/mlops-model"
"""
Made = Callable[..., KubernetesSettings]


def test_the_documents_own_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(DOCUMENT)
    settings = load(KubernetesSettings, str(tmp_path / "p.yaml"))
    assert (settings.kube_namespace, settings.builder) == (None, "kaniko")
    assert settings.prefix.url == "https://example.com/deployments"


def test_its_placeholders_are_refused_by_the_key_that_holds_one(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(AS_IT_IS_DOWNLOADED)
    with pytest.raises(ConfigurationError) as raised:
        load(KubernetesSettings, str(tmp_path / "p.yaml"))
    assert str(raised.value) == (
        f"{tmp_path}/p.yaml:2: outfacingPredictionURLPrefix still holds the placeholder "
        "<FILL-CORRECT-URL-FOR-K8S-INGRESS>; write your own value in its place"
    )


@pytest.mark.parametrize(
    ("given", "builder"),
    [
        ({}, "append"),
        ({"kanikoImage": "kaniko:1"}, "kaniko"),
        ({"kanikoConfigmapName": "c"}, "kaniko"),
        ({"kanikoSecretName": "s"}, "kaniko"),
        ({"kanikoServiceAccount": "a"}, "kaniko"),
        ({"kanikoSecretName": "s", "imageBuilder": "append"}, "append"),
        ({"imageBuilder": "volume"}, "volume"),
    ],
)
def test_a_kaniko_key_chooses_kaniko_unless_a_builder_is_named(
    settings: Made, given: dict[str, Any], builder: str
) -> None:
    assert settings(**given).builder == builder


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"outfacingPredictionURLPrefix": None}, "outfacingPredictionURLPrefix is missing"),
        ({"ppsBaseImage": None}, "ppsBaseImage is missing"),
        ({"generatedImageRepo": None}, "generatedImageRepo is missing"),
        ({"outfacingPredictionURLPrefix": "example.com"}, "is no URL; write http://"),
        ({"kubeNamespace": "My Models"}, "kubeNamespace 'My Models' is no name in a cluster"),
        ({"ppsBaseImage": "Not An Image"}, "ppsBaseImage 'Not An Image' is no image"),
        ({"generatedImageRepo": "r.example.com/Models"}, "generatedImageRepo 'r.example.com/Models' is no repository"),
        ({"generatedImageRepo": "r.example.com/models:1"}, "is no repository; write a name without a tag"),
        ({"gateway": "a/b/c"}, "gateway 'a/b/c' is none"),
        ({"imageBuilder": "docker"}, "imageBuilder cannot be"),
        ({"patches": {"Node": []}}, "patches names 'Node', which is none of Deployment"),
        ({"patches": {"Service": [{"op": "put", "path": "/x"}]}}, "patches.Service[0]: op 'put' is none of"),
        ({"patches": {"Service": [{"op": "add", "path": "x", "value": 1}]}}, "patches.Service[0]: 'x' is no path"),
        ({"patches": {"Service": [{"op": "add", "path": "/x"}]}}, "patches.Service[0]: add needs 'value'"),
        ({"readinessLimit": -1}, "readinessLimit"),
        ({"registryLimit": 0}, "registryLimit"),
        ({"runAsUser": 0}, "runAsUser"),
        ({"pullSecrets": ["A b"]}, "pullSecrets has 'A b'"),
        ({"kubeNamespce": "x"}, "did you mean kubeNamespace?"),
    ],
)
def test_a_mistake_is_told_with_its_key(settings: Made, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        settings(**given)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
