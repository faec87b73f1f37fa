"""The engine ends and comes back, while models are served and while an action is under way."""

import signal
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.docker

Run = Callable[..., Callable[[], tuple[dict[str, Any], str]]]
URL = "http://127.0.0.1:8081/deployments/d1/predictions"
BACK_SECONDS = 60


def failed(told: tuple[dict[str, Any], str]) -> str:
    status, stderr = told
    assert (status["status"], stderr) == ("failing", f"bosun-plugin-runner: {status['msg']}\n")
    return str(status["msg"])


def passed(told: tuple[dict[str, Any], str]) -> dict[str, Any]:
    assert told[0]["status"] == "passing", told
    return told[0]


def answers(engine: Any, predict: Callable[..., str]) -> str | None:
    try:
        return str(engine.reach(lambda: predict(URL)).result())
    except OSError:
        return None


def test_an_engine_that_ended_is_told_and_back_again_all_serves(
    engine: Any, run: Run, package: Callable[..., str], predict: Callable[..., str], until: Callable[..., Any]
) -> None:
    passed(run("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})())
    assert answers(engine, predict) == "A"
    engine.end()
    for action in ("pe_status", "deployment_list", "plugin_start"):
        assert "start Docker, or let DOCKER_HOST or a Docker context name where it is" in failed(run(action)())
    engine.start(until)
    until(lambda: answers(engine, predict) == "A", BACK_SECONDS)
    passed(run("plugin_start")())
    assert passed(run("pe_status")())["msg"].endswith("1 deployment")


def test_with_nothing_started_again_by_the_engine_each_action_heals_its_part(
    engine: Any, run: Run, package: Callable[..., str], predict: Callable[..., str], until: Callable[..., Any]
) -> None:
    never = {"restartPolicy": "never", "containerNamePrefix": "never_"}
    run("deployment_stop", {"id": "d1"})()
    run("plugin_stop")()
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    passed(run("deployment_start", info, **never)())
    engine.end()
    engine.start(until)
    told = failed(run("pe_status", **never)())
    assert told == "the proxy never_traefik does not run; plugin_start brings it up"
    passed(run("plugin_start", **never)())
    assert "has ended (exit code" in failed(run("deployment_status", {"id": "d1"}, **never)())
    passed(run("deployment_relaunch", {"id": "d1"}, **never)())
    assert answers(engine, predict) == "A"
    run("deployment_stop", {"id": "d1"}, **never)()
    run("plugin_stop", **never)()
    assert engine("ps", "--all", "--quiet") == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_an_engine_that_ends_under_an_action_fails_it_in_one_line_and_the_same_again_converges(
    engine: Any,
    run: Run,
    package: Callable[..., str],
    predict: Callable[..., str],
    until: Callable[..., Any],
    number: signal.Signals,
) -> None:
    passed(run("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})())
    info = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B", load_seconds=3)}
    finish = run("deployment_replace_model", info)
    until(lambda: len(engine("ps", "--quiet", "--filter", "name=mlops_deployment_").split()) == 2)
    engine.end(number)
    told = failed(finish())
    assert "the engine" in told
    engine.start(until)
    assert passed(run("deployment_replace_model", info)())["data"]["currentModelId"] == "B"
    assert answers(engine, predict) == "B"
    names = engine("ps", "--all", "--format", "{{.Names}}").split()
    assert sorted(names) == ["mlops_deployment_d1_B", "mlops_traefik"]
    run("deployment_stop", {"id": "d1"})()
