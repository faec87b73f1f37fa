"""The shared server as a part of the place: brought up, replaced beside the old one, taken down."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from bosun_core.runner import ActionRequest, run_action
from bosun_test.conformance.load import Load

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

Act = Callable[..., dict[str, Any]]

MANY_ROUTES = 1000


def test_plugin_start_brings_it_up_once_and_plugin_stop_takes_it_down(shared: Any, act: Act) -> None:
    assert act("plugin_start")["status"] == "passing"
    before = shared.ids()
    assert (act("plugin_start")["status"], shared.ids()) == ("passing", before)
    assert act("plugin_stop")["status"] == "passing"
    assert (shared.place.containers(), shared.place.volumes()) == ({}, [])


def test_changed_settings_replace_it_and_lose_no_request(
    shared: Any, act: Act, package: Callable[..., str], predict: Callable[..., str]
) -> None:
    urls = []
    for name in ("d1", "d2"):
        info = {"id": name, "modelId": f"A-{name}", "modelArtifact": package("A", load_seconds=0.5)}
        urls.append(act("deployment_start", info)["data"]["predictionUrl"])
    old = shared.server_id()
    image = f"{shared.place.prefix}other".replace("_", "-")
    shared.place("tag", shared.place.variables["BOSUN_TEST_PPS_IMAGE"], image)
    loads = [Load(lambda url=url: predict(url), threads=2) for url in urls]
    slow = Load(lambda: predict(f"{urls[0]}?delay=2"), threads=4)
    with loads[0], loads[1], slow:
        assert all(load.flowing() for load in (*loads, slow))
        assert act("plugin_start")["status"] == "passing"
        assert shared.server_id() == old
        status = act("plugin_start", ppsBaseImage=image)
        assert (status["status"], f"replaced container {shared.server()}" in status["msg"]) == ("passing", True)
    assert shared.server_id() != old
    assert [one.fault for load in (*loads, slow) for one in load.failed()] == []
    assert [predict(url) for url in urls] == ["A-d1", "A-d2"]
    assert shared.left() == (["deployment_d1_A-d1", "deployment_d2_A-d2", "traefik"], 2, 2)
    assert act("plugin_start", ppsBaseImage=image)["msg"].count("container") == 0
    shared.place("image", "rm", image)


def test_a_proxy_that_reads_its_routes_slowly_loses_no_request(
    shared: Any, act: Act, package: Callable[..., str], predict: Callable[..., str], request: pytest.FixtureRequest
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    url = act("deployment_start", info)["data"]["predictionUrl"]
    given = shared.place.variables["BOSUN_TEST_PPS_IMAGE"]
    other = f"{shared.place.prefix}slowly".replace("_", "-")
    shared.place("tag", given, other)
    request.addfinalizer(lambda: shared.place("image", "rm", "--force", other))
    shared.place.put_routes({"many.yml": routes_that_lead_nowhere(MANY_ROUTES)})
    with Load(lambda: predict(url), threads=4) as load:
        assert load.flowing()
        # Which of two routes leads is the proxy's free choice each time: one replacement alone may be lucky.
        for image in (other, given, other):
            assert act("plugin_start", ppsBaseImage=image)["status"] == "passing"
    print(f"{len(load.samples)} requests")
    assert [one.fault for one in load.failed()] == []


def routes_that_lead_nowhere(count: int) -> str:
    """A route file of many routes: the proxy takes as long for them as for those of many deployments."""
    router = {"service": "many", "entryPoints": ["probe"]}
    routers = {f"many-{number}": {**router, "rule": f"Path(`/many/{number}`)"} for number in range(count)}
    services = {"many": {"loadBalancer": {"servers": [{"url": "http://127.0.0.1:1"}]}}}
    return json.dumps({"http": {"routers": routers, "services": services}})


def test_a_new_server_that_does_not_come_up_leaves_the_old_one(
    shared: Any, act: Act, package: Callable[..., str], predict: Callable[..., str]
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    url = act("deployment_start", info)["data"]["predictionUrl"]
    before = shared.ids()
    status = act("plugin_start", ppsBaseImage=shared.place.variables["BOSUN_TEST_RABBITMQ_IMAGE"], readinessLimit=3)
    assert status["status"] == "failing"
    assert status["msg"].startswith(f"the shared prediction server {shared.server()} ")
    assert (predict(url), shared.ids()) == ("A", before)


def test_many_first_deployments_at_once_make_one_server(
    shared: Any, package: Callable[..., str], tmp_path: Path
) -> None:
    artifact = package("A")
    private = tmp_path / "docker.yaml"
    private.write_text(yaml.safe_dump(shared.place.settings(modelServing="shared")))
    statuses: list[dict[str, Any]] = []

    def start(name: str) -> None:
        config = tmp_path / f"{name}.yaml"
        info = {"id": name, "modelId": "A", "modelArtifact": artifact}
        config.write_text(yaml.safe_dump({"deploymentInfo": info}))
        statuses.append(run_action(ActionRequest("docker", "deployment_start", str(config), str(private), False)))

    threads = [threading.Thread(target=start, args=(f"d{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status["status"] for status in statuses} == {"passing"}, statuses
    assert shared.left()[1:] == (4, 4)


def test_a_marker_that_was_pruned_takes_no_model_out_of_service_and_a_start_mends_it(
    shared: Any, act: Act, package: Callable[..., str], predict: Callable[..., str]
) -> None:
    for name in ("d1", "d2"):
        act("deployment_start", {"id": name, "modelId": "A", "modelArtifact": package("A")})
    shared.place("rm", "--force", f"{shared.place.prefix}deployment_d1_A")
    assert "start it again" in act("deployment_status", {"id": "d1"})["msg"]
    assert act("plugin_start")["status"] == "passing"
    with Load(lambda: predict(f"{shared.place.url}/deployments/d1/predictions"), threads=2) as load:
        assert load.flowing()
        info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
        assert act("deployment_start", info)["status"] == "passing"
    assert [one.fault for one in load.failed()] == []
    assert len(shared.models()) == 3
    assert act("plugin_start")["status"] == "passing"
    assert shared.left() == (["deployment_d1_A", "deployment_d2_A", "traefik"], 2, 2)


def test_a_dry_run_tells_the_plan_and_changes_nothing(shared: Any, act: Act, package: Callable[..., str]) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    act("plugin_start", modelServing="dedicated")
    before = shared.ids()
    volume, name = bringing = act("plugin_start", dry_run=True)["data"]["plan"]
    assert name.startswith(f"create container {shared.place.prefix}pps_")
    assert volume.removeprefix("create volume ") == name.removeprefix("create container ")
    plan = act("deployment_start", info, dry_run=True)["data"]["plan"]
    marker = f"{shared.place.prefix}deployment_d1_A"
    assert (plan[:2], plan[2:]) == (
        bringing,
        [
            f"create container {marker}, which stands for the model",
            f"put the package into {name.removeprefix('create container ')}",
            "wait until it answers",
            f"switch {shared.place.url}/deployments/d1 to it",
            f"give container {marker} its name",
        ],
    )
    assert shared.ids() == before
    act("deployment_start", info)
    assert act("deployment_start", info, dry_run=True)["data"]["plan"] == []
    assert act("plugin_start", dry_run=True)["data"]["plan"] == []
    assert act("plugin_start", dry_run=True, ppsBaseImage="other")["data"]["plan"][-1] == (
        f"replace container {shared.server()}"
    )
    removed = act("deployment_stop", {"id": "d1"}, dry_run=True)["data"]["plan"]
    assert removed == [
        f"have {shared.place.url}/deployments/d1 lead nowhere",
        f"delete model A from {shared.server()}, and remove container {marker}",
    ]
    act("deployment_stop", {"id": "d1"})
    assert f"remove container {shared.server()}" in act("plugin_stop", dry_run=True)["data"]["plan"]
