"""A namespace of the cluster for one test module, that enforces `restricted`; the plugin has the shipped Role alone."""

import json
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from acting import Act, acting, packing
from asking import predicting
from kit_sample import sample_the_kit

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "bosun_k8s" / "deploy"
LABEL = "bosun.datarobot.com"
KINDS = (
    "deployments,services,httproutes,ingresses,secrets,horizontalpodautoscalers,poddisruptionbudgets,leases,pods,"
    "resourcequotas"
)
RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"


@dataclass
class Place:
    """What a plugin's settings lead to, through kubectl alone, as the cluster's administrator."""

    variables: dict[str, str]
    namespace: str
    kubeconfig: Path
    """That of the plugin, whose user is a service account with the shipped Role."""

    def __call__(self, *words: str | Path, given: str | None = None, check: bool = True, seconds: float = 120) -> str:
        """What `kubectl -n NAMESPACE WORDS` prints."""
        command = [self.variables["BOSUN_TEST_K8S_KUBECTL"], "-n", self.namespace, *map(str, words)]
        ended = subprocess.run(
            command, input=given, capture_output=True, timeout=seconds, env=self.variables, text=True
        )
        assert ended.returncode == 0 or not check, f"{' '.join(command)}\n{ended.stderr}"
        return ended.stdout.strip()

    def objects(self, kinds: str, *words: str) -> list[dict[str, Any]]:
        """The objects of some kinds, without ended pods that the kubelet is about to remove beside one that stays."""
        found: list[dict[str, Any]] = json.loads(self("get", kinds, "-o", "json", *words))["items"]
        ending = [one for one in found if one["kind"] == "Pod" and "deletionTimestamp" in one["metadata"]]
        stays = {deployment_of(one) for one in found if one["kind"] == "Pod" and one not in ending}
        ended = [one for one in ending if one["status"].get("phase") in ("Succeeded", "Failed")]
        return [one for one in found if one not in ended or deployment_of(one) not in stays]

    def apply(self, *documents: dict[str, Any]) -> None:
        self("apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": documents}))

    @property
    def registry(self) -> str:
        return self.variables["BOSUN_TEST_K8S_REGISTRY"]

    @property
    def url(self) -> str:
        return f"{self.variables['BOSUN_TEST_K8S_GATEWAY_URL']}/{self.namespace}"

    def settings(self, **more: Any) -> dict[str, Any]:
        """A private configuration that leads here."""
        given = {
            "kubeConfigContext": "bosun",
            "outfacingPredictionURLPrefix": self.url,
            "ppsBaseImage": self.variables["BOSUN_TEST_K8S_PPS_IMAGE"],
            "generatedImageRepo": f"{self.registry}/{self.namespace}/models",
            "gateway": self.variables["BOSUN_TEST_K8S_GATEWAY"],
            "readinessLimit": 30,
            "drainLimit": 10,
            **more,
        }
        return {key: value for key, value in given.items() if value is not None}

    def made(self) -> list[str]:
        """Kind and name of each object of the plugin."""
        found = self.objects(KINDS, "-l", f"{LABEL}/schema=1")
        return sorted(f"{one['kind']}/{one['metadata']['name']}" for one in found)

    def service_of(self, deployment: str) -> dict[str, Any]:
        (found,) = (
            one
            for one in self.objects("services", "-l", f"{LABEL}/schema=1")
            if one["metadata"]["annotations"][f"{LABEL}/deployment"] == deployment
        )
        return found

    def clear(self) -> None:
        """Remove all that stands here."""
        self("delete", KINDS, "-l", f"{LABEL}/schema=1", "--force", "--grace-period=0", "--wait=true", check=False)

    def story(self) -> str:
        """State, events and last words."""
        told = [self("get", KINDS, "-o", "wide", check=False), self("get", "events", "--sort-by=.lastTimestamp")]
        names = [pod["metadata"]["name"] for pod in self.objects("pods")]
        told += [self("logs", name, "--all-containers", "--tail=20", check=False) for name in names]
        return "\n".join(told)


def deployment_of(document: dict[str, Any]) -> str | None:
    """The deployment that an object belongs to, by its label."""
    label: str | None = document["metadata"].get("labels", {}).get(f"{LABEL}/deployment")
    return label


def kubeconfig_of(variables: dict[str, str], token: str, namespace: str) -> dict[str, Any]:
    """A kubeconfig with the administrator's cluster and this token."""
    own = yaml.safe_load(Path(variables["KUBECONFIG"]).read_text())
    chosen = next(one["context"] for one in own["contexts"] if one["name"] == own["current-context"])
    cluster = next(one for one in own["clusters"] if one["name"] == chosen["cluster"])
    context = {"cluster": cluster["name"], "user": "bosun", "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [cluster],
        "users": [{"name": "bosun", "user": {"token": token}}],
        "contexts": [{"name": "bosun", "context": context}],
        "current-context": "bosun",
    }


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    sample_the_kit(config, items, Path(__file__).with_name("test_conformance.py"), cases=2, slow_promises=3)


@pytest.fixture(scope="module")
def place(
    request: pytest.FixtureRequest, k8s_variables: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("kubeconfig")
    made = Place(k8s_variables, f"bt-{uuid.uuid4().hex[:6]}", folder / "config")
    try:
        made("create", "namespace", made.namespace)
    except (AssertionError, OSError) as error:
        pytest.fail(f"the cluster does not answer, run `make testbed-k8s` again: {error}", pytrace=False)
    failed_before = request.session.testsfailed
    patch = pytest.MonkeyPatch()
    try:
        made("label", "namespace", made.namespace, RESTRICTED)
        made("apply", "-k", str(DEPLOY))
        token = made("create", "token", "bosun", "--duration=4h")
        made.kubeconfig.write_text(yaml.safe_dump(kubeconfig_of(k8s_variables, token, made.namespace)))
        patch.setenv("KUBECONFIG", str(made.kubeconfig))
        yield made
        if request.session.testsfailed > failed_before:
            print(made.story())
    finally:
        patch.undo()
        made.clear()
        made("delete", "namespace", made.namespace, "--wait=false")


@pytest.fixture
def clean(place: Place) -> Iterator[Place]:
    """The place, with nothing in it before and after."""
    place.clear()
    yield place
    place.clear()


@pytest.fixture(scope="module")
def building(place: Place) -> Iterator[str]:
    """A namespace that lets root in, where the plugin has the rights for kaniko."""
    name = f"{place.namespace}-builds"
    place("create", "namespace", name)
    place("apply", "-n", name, "-f", DEPLOY / "role-kaniko.yaml")
    subject = f"--serviceaccount={place.namespace}:bosun"
    place("create", "rolebinding", "bosun-kaniko", "-n", name, "--role=bosun-kaniko", subject)
    yield name
    place("delete", "namespace", name, "--wait=false")


@pytest.fixture
def act(place: Place, tmp_path: Path) -> Act:
    """Runs one action through the runner, and returns its status."""
    return acting("k8s", place.settings, tmp_path)


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., str]:
    """Makes a model package, and returns its path."""
    return packing(tmp_path)


@pytest.fixture
def predict() -> Iterator[Callable[[str], str]]:
    """Sends one prediction and returns the id of the model that answered."""
    with predicting(renewed=True) as ask:
        yield ask
