"""The shared prediction server: what it is made of, and what a look tells of the models in it."""

from typing import Any

import pytest
from bosun_core.errors import InvalidRequest
from bosun_core.lifecycle.steps import plan_of
from bosun_docker.environment import Environment, environment
from bosun_docker.looks.entries import entry
from bosun_docker.looks.following import EVER, moment
from bosun_docker.looks.observed import Container, Look
from bosun_docker.proxy.proxy import Answer
from bosun_docker.proxy.routes import Route
from bosun_docker.settings import DockerSettings
from bosun_docker.shared import containers as shared_containers
from bosun_docker.shared import server
from bosun_docker.shared import state as shared_state
from bosun_docker.shared.models import Shared

from bosun_docker import key_values, names

SERVER, OTHER = "a1" * 32, "b2" * 32


def place(**settings: Any) -> Environment:
    made = DockerSettings(outfacing_prediction_url_prefix="http://h:81", model_serving="shared", **settings)
    return environment(made, {}, dry_run=False)


ENV = place()
KEY = names.key(ENV.id, "d1")
MOUNT = {"Type": "volume", "Source": ENV.server_name, "Target": "/opt/ml/model"}


def container(part: str, name: str, identity: str, state: str = "running", **labels: str) -> Container:
    own = {**ENV.labels(part), names.ENVIRONMENT: ENV.id, **labels}
    return Container(identity, name, "sha256:x", own, state, "", "", None)


def seen(*, server_state: str = "running", led_to: str = SERVER, generation: int = 3) -> Look:
    labels = {names.DEPLOYMENT: "d1", names.MODEL: "A", names.GENERATION: "3", names.SERVING: names.SHARED}
    marker = Container(
        "c3" * 32,
        "m",
        "",
        {**ENV.labels(names.MODEL_PART), names.ENVIRONMENT: ENV.id, **labels},
        "created",
        "",
        "",
        None,
    )
    shared = container(names.SERVER, ENV.server_name, SERVER, server_state)
    route = Route(
        KEY, "d1", led_to[:12], 8080, generation, "0" * 32, public=True, upstream_path=f"/deployments/bosun-{KEY}-3"
    )
    proxy = container(names.PROXY, ENV.proxy_name, "d4" * 32)
    return Look(proxy, None, None, (proxy, shared, marker), {KEY: {"a": route, "b": None}}, ())


def test_the_server_serves_every_folder_of_its_volume() -> None:
    body = shared_containers.server(ENV, None)
    assert (body["Env"], body["HostConfig"]["Mounts"], body["Labels"][names.MONITORED]) == (
        ["MONITORING_AGENT=False", "PREDICTION_API_MONITORING_ENABLED=False"],
        [MOUNT],
        "false",
    )
    monitored = shared_containers.server(ENV, "amqp://u:p@h:5672")
    assert "PREDICTION_API_MONITORING_ENABLED=True" in monitored["Env"]
    assert monitored["Labels"][names.SETTINGS] != body["Labels"][names.SETTINGS]


def test_a_marker_reaches_the_models_and_no_network() -> None:
    assert shared_containers.marker(ENV) == {
        "Cmd": ["marker"],
        "HostConfig": {"NetworkMode": "none", "Mounts": [MOUNT]},
    }


def test_a_model_has_a_name_of_its_own_that_is_found_in_any_list() -> None:
    name = shared_containers.model_name(KEY, 12)
    assert (name, shared_containers.MODEL_NAME.findall(f'{{"x": ["{name}", "fraud"]}}')) == (f"bosun-{KEY}-12", [name])
    assert shared_containers.info_file("d1", "0777") == "deployment_id: 'd1'\nmodel_id: '0777'\n"


def test_what_is_served_is_the_server_and_not_the_marker() -> None:
    found = seen().deployed(ENV, "d1")
    assert (found.current and found.current.name, found.worker and found.worker.id, found.serves) == ("m", SERVER, True)
    told = entry(ENV, seen(), found)
    assert (told.status.value, told.model_id, told.workloads) == ("passing", "A", (ENV.server_name,))


