"""`modelServing: shared`: several deployments in one prediction server, each behind its own endpoint."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from bosun_test.conformance.load import Load

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

Act = Callable[..., dict[str, Any]]


def test_deployments_share_one_server_through_start_replacement_relaunch_and_stop(
    clean: Any, shared: Any, act: Act, package: Callable[..., str], predict: Callable[..., str]
) -> None:
    urls = {}
    for name in ("d1", "d2", "d3"):
        status = act("deployment_start", {"id": name, "modelId": f"A-{name}", "modelArtifact": package("A")})
        assert (status["status"], status["state"]) == ("passing", "ready"), status
        urls[name] = status["data"]["predictionUrl"]
    assert {name: predict(url) for name, url in urls.items()} == {name: f"A-{name}" for name in urls}
    markers = [f"deployment_{name}_A-{name}" for name in urls]
    before = shared.server_id()
    assert shared.left() == ([*markers, "traefik"], 3, 3)
    assert act("deployment_status", {"id": "d1"})["data"]["workloads"] == [shared.server()]
    info = {"id": "d1", "modelId": "A-d1", "newModelId": "B", "modelArtifact": package("B")}
    assert act("deployment_replace_model", info)["status"] == "passing"
    assert act("deployment_relaunch", {"id": "d2"})["status"] == "passing"
    assert {name: predict(url) for name, url in urls.items()} == {"d1": "B", "d2": "A-d2", "d3": "A-d3"}
    assert shared.left() == (["deployment_d1_B", *markers[1:], "traefik"], 3, 3)
    listed = act("deployment_list")["data"]
    assert {name: (found["status"], found["data"]["currentModelId"]) for name, found in listed.items()} == {
        "d1": ("passing", "B"),
        "d2": ("passing", "A-d2"),
        "d3": ("passing", "A-d3"),
    }
    assert act("deployment_stop", {"id": "d3"})["status"] == "passing"
    assert shared.left() == (["deployment_d1_B", "deployment_d2_A-d2", "traefik"], 2, 2)
    assert shared.server_id() == before
    assert clean.images() == []
    assert act("plugin_stop")["status"] == "passing"
    assert {name: predict(urls[name]) for name in ("d1", "d2")} == {"d1": "B", "d2": "A-d2"}
    for name in ("d1", "d2"):
        act("deployment_stop", {"id": name})
    assert act("plugin_stop")["status"] == "passing"
    assert (clean.containers(), clean.volumes(), clean.images()) == ({}, [], [])


def test_the_endpoint_answers_as_it_does_in_a_container_of_its_own(
    clean: Any, shared: Any, act: Act, package: Callable[..., str]
) -> None:
    answers = {}
    for mode in ("dedicated", "shared"):
        info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
        assert act("deployment_start", info, modelServing=mode)["status"] == "passing"
        answers[mode] = {
            what: requests.request(method, f"{clean.url}/deployments/d1/{what}", json=body, timeout=10)
            for what, method, body in (
                ("predictions", "POST", [{"x": 1, "y": 2}]),
                ("ping", "GET", None),
                ("info", "GET", None),
                ("other", "GET", None),
            )
        }
    told = {
        mode: {what: (one.status_code, one.json() if one.ok else None) for what, one in found.items()}
        for mode, found in answers.items()
    }
    assert told["shared"] == told["dedicated"]
    assert told["shared"]["info"][1]["deploymentId"] == "d1"


def test_changing_the_mode_loses_no_request(
    clean: Any, shared: Any, act: Act, package: Callable[..., str], predict: Callable[..., str]
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    url = act("deployment_start", info, modelServing="dedicated")["data"]["predictionUrl"]
    with Load(lambda: predict(url), threads=2) as load, Load(lambda: predict(f"{url}?delay=1"), threads=2) as slow:
        assert load.flowing()
        assert act("deployment_start", info)["status"] == "passing"
        assert shared.left() == (["deployment_d1_A", "traefik"], 1, 1)
        assert (clean.images(), act("deployment_start", info)["msg"]) == (
            [],
            "deployment d1 already serves model A; nothing changed",
        )
        without = {"id": "d1"}
        assert act("deployment_relaunch", without, modelServing="dedicated")["status"] == "passing"
        assert (shared.left(), len(clean.images())) == ((["deployment_d1_A", "traefik"], 0, 1), 1)
        assert act("deployment_relaunch", without)["status"] == "passing"
        assert shared.left() == (["deployment_d1_A", "traefik"], 1, 1)
    assert ([one.fault for one in load.failed()], [one.fault for one in slow.failed()]) == ([], [])
    assert clean.images() == []


def test_two_environments_of_one_place_have_a_server_each(
    clean: Any, shared: Any, act: Act, package: Callable[..., str], predict: Callable[..., str]
) -> None:
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    assert act("deployment_start", info, environmentId="north")["status"] == "passing"
    other = {**info, "id": "d2", "modelId": "B"}
    assert act("deployment_start", other, environmentId="south")["status"] == "passing"
    assert len(shared.servers()) == 2
    assert list(act("deployment_list", environmentId="north")["data"]) == ["d1"]
    act("deployment_stop", {"id": "d1"}, environmentId="north")
    assert act("plugin_stop", environmentId="north")["status"] == "passing"
    assert (len(shared.servers()), predict(f"{clean.url}/deployments/d2/predictions")) == (1, "B")


@pytest.mark.parametrize("key", ["memory", "cpus", "gpus", "shmSize", "environment", "port", "healthPath"])
def test_what_only_a_container_of_its_own_could_have_is_refused(
    clean: Any, shared: Any, act: Act, package: Callable[..., str], key: str
) -> None:
    act("plugin_start")
    values = {"memory": "1g", "cpus": 1, "gpus": 1, "shmSize": "1g", "environment": {"A": "b"}, "port": 80}
    info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
    status = act("deployment_start", {**info, "keyValueConfig": {key: values.get(key, "/ping")}})
    assert (status["status"], status["msg"]) == (
        "failing",
        f"keyValueConfig.{key} is for a container of the deployment's own, and modelServing: shared gives it none; "
        "remove it, or set modelServing: dedicated",
    )
    assert shared.left()[0] == ["traefik"]


def test_a_server_without_an_api_for_its_models_is_served_by_its_folder(
    clean: Any, shared: Any, act: Act, package: Callable[..., str], predict: Callable[..., str]
) -> None:
    name, image = f"{clean.prefix}base", f"{clean.prefix}without-api".replace("_", "-")
    clean("create", f"--name={name}", clean.variables["BOSUN_TEST_PPS_IMAGE"])
    clean("commit", "--change", 'CMD ["--no-model-api"]', name, image)
    clean("rm", name)
    try:
        info = {"id": "d1", "modelId": "A", "modelArtifact": package("A")}
        url = act("deployment_start", info, ppsBaseImage=image)["data"]["predictionUrl"]
        new = {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": package("B")}
        assert act("deployment_replace_model", new, ppsBaseImage=image)["status"] == "passing"
        assert predict(url) == "B"
        sizes = clean("exec", shared.server(), "sh", "-c", "cd /opt/ml/model; stat -c '%F' * | sort")
        assert sizes.splitlines() == ["directory", "regular empty file"]
        assert act("deployment_stop", {"id": "d1"}, ppsBaseImage=image)["status"] == "passing"
        clean("rm", "--force", "--volumes", shared.server())
        clean("volume", "rm", *[one for one in clean.volumes() if "pps" in one])
    finally:
        clean("image", "rm", "--force", image)
