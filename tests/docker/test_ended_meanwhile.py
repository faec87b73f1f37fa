"""Shared parts that end while an action is under way: told in one line, the old model untouched, healed by the next."""

import http.client
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bosun_core.reporting import listen

pytestmark = pytest.mark.docker

Act = Callable[..., dict[str, Any]]
TOKEN = "planted-token-77c0"
PIECES = 5_000_000  # bytes, more than are on their way at once


@pytest.fixture
def at_step() -> Any:
    """Does something once, when an action tells of a step."""
    ends: list[Callable[[], None]] = []

    def when(step: str, work: Callable[[], object]) -> None:
        done = threading.Event()

        def told(what: str, *_: object) -> None:
            if what == step and not done.is_set():
                done.set()
                work()

        ends.append(listen(told))

    yield when
    for end in ends:
        end()


def left(place: Any) -> list[str]:
    return sorted(name.removeprefix(place.prefix) for name in place.containers())


@pytest.mark.parametrize("how", ["kill", "rm"])
@pytest.mark.parametrize("action", ["deployment_start", "deployment_replace_model", "deployment_relaunch"])
def test_a_proxy_that_ends_under_an_action(
    clean: Any,
    act: Act,
    package: Callable[..., str],
    predict: Callable[..., str],
    at_step: Any,
    until: Callable[..., Any],
    action: str,
    how: str,
) -> None:
    url = f"{clean.url}/deployments/d1/predictions"
    act("plugin_start", restartPolicy="never")
    if action != "deployment_start":
        act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, restartPolicy="never")
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("B"), "newModelId": "B"}
    words = [*how.split(), *(["--force"] if how == "rm" else []), clean.proxy]
    at_step("wait until it answers", lambda: clean(*words))
    status = act(action, info, restartPolicy="never")
    assert (status["status"], "; run plugin_start" in status["msg"]) == ("failing", True), status
    whole = act("pe_status", restartPolicy="never")
    if action != "deployment_start":
        assert (whole["status"], whole["msg"]) == (
            "failing",
            f"the proxy {clean.proxy} does not run; plugin_start brings it up",
        )
    assert act("plugin_start", restartPolicy="never")["status"] == "passing"
    if action != "deployment_start":
        assert until(lambda: predict(url)) == "A"
        assert left(clean) == ["deployment_d1_A", "traefik"]
    assert act(action, info, restartPolicy="never")["status"] == "passing"
    assert predict(url) == ("B" if action == "deployment_replace_model" else "A")


def test_a_proxy_that_takes_no_route_is_told_with_its_limit_and_healed_by_the_same_action(
    clean: Any, act: Act, package: Callable[..., str], predict: Callable[..., str], at_step: Any
) -> None:
    started = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    info = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B")}
    at_step(f"switch {clean.url}/deployments/d1 to it", lambda: clean("pause", clean.proxy))
    status = act("deployment_replace_model", info, proxyLimit=2)
    clean("unpause", clean.proxy)
    assert status["status"] == "failing"
    assert f"the proxy {clean.proxy} has not taken the new route within 2 s (proxyLimit)" in status["msg"]
    assert act("deployment_replace_model", info)["status"] == "passing"
    assert (predict(started["data"]["predictionUrl"]), left(clean)) == ("B", ["deployment_d1_B", "traefik"])


def test_a_proxy_that_is_replaced_leads_to_the_models_when_plugin_start_ends(
    clean: Any, act: Act, package: Callable[..., str]
) -> None:
    act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    codes = []
    for number in range(8):
        assert "replaced container" in act("plugin_start", logMaxFiles=4 + number % 2)["msg"]
        link = http.client.HTTPConnection("127.0.0.1", clean.port, timeout=10)
        link.request("GET", "/deployments/d1/ping")
        codes.append(link.getresponse().status)
        link.close()
    assert codes == [http.client.OK] * 8


CHANGES = {
    "grows": lambda path: os.truncate(path, PIECES + 1),
    "shrinks": lambda path: os.truncate(path, PIECES // 2),
    "is written over": lambda path: path.write_bytes(b"x" * PIECES),
}


@pytest.mark.parametrize("how", CHANGES)
def test_a_package_that_changes_while_it_is_sent(
    clean: Any, act: Act, predict: Any, package: Callable[..., str], at_step: Any, tmp_path: Path, how: str
) -> None:
    act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    path = tmp_path / "large.mlpkg"
    path.write_bytes(os.urandom(PIECES))
    at_step("sending the package", lambda: CHANGES[how](path))
    before = left(clean), clean.images()
    status = act(
        "deployment_replace_model", {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": str(path)}
    )
    assert (status["status"], status["msg"]) == (
        "failing",
        f"package {path} changed while it was read; run the action again",
    )
    assert (left(clean), clean.images()) == before
    assert predict(f"{clean.url}/deployments/d1/predictions") == "A"


def test_a_broker_that_is_killed_under_an_action_does_not_fail_it_and_the_next_heals_it(
    place: Any, act: Act, package: Callable[..., str], predict: Any, at_step: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.clear()
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)
    more = {
        "plugin_config": {"mlopsUrl": "http://127.0.0.1:9"},
        "agentImage": place.variables["BOSUN_TEST_AGENT_IMAGE"],
        "restartPolicy": "never",
    }
    act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, **more)
    at_step("wait until it answers", lambda: place("kill", f"{place.prefix}rabbitmq"))
    info = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B")}
    assert act("deployment_replace_model", info, **more)["status"] == "passing"
    assert predict(f"{place.url}/deployments/d1/predictions") == "B"
    told = act("pe_status", **more)
    assert (told["status"], f"{place.prefix}rabbitmq does not run, so nothing is monitored" in told["msg"]) == (
        "warning",
        True,
    )
    assert act("deployment_relaunch", {"id": "d1"}, **more)["status"] == "passing"
    assert act("pe_status", **more)["status"] == "passing"
    place.clear()


def test_a_broker_that_never_answers_is_told_with_its_limit_and_leaves_predictions_alone(
    place: Any, act: Act, package: Callable[..., str], predict: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.clear()
    act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)
    more = {
        "plugin_config": {"mlopsUrl": "http://127.0.0.1:9"},
        "agentImage": place.variables["BOSUN_TEST_AGENT_IMAGE"],
    }
    never = {**more, "rabbitmqImage": place.variables["BOSUN_TEST_PPS_IMAGE"], "brokerLimit": 2}
    status = act("plugin_start", **never)
    assert (status["status"], status["msg"].splitlines()) == ("failing", [status["msg"]])
    assert f"container {place.prefix}rabbitmq does not answer within 2 s (brokerLimit)" in status["msg"]
    assert predict(f"{place.url}/deployments/d1/predictions") == "A"
    ends = f"{place.prefix}ends:1"
    made = place("create", place.variables["BOSUN_TEST_PYTHON_IMAGE"], "false")
    place("commit", "--change=ENTRYPOINT false", made, ends)
    place("rm", made)
    status = act("plugin_start", **{**more, "agentImage": ends}, restartPolicy="never")
    place("image", "rm", "--force", ends)
    told = f"container {place.prefix}monitoring_agent ended with exit code 1; it wrote nothing"
    assert (status["status"], status["msg"]) == ("failing", told)
    assert act("plugin_start", **more)["status"] == "passing"
    assert left(place) == ["deployment_d1_A", "monitoring_agent", "rabbitmq", "traefik"]
    place.clear()
