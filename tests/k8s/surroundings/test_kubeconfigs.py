"""Kubeconfigs: those that lead to a namespace, and those that do not: one line that says what to do."""

import base64
import copy
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.k8s
Act = Callable[..., dict[str, Any]]
Change = Callable[[dict[str, Any]], Any]

ASKED = r"the API server \S+ cannot be asked: "


def cluster(**change: Any) -> Change:
    return lambda config: config["clusters"][0]["cluster"].update(change)


def user(**found: Any) -> Change:
    return lambda config: config["users"][0].update(user=found)


PROGRAM = {"apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-program", "interactiveMode": "Never"}
NOBODY = r".*: the kubeconfig's user has no credentials, or its program gives none; correct the user"
KUBECONFIGS: dict[str, tuple[Change, str]] = {
    "nothing listens": (
        cluster(server="https://127.0.0.1:9"),
        ASKED + "nothing listens there; see that the cluster runs, and that the kubeconfig's server is right$",
    ),
    "no such name": (
        cluster(server="https://no.such.host.invalid:6443"),
        ASKED + "its name is not known; correct the kubeconfig's server$",
    ),
    "an authority that did not sign": (
        lambda config: config["clusters"][0]["cluster"].pop("certificate-authority-data"),
        ASKED + "its certificate is not signed by the authority of the kubeconfig; correct certificate-authority ther",
    ),
    "plain HTTP": (
        lambda config: cluster(server=config["clusters"][0]["cluster"]["server"].replace("https", "http"))(config),
        ".*it (does not speak|speaks) plain HTTP, as the kubeconfig's server says",
    ),
    "a certificate that is nowhere": (
        user(**{"client-certificate": "/nowhere/a.pem", "client-key": "/nowhere/a.key"}),
        r"the kubeconfig \S+ cannot be used: File does not exist: /nowhere/a.pem; correct it$",
    ),
    "a program that is nowhere": (user(exec=PROGRAM), NOBODY),
    "no user": (lambda config: config["users"].clear(), NOBODY),
    "a token that is none": (
        user(token="not-a-token-of-this-cluster"),
        ".*the API server does not take these credentials; renew them",
    ),
    "no context": (
        lambda config: config["contexts"].clear(),
        r"kubeConfigContext 'bosun' is not in \S+; `kubectl config get-contexts` shows what is$",
    ),
}


def in_files(config: dict[str, Any], folder: Path) -> None:
    """Put what the kubeconfig holds as data into files beside it."""
    for part in (config["clusters"][0]["cluster"], config["users"][0]["user"]):
        for key in [key for key in part if key.endswith("-data")]:
            name = key.removesuffix("-data")
            (folder / name).write_bytes(base64.b64decode(part.pop(key)))
            part[name] = name


def token_in_a_file(config: dict[str, Any], folder: Path) -> None:
    found = config["users"][0]["user"]
    (folder / "token").write_text(f"{found.pop('token')}\n")  # as a shell writes it
    found["tokenFile"] = "token"


Write = Callable[[dict[str, Any], Path], None]
AS_IT_IS: Write = lambda _config, _folder: None  # noqa: E731  # it has the others' type
USUAL: dict[str, tuple[str, Write]] = {
    "a token": ("plugin", AS_IT_IS),
    "a certificate": ("administrator", AS_IT_IS),
    "files beside it": ("administrator", in_files),
}


@pytest.fixture
def written(place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Write], str]:
    """Has KUBECONFIG name a copy of a user's kubeconfig, changed; returns its context."""

    def write(user: str, change: Write) -> str:
        path = place.kubeconfig if user == "plugin" else Path(place.variables["KUBECONFIG"])
        config = yaml.safe_load(path.read_text())
        change(config, tmp_path)
        (tmp_path / "config").write_text(yaml.safe_dump(config))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
        return str(config["current-context"])

    return write