@pytest.mark.parametrize(
    ("look", "message"),
    [
        (
            seen(server_state="exited"),
            f"container {ENV.server_name} has ended; run plugin_start, or look at docker logs",
        ),
        (seen(led_to=OTHER), "the prediction server that it shares is gone; run plugin_start"),
        (seen(generation=4), "its container is gone; start it again"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(look: Look, message: str) -> None:
    told = entry(ENV, look, look.deployed(ENV, "d1"))
    assert (told.status.value, told.msg) == ("failing", f"deployment d1: {message}")


@pytest.mark.parametrize(
    ("led_to", "beside", "stray"),
    [
        (SERVER, None, None),
        (SERVER, SERVER, None),
        (OTHER, None, "a"),
        (OTHER, SERVER, "a"),  # a switch that was killed between its two routes, whichever the proxy leads by
        (SERVER, OTHER, "b"),
        (OTHER, OTHER, "b"),
    ],
)
def test_a_route_to_another_server_is_found_beside_one_to_the_right_one(
    led_to: str, beside: str | None, stray: str | None
) -> None:
    look = seen(led_to=led_to)
    route = look.slots[KEY]["a"]
    assert route is not None
    look.slots[KEY]["b"] = None if beside is None else route._replace(container=beside[:12])
    (worker,) = look.servers(ENV)
    astray = [shared_state.stray_route(one, worker) for one in shared_state.astray(ENV, look, worker)]
    assert astray == ([] if stray is None else [(stray, look.slots[KEY][stray])])


class Everything:
    """An engine that has each image, and each volume as ours."""

    def image(self, reference: str) -> dict[str, Any]:
        return {"Id": reference}

    def volume(self, name: str) -> dict[str, Any]:
        return {"Name": name, "Labels": ENV.labels(names.SERVER)}


def test_the_plan_is_empty_only_where_nothing_would_change() -> None:
    name = ENV.server_name

    def plan(look: Look, *, changes_settings: bool) -> list[str]:
        change = server.change(Everything(), ENV, look, None, changes_settings=changes_settings)  # type: ignore[arg-type]  # all that it asks
        return [] if change is None else plan_of([change])

    assert plan(seen(), changes_settings=False) == []
    assert plan(seen(), changes_settings=True) == [f"replace container {name}"]
    assert plan(seen()._replace(parts=()), changes_settings=True) == [f"create container {name}"]
    assert plan(seen(server_state="exited"), changes_settings=False) == [f"start container {name}"]
    assert plan(seen(led_to=OTHER), changes_settings=False) == [f"switch deployment d1 to container {name}"]


@pytest.mark.parametrize(("status", "final"), [(200, False), (404, False), (503, False), (500, True), (422, True)])
def test_an_answer_tells_whether_a_model_may_yet_load(status: int, final: bool) -> None:
    unused: Any = None
    worker = container(names.SERVER, ENV.server_name, SERVER)
    shared = Shared(unused, unused, unused, worker, unused, KEY, "")
    assert (shared.refusal(Answer(status, None, None, "no")) is not None) == final


def test_only_keys_of_a_container_of_its_own_are_refused() -> None:
    key_values.check_for_shared({"memory": None, "colour": "red"})
    with pytest.raises(InvalidRequest, match=r"keyValueConfig.cpus is for a container"):
        key_values.check_for_shared({"cpus": "2"})


def test_a_moment_of_the_engine_is_seconds_with_nanoseconds() -> None:
    told = {"1970-01-01T00:01:05.6Z": "65.600000000", "1970-01-01T00:01:05Z": "65.000000000"}
    assert {one: moment(one) for one in told} == told
    assert moment("0001-01-01T00:00:00Z") == EVER
