"""Bad models in the shared server, and a server that fails: one line, what is old serves, nothing is left."""

import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bosun_test.conformance.load import Load
from killing import make_larger

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

Act = Callable[..., dict[str, Any]]


@pytest.fixture
def bad(package: Callable[..., str], tmp_path: Path) -> Callable[[str], str]:
    """Makes the package of a bad model."""

    def make(case: str) -> str:
        if case != "cannot load":
            return package("B", **BAD[case][0])
        path = tmp_path / "broken.mlpkg"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("model.json", "{")
        return str(path)

    return make


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "cannot load": ({}, r"B of deployment d1 cannot be loaded by \S+: it answers 500, .*model.json is no JSON"),
    "is never ready": ({"load_seconds": 1000}, r"B of deployment d1 did not answer /info with 200 within 3 s"),
    "crashes": (
        {"crash_at_start": True},
        r"B of deployment d1 took \S+ down, .*: it ended with exit code 70; its last",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_new_model_leaves_the_old_one_serving_and_nothing_else(
    shared: Any, act: Act, package: Callable[..., str], bad: Any, predict: Callable[..., str], case: str
) -> None:
    url = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})["data"]["predictionUrl"]
    act("deployment_start", {"id": "d2", "modelId": "A2", "modelArtifact": package("A")})
    before = shared.left(), shared.models(), shared.server_id()
    info = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": bad(case)}
    with Load(lambda: predict(url), threads=2) as load:
        assert load.flowing()
        status = act("deployment_replace_model", info, readinessLimit=3)
    assert (status["status"], status["state"], status["data"]) == (
        "failing",
        "errored",
        {"oldModelInUse": True, "currentModelId": "A"},
    )
    assert re.search(BAD[case][1], status["msg"]), status["msg"]
    if case != "crashes":  # it takes the others with it, until the server is back
        assert ([one.fault for one in load.failed()], {one.model for one in load.samples}) == ([], {"A"})
    assert (predict(url), predict(url.replace("d1", "d2"))) == ("A", "A2")
    assert (shared.left(), shared.models(), shared.server_id()) == before


@pytest.mark.parametrize("case", BAD)
def test_a_bad_first_model_leaves_nothing(shared: Any, act: Act, bad: Any, case: str) -> None:
    status = act("deployment_start", {"id": "d1", "modelId": "B", "modelArtifact": bad(case)}, readinessLimit=3)
    assert (status["status"], status["state"], status["data"]) == ("failing", "errored", None)
    assert re.search(BAD[case][1], status["msg"]), status["msg"]
    assert shared.left() == (["traefik"], 0, 0)


ENDED = """
import os, signal
from bosun_core.cli import console
from bosun_core.reporting import listen
listen(lambda step, *_: step == "sending the package" and os.kill(os.getpid(), signal.SIGTERM))
console()
"""


def test_a_start_that_is_told_to_end_while_its_package_is_sent_leaves_nothing(
    shared: Any, act: Act, begin: Callable[..., Any], package: Callable[..., str], predict: Callable[..., str]
) -> None:
    url = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})["data"]["predictionUrl"]
    before = shared.left(), shared.models()
    info = {"id": "d2", "modelId": "B", "modelArtifact": make_larger(package("B"))}
    told = begin("deployment_start", info, program=(sys.executable, "-c", ENDED), modelServing="shared")()
    assert (told["status"], told["msg"]) == ("failing", "the action was ended by SIGTERM; run it again")
    assert (shared.left(), shared.models(), predict(url)) == (*before, "A")


def test_a_server_that_its_policy_does_not_start_again_is_started_for_the_others(
    shared: Any, act: Act, package: Callable[..., str], bad: Any, predict: Callable[..., str]
) -> None:
    url = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, restartPolicy="never")[
        "data"
    ]["predictionUrl"]
    info = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": bad("crashes")}
    assert act("deployment_replace_model", info, restartPolicy="never")["data"]["oldModelInUse"]
    assert predict(url) == "A"


@pytest.mark.parametrize("harm", ["kill", "rm"])
@pytest.mark.parametrize(
    "heal", ["plugin_start", "deployment_start", "deployment_relaunch", "deployment_replace_model"]
)
def test_a_server_that_went_is_told_and_healed(
    shared: Any, act: Act, package: Callable[..., str], predict: Callable[..., str], harm: str, heal: str
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    url = act("deployment_start", info)["data"]["predictionUrl"]
    other = act("deployment_start", {**info, "id": "d2", "modelId": "A2"})["data"]["predictionUrl"]
    shared.place(*{"kill": ["kill"], "rm": ["rm", "--force"]}[harm], shared.server())
    told = {"kill": "has ended (exit code 137); run plugin_start", "rm": "shares is gone; run plugin_start"}[harm]
    status, whole = act("deployment_status", {"id": "d1"}), act("pe_status", pe={"deployments": ["d1", "d2"]})
    assert (status["status"], told in status["msg"]) == ("failing", True), status["msg"]
    assert (whole["status"], whole["msg"]) == ("warning", "failing: d1, d2")
    healing = {"id": "d1"} if heal == "deployment_relaunch" else info
    if heal == "deployment_replace_model":
        healing = {**info, "newModelId": "B", "modelArtifact": package("B")}
    status = act(heal, None if heal == "plugin_start" else healing)
    assert status["status"] == "passing", status["msg"]
    expected = "B" if heal == "deployment_replace_model" else "A"
    assert (predict(url), predict(other)) == (expected, "A2")
    assert shared.left() == ([f"deployment_d1_{expected}", "deployment_d2_A2", "traefik"], 2, 2)
    assert act("pe_status", pe={"deployments": ["d1", "d2"]})["status"] == "passing"


def test_a_stop_needs_no_server(shared: Any, act: Act, package: Callable[..., str]) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    act("deployment_start", info)
    name = shared.server()
    shared.place("kill", name)
    assert act("deployment_stop", {"id": "d1"})["status"] == "passing"
    assert act("deployment_list")["data"] == {}
    assert act("plugin_stop")["status"] == "passing"
    assert (shared.place.containers(), shared.place.volumes()) == ({}, [])
