"""What a user meets when something is wrong: one line that says what to do, the old model serving, nothing left."""

import re
import socket
from collections.abc import Callable
from typing import Any

import pytest
from bosun_test.conformance.load import Load

pytestmark = pytest.mark.docker

Act = Callable[..., dict[str, Any]]


def left(place: Any) -> tuple[list[str], int, int]:
    """Names of containers, number of generated images and of routes."""
    names = [name.removeprefix(place.prefix) for name in place.containers()]
    return sorted(names), len(place.images()), len(place.route_files())


BAD_MODELS = {
    "does not start": ({"crash_at_start": True}, {}, r"ended with exit code 70; its last lines: .*crash"),
    "crashes after 1 s": ({"crash_after_seconds": 1}, {}, r"ended with exit code 70"),
    "is never ready": ({"fail_ping": True}, {}, r"did not answer /ping with 200 within 3 s \(readinessLimit\)"),
    "hangs": ({"hang_ping": True}, {}, r"did not answer /ping with 200 within 3 s \(readinessLimit\)"),
    "runs out of memory": ({}, {"memory": "6m"}, r"(ran out of memory|was killed) \(exit code 137\).*; give it more"),
}


@pytest.mark.parametrize("case", BAD_MODELS)
def test_a_bad_new_model_leaves_the_old_one_serving_and_nothing_else(
    clean: Any, act: Act, package: Callable[..., str], predict: Callable[..., str], case: str
) -> None:
    faults, values, _ = BAD_MODELS[case]
    url = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})["data"]["predictionUrl"]
    before = left(clean)
    info = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B", **faults)}
    with Load(lambda: predict(url), threads=2) as load:
        assert load.flowing()
        # 1 s after it has loaded, which takes longer on a busy machine
        status = act("deployment_replace_model", {**info, "keyValueConfig": values}, readinessLimit=3, settleTime=3)
    assert (status["status"], status["state"], status["data"]) == (
        "failing",
        "errored",
        {"oldModelInUse": True, "currentModelId": "A"},
    )
    assert re.search(BAD_MODELS[case][2], status["msg"]), status["msg"]
    assert ([one.fault for one in load.failed()], {one.model for one in load.samples}) == ([], {"A"})
    assert left(clean) == before


# A first start does not wait on after the first answer: nothing served before it.
@pytest.mark.parametrize("case", [case for case in BAD_MODELS if case != "crashes after 1 s"])
def test_a_bad_first_model_leaves_nothing(clean: Any, act: Act, package: Callable[..., str], case: str) -> None:
    faults, values, message = BAD_MODELS[case]
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A", **faults), "keyValueConfig": values}
    # Where the container tells what is wrong, the limit is not waited for: the message would be about it.
    status = act("deployment_start", info, readinessLimit=3 if "readinessLimit" in message else 60)
    assert (status["status"], status["state"], status["data"]) == ("failing", "errored", None)
    assert re.search(message, status["msg"]), status["msg"]
    assert left(clean) == (["traefik"], 0, 0)


def test_a_container_that_dies_later_is_told_by_status_and_pe_status(
    clean: Any, act: Act, package: Callable[..., str], until: Callable[..., Any]
) -> None:
    act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, restartPolicy="never")
    clean("kill", f"{clean.prefix}deployment_d1_A")
    status = act("deployment_status", {"id": "d1"})
    whole = act("pe_status", pe={"deployments": ["d1"]})
    assert (status["status"], status["state"]) == ("failing", "errored")
    assert "has ended (exit code 137); relaunch it" in status["msg"]
    assert (whole["status"], whole["msg"]) == ("warning", "failing: d1")
    again = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, restartPolicy="never")
    assert (again["status"], again["state"]) == ("passing", "ready")


def test_pe_status_without_a_list_warns_of_a_stopped_container_and_names_its_deployment(
    clean: Any, act: Act, package: Callable[..., str]
) -> None:
    for name in ("d1", "d2"):
        info = {"id": name, "modelId": "A", "modelArtifact": package("A")}
        act("deployment_start", info, restartPolicy="never")
    assert act("pe_status", restartPolicy="never")["status"] == "passing"
    clean("stop", f"{clean.prefix}deployment_d1_A")
    whole = act("pe_status", restartPolicy="never")
    assert (whole["status"], whole["msg"]) == ("warning", "failing: d1")
    found = {name: one["status"] for name, one in whole["data"]["deploymentsStatus"].items()}
    assert found == {"d1": "failing", "d2": "passing"}