@pytest.mark.parametrize("name", USUAL)
def test_the_usual_kubeconfig_does_without_the_client(
    place: Any, act: Act, written: Callable[[str, Write], str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(sys.modules, "bosun_k8s.cluster.client", None)  # whoever imports it fails
    context = written(*USUAL[name])
    status = act("deployment_list", kubeConfigContext=context, kubeNamespace=place.namespace)
    assert (status["status"], status["data"]) == ("passing", {}), status


def test_a_token_in_a_file_is_read_by_the_client(place: Any, act: Act, written: Callable[[str, Write], str]) -> None:
    context = written("plugin", token_in_a_file)
    settings = {"kubeConfigContext": context, "kubeNamespace": place.namespace}
    assert act("plugin_start", **settings)["status"] == "passing"
    status = act("deployment_list", **settings)
    assert (status["status"], status["data"]) == ("passing", {}), status


def test_the_first_of_several_kubeconfigs_that_has_the_context_is_used(
    place: Any, act: Act, tmp_path: Path, written: Callable[[str, Write], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = written("plugin", AS_IT_IS)
    (tmp_path / "other").write_text("apiVersion: v1\nkind: Config\n")
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join([str(tmp_path / "other"), str(tmp_path / "config")]))
    status = act("deployment_list", kubeConfigContext=context, kubeNamespace=place.namespace)
    assert (status["status"], status["data"]) == ("passing", {}), status


def refused(act: Act, action: str, *given: Any, **settings: Any) -> str:
    """Run an action that fails; return its one line."""
    status = act(action, *given, **settings)
    assert status["status"] == "failing"
    assert "\n" not in status["msg"]
    return str(status["msg"])


@pytest.mark.parametrize("name", KUBECONFIGS)
def test_a_kubeconfig_that_leads_nowhere(
    place: Any, act: Act, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    change, message = KUBECONFIGS[name]
    config = copy.deepcopy(yaml.safe_load(place.kubeconfig.read_text()))
    change(config)
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    told = refused(act, "plugin_start")
    assert re.match(message, told), told
    assert "not-a-token" not in told


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"there is no kubeconfig at \S+; let KUBECONFIG name one$"),
        ("a: [b", r"the kubeconfig \S+ cannot be used: while parsing .*; correct it$"),
        ("", r"the kubeconfig \S+ cannot be used: .*; correct it$"),
    ],
    ids=["none", "no YAML", "empty"],
)
def test_a_file_that_is_no_kubeconfig(
    act: Act, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "config").write_text(content)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    told = refused(act, "plugin_start")
    assert re.match(message, told), told


def test_in_cluster_outside_of_a_pod_is_told(act: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    told = refused(act, "plugin_start", kubeConfigContext="IN_CLUSTER")
    assert re.match(r"kubeConfigContext is IN_CLUSTER and this process runs in no pod \(.*\); write the name", told), (
        told
    )


def test_a_placeholder_that_was_left_in_is_named(clean: Any, act: Act, package: Callable[..., str]) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    told = refused(act, "deployment_start", info, generatedImageRepo="<FILL-IN-DOCKER-REGISTRY>/models")
    assert "generatedImageRepo still holds the placeholder <FILL-IN-DOCKER-REGISTRY>; write your own value" in told
    assert clean.made() == []


@pytest.mark.parametrize(
    "action", ["plugin_start", "pe_status", "deployment_start", "deployment_status", "deployment_list"]
)
def test_a_namespace_that_is_not_there_is_told_to_whoever_may_work_anywhere(
    place: Any, act: Act, package: Callable[..., str], monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    """To look into a namespace that is not there is no error to the API server."""
    monkeypatch.setenv("KUBECONFIG", place.variables["KUBECONFIG"])
    context = yaml.safe_load(Path(place.variables["KUBECONFIG"]).read_text())["current-context"]
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    settings = {"kubeConfigContext": context, "kubeNamespace": f"{place.namespace}-nowhere"}
    told = refused(act, action, info, **settings)
    assert f'namespaces "{place.namespace}-nowhere" not found; create it, or correct kubeNamespace' in told


@pytest.mark.parametrize("action", ["plugin_start", "pe_status"])
def test_a_namespace_that_is_not_this_users_is_told(place: Any, act: Act, action: str) -> None:
    assert refused(act, action, kubeNamespace="kube-public") == (
        "this user may not do anything that is needed in namespace kube-public; grant it with deploy/role.yaml, or "
        "correct kubeNamespace"
    )


def test_pe_status_says_nothing_of_deployments_where_the_api_server_is_away(
    place: Any, act: Act, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = yaml.safe_load(place.kubeconfig.read_text())
    cluster(server="https://127.0.0.1:9")(config)
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    seen = act("pe_status", pe={"deployments": ["d1"]})
    assert (seen["status"], "nothing listens there" in seen["msg"]) == ("failing", True)
    entry = seen["data"]["deploymentsStatus"]["d1"]
    assert (entry["status"], entry["state"]) == ("unknown", "unknown")
