"""How registries are reached: by TLS of a private authority, without TLS, with credentials of this machine, mounts."""

import json
import socket
import tarfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from bosun_core.errors import EnvironmentFailure
from bosun_core.model_sources.kinds import NATIVE, PATHS
from bosun_core.model_sources.sources import Packaged
from bosun_core.packages import measured
from bosun_k8s.images import building, volume
from bosun_k8s.images.reference import parse
from bosun_k8s.images.registry import Place, Registry
from bosun_k8s.images.transport import Transport
from k8s_goals import environment_of, goal_of, settings_of
from own_registry import OwnRegistry, own_registry
from registry_images import INDEX, asked, config_of, manifest
from wire import wired

pytestmark = pytest.mark.k8s
Act = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def own(place: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRegistry]:
    address = place.variables["BOSUN_TEST_K8S_SPARE_REGISTRIES"].split(",")[0]
    with own_registry(tmp_path_factory.mktemp("registry"), address) as made:
        yield made


def base_of(place: Any) -> tuple[str, str]:
    """Repository and tag of the base image."""
    name, _, tag = place.variables["BOSUN_TEST_K8S_PPS_IMAGE"].rpartition(":")
    return name, tag


def test_a_private_authority_is_trusted_once_it_is_named_and_layers_are_mounted_not_sent(
    clean: Any, own: OwnRegistry, act: Act, package: Callable[..., str], predict: Callable[..., str]
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    models = {"generatedImageRepo": f"{own.name}/{clean.namespace}/models"}
    told = act("deployment_start", info, **models)["msg"]
    assert f"the registry {own.name} cannot be reached from here: its certificate is not trusted" in told
    assert "set registryCertificateAuthority" in told
    assert (clean.made(), own.asked("plain")) == ([], [])

    trusting = {"registryCertificateAuthority": str(own.authority)}
    status = act("deployment_start", info, **models, **trusting)
    assert (status["status"], predict(status["data"]["predictionUrl"])) == ("passing", "A"), status
    assert {line.split()[0] for line in own.asked("plain")} <= {"GET", "HEAD"}  # the node pulls, nobody sends
    _, of_base = manifest(base_of(clean)[0], base_of(clean)[1])
    layers = [one["digest"] for one in of_base["layers"]]
    assert [one["digest"] for one in manifest(models["generatedImageRepo"], "m-A")[1]["layers"]][:-1] == layers

    before = len(own.asked("tls"))
    base = {"ppsBaseImage": f"{models['generatedImageRepo']}:m-A"}
    others = {"generatedImageRepo": f"{own.name}/{clean.namespace}/others"}
    status = act("deployment_start", {**info, "id": "d2", "modelId": "B"}, **base, **others, **trusting)
    assert status["status"] == "passing", status
    since = own.asked("tls")[before:]
    mounted = [line for line in since if "?" in line and "mount=" in line]
    assert len(mounted) == len(layers) + 1
    assert all(line.startswith("POST") and line.endswith(" 201") for line in mounted), mounted
    sent = [line for line in since if line.startswith("PATCH")]
    assert len(sent) == 2, sent  # the package's layer, and the configuration


def test_kaniko_trusts_a_private_authority_and_takes_an_index_by_its_digest(
    clean: Any, own: OwnRegistry, kaniko: dict[str, Any], act: Act, package: Callable[..., str]
) -> None:
    index = clean.variables["BOSUN_TEST_K8S_PPS_INDEX_IMAGE"]
    name, _, tag = index.rpartition(":")
    digest, _ = manifest(name, tag)
    settings = {
        **kaniko,
        "ppsBaseImage": f"{name}@{digest}",
        "generatedImageRepo": f"{own.name}/{clean.namespace}/built",
        "registryCertificateAuthority": str(own.authority),
    }
    status = act("deployment_start", {"id": "d1", "modelId": "K", "modelArtifact": package("A")}, **settings)
    assert status["status"] == "passing", status
    labels = config_of(settings["generatedImageRepo"], "m-K")["config"]["Labels"]
    assert labels["org.opencontainers.image.base.digest"] == digest
    assert {line.split()[0] for line in own.asked("plain")} <= {"GET", "HEAD"}


def test_credentials_come_from_the_docker_configuration_of_this_machine(
    clean: Any, act: Act, package: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = clean.variables
    private = variables["BOSUN_TEST_K8S_PRIVATE_REGISTRY"]
    password = variables["BOSUN_TEST_K8S_PRIVATE_REGISTRY_PASSWORD"]
    login = {"username": variables["BOSUN_TEST_K8S_PRIVATE_REGISTRY_USER"], "password": password}
    configuration = json.dumps({"auths": {private: login}})
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text("{")
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    settings = {"generatedImageRepo": f"{private}/{clean.namespace}/machine", "pullSecrets": ["pull"]}
    told = act("deployment_start", info, **settings)["msg"]
    assert told.startswith(f"the Docker configuration {tmp_path}/config.json cannot be read: "), told

    (tmp_path / "config.json").write_text(configuration)
    kind = "kubernetes.io/dockerconfigjson"
    clean("create", "secret", "generic", "pull", f"--type={kind}", f"--from-literal=.dockerconfigjson={configuration}")
    clean("label", "secret", "pull", "bosun.datarobot.com/schema=1")
    status = act("deployment_start", info, **settings)
    assert status["status"] == "passing", status
    assert password not in json.dumps(status) + json.dumps(clean.objects("deployments,services,pods"))


def packaged(place: Any, path: str) -> Packaged[Any]:
    package = measured(Path(path))
    base = place.variables["BOSUN_TEST_K8S_PPS_IMAGE"]
    return Packaged(base, "ppsBaseImage", PATHS[NATIVE], package, package.sha256)


def test_plain_http_beyond_private_addresses_is_for_registries_that_are_named(
    place: Any, package: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    host, _, port = place.registry.rpartition(":")
    goal = goal_of(packaged(place, package("A")))
    with wired((host, int(port))) as wire:
        name = f"{socket.gethostname()}:{wire.address[1]}"  # the open registry, by a name that is no address
        settings = {"generatedImageRepo": f"{name}/{place.namespace}/named"}
        with pytest.raises(EnvironmentFailure, match="it does not speak TLS; name it in plainHttpRegistries"):
            building.built(None, environment_of(**settings), goal)
        made = building.built(None, environment_of(**settings, plainHttpRegistries=[name]), goal)
    digest, _ = manifest(f"{place.registry}/{place.namespace}/named", "m-model-A")
    assert made == f"{name}/{place.namespace}/named@{digest}"


def test_volume_pushes_the_package_alone_once_for_every_architecture(
    place: Any, package: Callable[..., str], tmp_path: Path
) -> None:
    path = package("A")
    repository = f"{place.registry}/{place.namespace}/artifacts"
    target = parse(f"{repository}:m-V")
    there = Place(Registry(Transport(settings_of(), target.registry, None, [])), target)
    digest = volume.pushed(there, packaged(place, path))
    found, made = manifest(repository, "m-V")
    assert (found, made["mediaType"]) == (digest, INDEX)
    assert {one["platform"]["architecture"] for one in made["manifests"]} == {"amd64", "arm64", "ppc64le", "s390x"}
    for entry in made["manifests"]:
        (layer,) = manifest(repository, entry["digest"])[1]["layers"]
        with tarfile.open(fileobj=BytesIO(asked(repository, f"blobs/{layer['digest']}"))) as archive:
            assert {one.name: archive.extractfile(one).read() for one in archive} == {
                "model.mlpkg": Path(path).read_bytes()
            }
    assert volume.pushed(there, packaged(place, path)) == digest
    assert volume.pushed(there, packaged(place, package("other"))) != digest