def test_without_an_engine_each_listed_deployment_is_unknown(act: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    whole = act("pe_status", pe={"deployments": ["d1"]})
    entry = whole["data"]["deploymentsStatus"]["d1"]
    assert (whole["status"], entry["status"], entry["state"]) == ("failing", "unknown", "unknown")


def test_an_image_that_is_neither_here_nor_to_be_pulled_is_told(
    clean: Any, act: Act, package: Callable[..., str]
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    status = act("deployment_start", info, ppsBaseImage="127.0.0.1:1/nowhere/pps:1")
    assert status["status"] == "failing"
    assert status["msg"].startswith("ppsBaseImage: cannot pull image 127.0.0.1:1/nowhere/pps:1: ")
    assert "docker load" in status["msg"]
    assert left(clean) == (["traefik"], 0, 0)


def test_a_package_of_no_bytes_is_refused(clean: Any, act: Act, tmp_path: Any) -> None:
    empty = tmp_path / "empty.mlpkg"
    empty.touch()
    status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": str(empty)})
    assert status["msg"] == f"modelArtifact {empty} is empty; fetch the model package again"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("modelExecutionType", "quantum", "modelExecutionType quantum is not known here; it may be dedicated"),
        ("modelFormat", "parchment", "modelFormat parchment is not known here; it may be datarobot"),
        ("keyValueConfig", {"memory": "much"}, "keyValueConfig.memory is 'much'; write say 512m or 2g"),
    ],
)
def test_what_the_action_file_has_wrong_is_told(
    clean: Any, act: Act, package: Callable[..., str], key: str, value: Any, message: str
) -> None:
    status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A"), key: value})
    assert (status["status"], status["msg"].startswith(message)) == ("failing", True), status["msg"]


def test_a_key_value_that_is_not_known_is_mentioned(clean: Any, act: Act, package: Callable[..., str]) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A"), "keyValueConfig": {"key1": "x"}}
    status = act("deployment_start", info)
    assert (status["status"], status["msg"]) == (
        "passing",
        "deployment d1 serves model A; keyValueConfig has keys that are not known here and were ignored: key1",
    )


@pytest.mark.parametrize("action", ["plugin_start", "pe_status", "deployment_list"])
@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("unix:///nowhere/docker.sock", "no engine is at /nowhere/docker.sock; start Docker, or let DOCKER_HOST"),
        ("tcp://127.0.0.1:1", "nothing listens at tcp://127.0.0.1:1; start Docker, or let DOCKER_HOST"),
    ],
)
def test_without_an_engine_every_action_says_where_it_looked(
    clean: Any, act: Act, monkeypatch: pytest.MonkeyPatch, action: str, host: str, message: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    status = act(action)
    assert (status["status"], status["msg"].startswith(message)) == ("failing", True), status["msg"]


def test_without_the_certificate_the_engine_by_tls_is_told(
    clean: Any, act: Act, monkeypatch: pytest.MonkeyPatch, docker_variables: dict[str, str]
) -> None:
    host = docker_variables.get("BOSUN_TEST_DOCKER_TLS_HOST")
    if host is None:
        pytest.skip("this engine is not the testbed's own: BOSUN_TEST_DOCKER_TLS_HOST names no TLS listener")
    monkeypatch.setenv("DOCKER_HOST", host)
    monkeypatch.delenv("DOCKER_TLS_VERIFY", raising=False)
    assert act("plugin_start")["msg"] == f"the engine at {host} wants TLS; set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH"


def test_a_missing_network_is_told_with_the_command(clean: Any, act: Act) -> None:
    status = act("plugin_start", dockerNetwork="nowhere")
    assert status["msg"] == (
        "the network nowhere is not there; run `docker network create nowhere`, or set createNetwork: true"
    )


def test_a_port_that_a_program_has_taken_is_told(place: Any, act: Act) -> None:
    place.clear()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("0.0.0.0", place.port))
        listener.listen()
        status = act("plugin_start")
    assert status["msg"] == (
        f"port {place.port} of the engine's machine is taken by a program outside Docker; "
        "end that, or change traefikPortMapping"
    )
    assert (place.containers(), act("plugin_start")["status"]) == ({}, "passing")


def test_a_port_that_a_container_has_taken_is_told_with_its_name(place: Any, act: Act) -> None:
    place.clear()
    other = f"other-{place.network}"
    image = place.variables["BOSUN_TEST_PPS_IMAGE"]
    place("run", "--detach", f"--name={other}", f"--publish={place.port}:8080", image)
    try:
        status = act("plugin_start")
    finally:
        place("rm", "--force", other)
    assert status["msg"] == (
        f"port {place.port} of the engine's machine is taken by container {other}; "
        "end that, or change traefikPortMapping"
    )


def test_a_name_that_somebody_else_has_is_told_and_left_alone(
    place: Any, act: Act, package: Callable[..., str]
) -> None:
    place.clear()
    theirs = place("create", f"--name={place.proxy}", place.variables["BOSUN_TEST_PPS_IMAGE"])
    status = act("plugin_start")
    assert status["msg"] == (
        f"container {place.proxy} is there and is not ours; remove it, or choose another containerNamePrefix"
    )
    assert place.containers() == {place.proxy: theirs}
    place.clear()
    name = f"{place.prefix}deployment_d1_A"
    place("create", f"--name={name}", place.variables["BOSUN_TEST_PPS_IMAGE"])
    status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    assert status["msg"].startswith(f"container {name} was not made by this Bosun (docs/migrate.md)")
    unmanaged = act("pe_status")
    assert (unmanaged["status"], name in unmanaged["msg"], "unmanaged" in unmanaged["msg"]) == ("warning", True, True)
    place.clear()
