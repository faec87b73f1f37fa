"""Images on the real registries: by append and by kaniko; bases by tag, digest and index; credentials; refusals."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bosun_k8s.names import object_name
from registry_images import INDEX, builds, config_of, manifest

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(600)]
Act = Callable[..., dict[str, Any]]


def packages_of(place: Any) -> list[str]:
    """The hash of the package in each pod."""
    command = ["-c", "model", "--", "sha256sum", "/opt/ml/model/model.mlpkg"]
    names = [one["metadata"]["name"] for one in place.objects("pods") if "deletionTimestamp" not in one["metadata"]]
    return [place("exec", name, *command).split()[0] for name in names]


def sha256(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_append_puts_one_layer_on_the_base_and_does_not_do_it_twice(
    clean: Any, act: Act, package: Callable[..., str]
) -> None:
    artifact = package("A")
    info = {"id": "d1", "modelId": "A", "modelArtifact": artifact}
    assert act("deployment_start", info)["status"] == "passing"
    repository = f"{clean.registry}/{clean.namespace}/models"
    digest, made = manifest(repository, "m-A")
    base, _, tag = clean.variables["BOSUN_TEST_K8S_PPS_IMAGE"].rpartition(":")
    base_digest, of_base = manifest(base, tag)
    assert [one["digest"] for one in made["layers"][:-1]] == [one["digest"] for one in of_base["layers"]]
    assert made["annotations"]["org.opencontainers.image.base.digest"] == base_digest
    assert made["annotations"]["bosun.datarobot.com/package"] == sha256(artifact)
    assert packages_of(clean) == [sha256(artifact)]
    act("deployment_stop", {"id": "d1"})
    act("deployment_start", {**info, "id": "d2"}, ppsBaseImage=f"{base}@{base_digest}")
    assert manifest(repository, "m-A")[0] == digest


def test_an_index_stays_an_index(clean: Any, act: Act, package: Callable[..., str]) -> None:
    artifact = package("A")
    index = clean.variables["BOSUN_TEST_K8S_PPS_INDEX_IMAGE"]
    status = act("deployment_start", {"id": "d1", "modelId": "I", "modelArtifact": artifact}, ppsBaseImage=index)
    assert status["status"] == "passing"
    _, made = manifest(f"{clean.registry}/{clean.namespace}/models", "m-I")
    base, _, tag = index.rpartition(":")
    platforms = [one["platform"] for one in manifest(base, tag)[1]["manifests"]]
    assert (made["mediaType"], [one["platform"] for one in made["manifests"]]) == (INDEX, platforms)
    assert packages_of(clean) == [sha256(artifact)]


def login(place: Any, registry: str, password: str) -> dict[str, Any]:
    user = place.variables["BOSUN_TEST_K8S_PRIVATE_REGISTRY_USER"]
    auths = {"auths": {registry: {"username": user, "password": password}}}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "registry", "labels": {"bosun.datarobot.com/schema": "1"}},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": base64.b64encode(json.dumps(auths).encode()).decode()},
    }


def test_credentials_come_from_the_named_secret(clean: Any, act: Act, package: Callable[..., str]) -> None:
    private = clean.variables["BOSUN_TEST_K8S_PRIVATE_REGISTRY"]
    password = clean.variables["BOSUN_TEST_K8S_PRIVATE_REGISTRY_PASSWORD"]
    settings = {"generatedImageRepo": f"{private}/{clean.namespace}/models", "pullSecrets": ["registry"]}
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}

    nobody = act("deployment_start", info, **settings)
    assert (nobody["status"], "refuses access without credentials" in nobody["msg"]) == ("failing", True)
    missing = act("deployment_start", info, **settings, registrySecretName="registry")
    assert "registrySecretName: there is no Secret registry in namespace" in missing["msg"]
    clean.apply(login(clean, private, "not-the-password"))
    wrong = act("deployment_start", info, **settings, registrySecretName="registry")
    assert "refuses access as bosun" in wrong["msg"]
    assert [one for one in clean.made() if one != "Secret/registry"] == []

    clean.apply(login(clean, private, password))
    right = act("deployment_start", info, **settings, registrySecretName="registry")
    assert right["status"] == "passing"
    assert password not in json.dumps(right) + json.dumps(clean.objects("deployments,services,pods"))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"ppsBaseImage": "10.244.0.1:5000/no/such:1"},
            "ppsBaseImage 10.244.0.1:5000/no/such:1 is not in its registry",
        ),
        ({"ppsBaseImage": "10.244.0.1:9/pps:1"}, "where only the cluster reaches it, set imageBuilder: kaniko"),
        ({"imageBuilder": "volume"}, "this cluster drops image volumes"),
    ],
)
def test_a_base_that_cannot_be_had_is_told_and_leaves_nothing(
    clean: Any, act: Act, package: Callable[..., str], settings: dict[str, Any], words: str
) -> None:
    if settings.get("imageBuilder") == "volume" and clean.variables.get("BOSUN_TEST_K8S_IMAGE_VOLUMES") == "1":
        return  # this cluster has them
    status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, **settings)
    assert (status["status"], words in status["msg"]) == ("failing", True), status["msg"]
    assert clean.made() == []


def test_kaniko_builds_in_a_pod_that_is_gone_afterwards_and_does_not_do_it_twice(
    clean: Any, building: str, kaniko: dict[str, Any], act: Act, package: Callable[..., str],
    predict: Callable[..., str]
) -> None:  # fmt: skip
    artifact, before = package("A"), builds(clean, building)
    repository = f"{clean.registry}/{clean.namespace}/models"
    assert act("plugin_start", **kaniko)["status"] == "passing"
    status = act("deployment_start", {"id": "d1", "modelId": "K", "modelArtifact": artifact}, **kaniko)
    assert status["status"] == "passing", status["msg"]
    assert predict(status["data"]["predictionUrl"]) == "K"
    assert packages_of(clean) == [sha256(artifact)]
    assert clean.objects("pods", "-n", building) == []
    base, _, tag = clean.variables["BOSUN_TEST_K8S_PPS_IMAGE"].rpartition(":")
    labels = config_of(repository, "m-K")["config"]["Labels"]
    assert labels["org.opencontainers.image.base.digest"] == manifest(base, tag)[0]
    assert labels["bosun.datarobot.com/package"] == sha256(artifact)

    first = manifest(repository, "m-K")[0]
    again = act("deployment_start", {"id": "d2", "modelId": "K", "modelArtifact": artifact}, **kaniko)
    assert (again["status"], manifest(repository, "m-K")[0], builds(clean, building)) == (
        "passing",
        first,
        before + 1,
    )
    other = package("other")
    changed = act("deployment_start", {"id": "d3", "modelId": "K", "modelArtifact": other}, **kaniko)
    assert (changed["status"], builds(clean, building)) == ("passing", before + 2)
    assert sha256(other) in packages_of(clean)


def test_a_pod_that_a_killed_build_left_goes_with_the_next_action(
    clean: Any, building: str, kaniko: dict[str, Any], act: Act, package: Callable[..., str]
) -> None:
    info = {"id": "d1", "modelId": "K", "modelArtifact": package("A")}
    settings = {**kaniko, "environmentId": "e"}
    act("deployment_start", info, **settings)
    act("deployment_stop", info, **settings)
    left = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{object_name('e', 'd1')}-build", "namespace": building},
        "spec": {"containers": [{"name": "kaniko", "image": kaniko["kanikoImage"]}]},
    }
    for action in ("deployment_start", "deployment_stop"):
        clean("create", "-n", building, "-f", "-", given=json.dumps(left))
        assert act(action, info, **settings)["status"] == "passing"
        assert clean.objects("pods", "-n", building) == [], action


def test_a_base_that_kaniko_cannot_have_is_told_with_its_last_lines(
    clean: Any, building: str, kaniko: dict[str, Any], act: Act, package: Callable[..., str]
) -> None:
    info = {"id": "d2", "modelId": "K2", "modelArtifact": package("A")}
    failed = act("deployment_start", info, **kaniko, ppsBaseImage=f"{clean.registry}/no/such:1")
    assert (failed["status"], "kaniko's pod" in failed["msg"], "its last lines:" in failed["msg"]) == (
        "failing", True, True,
    )  # fmt: skip
    assert clean.objects("pods", "-n", building) == []


def test_kaniko_takes_its_config_map_secret_and_service_account(
    clean: Any, building: str, kaniko: dict[str, Any], act: Act, package: Callable[..., str]
) -> None:
    private = clean.variables["BOSUN_TEST_K8S_PRIVATE_REGISTRY"]
    secret = login(clean, private, clean.variables["BOSUN_TEST_K8S_PRIVATE_REGISTRY_PASSWORD"])
    about = {"namespace": building}
    config = {"name": "docker-config", **about}
    clean.apply(secret)  # with which the node pulls
    for document in (
        {**secret, "metadata": {**secret["metadata"], **about}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": config, "data": {"config.json": "{}"}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "builder", **about}},
    ):
        clean("apply", "-n", building, "-f", "-", given=json.dumps(document))
    settings = {
        **kaniko,
        "generatedImageRepo": f"{private}/{clean.namespace}/models",
        "plainHttpRegistries": [*kaniko["plainHttpRegistries"], private],
        "pullSecrets": ["registry"],
        "kanikoConfigmapName": "docker-config",
        "kanikoSecretName": "registry",
        "kanikoServiceAccount": "builder",
    }
    checked = act("plugin_start", **settings)
    assert checked["status"] == "passing", checked["msg"]
    status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, **settings)
    assert status["status"] == "passing", status["msg"]


def test_what_kanikos_pod_waits_for_in_vain_is_told(
    clean: Any, building: str, kaniko: dict[str, Any], act: Act, package: Callable[..., str]
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    status = act("deployment_start", info, **kaniko, kanikoConfigmapName="nowhere", buildLimit=4)
    assert status["status"] == "failing"
    assert "has not begun within 4 s (buildLimit); see that kanikoConfigmapName and kanikoSecretName" in status["msg"]
    assert (clean.made(), clean.objects("pods", "-n", building)) == ([], [])


def test_kaniko_is_refused_where_restricted_is_enforced(clean: Any, act: Act, package: Callable[..., str]) -> None:
    role = Path(__file__).parents[3] / "bosun_k8s/deploy/role-kaniko.yaml"
    clean("apply", "-f", role)
    clean("create", "rolebinding", "k", "--role=bosun-kaniko", f"--serviceaccount={clean.namespace}:bosun")
    settings = {"kanikoImage": clean.variables["BOSUN_TEST_K8S_KANIKO_IMAGE"]}
    status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, **settings)
    assert "does not let kaniko's pod in, which needs root; set kanikoNamespace" in status["msg"]
    assert clean.made() == []
