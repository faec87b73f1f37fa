"""Monitoring: a prediction at the endpoint ends as a message that the monitoring agent read."""

import functools
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.docker

TOKEN = "planted-token-5d1c77"
CONFIG = {  # what a real agent sends, and nothing of ours
    "MLOPS_BOSUN_PRED_ENV_TYPE": "docker",
    "MLOPS_BOSUN_PRED_ENV_PLATFORM": "os",
    "MLOPS_BOSUN_PRED_ENV_ENABLE_MONITORING": True,
    "MLOPS_BOSUN_MONITORING_URL": "http://127.0.0.1:9",
}
BROKER_SECONDS = 60


@pytest.fixture
def monitored(place: Any, act: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs an action with all that monitoring needs."""
    if not place.variables["BOSUN_TEST_AGENT_IMAGE"].startswith("bosun-test/"):
        pytest.skip("BOSUN_TEST_AGENT_IMAGE is not the stand-in: only that shows what it recorded")
    monkeypatch.setenv("MLOPS_API_TOKEN", TOKEN)
    image = place.variables["BOSUN_TEST_AGENT_IMAGE"]
    return lambda *words, **more: act(*words, plugin_config=CONFIG, **{"agentImage": image, **more})


def messages(place: Any, deployment: str) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in place("logs", f"{place.prefix}monitoring_agent").splitlines()]
    return [(one["deploymentId"], one["modelId"]) for one in lines if one["deploymentId"] == deployment]


def ids(place: Any) -> dict[str, str]:
    return {name.removeprefix(place.prefix): one for name, one in place.containers().items()}


@pytest.mark.parametrize("mode", ["dedicated", "shared"])
def test_predictions_reach_the_agent_through_start_replacement_and_stop(
    place: Any,
    monitored: Any,
    package: Callable[..., str],
    predict: Callable[..., str],
    until: Callable[..., Any],
    mode: str,
) -> None:
    place.clear()
    monitored = functools.partial(monitored, modelServing=mode)
    began = time.monotonic()
    assert monitored("plugin_start")["status"] == "passing"
    print(f"plugin_start with monitoring took {time.monotonic() - began:.1f} s")
    before = ids(place)
    parts = [name.partition("_")[0] if name.startswith("pps_") else name for name in sorted(before)]
    assert parts == ["monitoring_agent", *(["pps"] if mode == "shared" else []), "rabbitmq", "traefik"]
    assert monitored("plugin_start")["status"] == "passing"
    assert ids(place) == before
    url = monitored("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})["data"][
        "predictionUrl"
    ]
    predict(url)
    assert until(lambda: messages(place, "d1"), BROKER_SECONDS) == [("d1", "A")]
    info = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B")}
    assert monitored("deployment_replace_model", info)["status"] == "passing"
    predict(url)
    assert until(lambda: messages(place, "d1")[1:], BROKER_SECONDS) == [("d1", "B")]
    assert monitored("plugin_stop")["status"] == "passing"
    assert {name: ids(place).get(name) for name in before} == before
    monitored("deployment_stop", {"id": "d1"})
    began = time.monotonic()
    assert monitored("plugin_stop")["status"] == "passing"
    print(f"plugin_stop took {time.monotonic() - began:.1f} s")
    assert (place.containers(), place.volumes(), place.images()) == ({}, [], [])


def test_a_changed_setting_replaces_only_what_it_changes(place: Any, monitored: Any) -> None:
    place.clear()
    monitored("plugin_start")
    before = ids(place)
    monitored("plugin_start", rabbitmqPortMapping={"15672": place.other_port()})
    after = ids(place)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"rabbitmq"}
    place.clear()


def test_a_new_broker_that_does_not_come_up_gives_its_place_back_and_no_message_is_lost(
    place: Any, monitored: Any, package: Callable[..., str], predict: Callable[..., str], until: Callable[..., Any]
) -> None:
    place.clear()
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    url = monitored("deployment_start", info)["data"]["predictionUrl"]
    place("stop", f"{place.prefix}monitoring_agent")
    predict(url)
    before = ids(place)
    other = {"rabbitmqPortMapping": {"15672": f"192.0.2.1:{place.other_port()}"}}
    no_broker = {"rabbitmqImage": place.variables["BOSUN_TEST_PPS_IMAGE"]}
    for settings in (other, no_broker):
        status = monitored("plugin_start", **settings)
        assert (status["status"], ids(place)) == ("failing", before), status
    assert monitored("plugin_start")["status"] == "passing"
    predict(url)
    assert until(lambda: messages(place, "d1")[1:], BROKER_SECONDS) == [("d1", "A")]
    place.clear()


def test_a_new_agent_that_does_not_come_up_gives_its_place_back(place: Any, monitored: Any) -> None:
    place.clear()
    monitored("plugin_start")
    before = ids(place)
    status = monitored("plugin_start", agentImage=place.variables["BOSUN_TEST_TRAEFIK_IMAGE"], brokerLimit=5)
    assert (status["status"], ids(place)) == ("failing", before), status
    place.clear()


def test_a_proxy_that_does_not_come_up_leaves_no_broker(place: Any, monitored: Any) -> None:
    place.clear()
    status = monitored("plugin_start", traefikPortMapping={"80": f"192.0.2.1:{place.other_port()}"})
    assert (status["status"], place.containers(), place.volumes()) == ("failing", {}, []), status


def test_a_killed_broker_is_told_and_healed(place: Any, monitored: Any) -> None:
    place.clear()
    monitored("plugin_start")
    before = ids(place)
    place("kill", f"{place.prefix}rabbitmq")
    status = monitored("pe_status")
    assert (status["status"], f"{place.prefix}rabbitmq does not run" in status["msg"]) == ("warning", True)
    assert monitored("plugin_start")["status"] == "passing"
    assert (ids(place), monitored("pe_status")["status"]) == (before, "passing")
    place.clear()


def test_a_broker_and_an_agent_that_were_removed_are_told(place: Any, monitored: Any) -> None:
    place.clear()
    assert monitored("plugin_start")["status"] == "passing"
    missing = [f"{place.prefix}rabbitmq", f"{place.prefix}monitoring_agent"]
    place("rm", "--force", *missing)
    status = monitored("pe_status")
    told = "; ".join(f"{name} does not run, so nothing is monitored; run plugin_start" for name in missing)
    assert (status["status"], status["msg"]) == ("warning", told)
    assert monitored("plugin_start")["status"] == "passing"
    assert monitored("pe_status")["status"] == "passing"
    place.clear()


def test_a_broker_may_take_longer_to_start_than_the_engine_to_answer(place: Any, monitored: Any) -> None:
    place.clear()
    status = monitored("plugin_start", engineLimit=4)
    assert status["status"] == "passing", status
    place.clear()


def test_plugin_start_waits_for_a_broker_that_is_starting_again(place: Any, monitored: Any) -> None:
    place.clear()
    monitored("plugin_start")
    place("restart", f"{place.prefix}rabbitmq")
    assert monitored("plugin_start")["status"] == "passing"
    words = ["rabbitmqctl", "--quiet", "list_queues", "name", "consumers"]
    assert place("exec", f"{place.prefix}rabbitmq", *words).split()[-2:] == ["bosun-monitoring", "1"]
    place.clear()


def test_the_token_stands_in_the_agents_variables_alone(
    place: Any, monitored: Any, package: Callable[..., str]
) -> None:
    place.clear()
    told = [
        monitored("plugin_start"),
        monitored("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}),
        monitored("pe_status"),
    ]
    names = [name for name in place.containers() if TOKEN in place("inspect", name) + place("logs", name)]
    assert names == [f"{place.prefix}monitoring_agent"]
    inspected = json.loads(place("inspect", names[0]))[0]
    assert TOKEN not in json.dumps([inspected["Config"]["Labels"], inspected["Config"]["Cmd"], inspected["Args"]])
    assert TOKEN not in json.dumps(told)
    place.clear()


def test_plugin_stop_tells_what_it_removed_and_what_stays(
    place: Any, act: Callable[..., Any], monitored: Any, package: Callable[..., str]
) -> None:
    place.clear()
    act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    monitored("plugin_start")
    removed = [
        f"removed {one}" for one in ("container {}monitoring_agent", "container {}rabbitmq", "volume {}rabbitmq")
    ]
    told = "; ".join([f"the proxy {place.proxy} stays: models are served", *removed]).replace("{}", place.prefix)
    assert act("plugin_stop")["msg"] == told
    place.clear()


MISSING = "missing is MLOPS_API_TOKEN (environment variable)"


@pytest.fixture
def without_token(place: Any, act: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs an action that is to monitor what it makes, without the token for it."""
    place.clear()
    monkeypatch.delenv("MLOPS_API_TOKEN", raising=False)
    image = place.variables["BOSUN_TEST_AGENT_IMAGE"]
    return lambda *words, **more: act(*words, agentImage=image, plugin_config=CONFIG, **more)


def test_without_a_token_everything_else_works_and_each_action_that_makes_something_warns(
    place: Any, without_token: Callable[..., Any], package: Callable[..., str]
) -> None:
    start = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    replacement = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B")}
    for action, info in (
        ("plugin_start", None),
        ("deployment_start", start),
        ("deployment_start", start),  # nothing changes, and nothing is monitored still
        ("deployment_replace_model", replacement),
        ("deployment_relaunch", {"id": "d1"}),
    ):
        for dry_run in (True, False):
            status = without_token(action, info, dry_run=dry_run)
            assert (status["status"], status["msg"].count(MISSING)) == ("warning", 1), (action, dry_run, status)
    assert without_token("pe_status")["status"] == "warning"
    assert without_token("deployment_status", {"id": "d1"})["status"] == "passing"  # it serves
    assert sorted(ids(place)) == ["deployment_d1_B", "traefik"]
    place.clear()


def test_where_monitoring_is_off_nothing_is_missing(
    place: Any, without_token: Callable[..., Any], act: Callable[..., Any]
) -> None:
    image = place.variables["BOSUN_TEST_AGENT_IMAGE"]
    for off in (False, "false", "False"):
        config = {"MLOPS_BOSUN_PRED_ENV_ENABLE_MONITORING": off}
        assert act("plugin_start", agentImage=image, plugin_config=config)["status"] == "passing"
    place.clear()


def test_a_dry_run_plans_broker_and_agent_by_what_an_agent_sends(place: Any, monitored: Any) -> None:
    place.clear()
    plan = monitored("plugin_start", dry_run=True)["data"]["plan"]
    made = [step.removeprefix(f"create container {place.prefix}") for step in plan if step.startswith("create c")]
    assert made == ["traefik", "rabbitmq", "monitoring_agent"]


def test_the_agent_reports_to_the_address_that_was_sent(place: Any, monitored: Any) -> None:
    place.clear()
    monitored("plugin_start")
    variables = place("inspect", "--format={{json .Config.Env}}", f"{place.prefix}monitoring_agent")
    assert "MLOPS_SERVICE_URL=http://127.0.0.1:9" in json.loads(variables)
    place.clear()
