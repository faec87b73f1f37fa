"""Every kind of model by every action, on the engine; the report lists the cells."""

from collections.abc import Callable
from typing import Any

import pytest
from bosun_test.conformance.load import Load
from cells import PROPERTY
from model_kinds import KINDS, Made, Maker

pytestmark = pytest.mark.docker

Act = Callable[..., dict[str, Any]]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> str:
    action = request.function.__name__.removeprefix("test_").split("__")[0].replace("_", " ")
    record_property(PROPERTY, f"{request.param} {action}")
    return str(request.param)


def given(act: Act, action: str, made: Made, **info: Any) -> dict[str, Any]:
    """The status of an action on d1 with what was made for it."""
    return act(action, {"id": "d1", "modelId": "A", **made.info, **info}, **made.settings)


def standing(place: Any, kind: str) -> tuple[list[str], list[str], int]:
    """Containers without what is shared, names of images that are ours, and the number of routes."""
    shared = {place.proxy, f"{place.prefix}pps"}
    containers = sorted(name for name in place.containers() if name not in shared and "_pps" not in name)
    images = place("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={place.prefix}*")
    return containers, sorted(images.split()), len(place.route_files())


def test_start__serves_and_again_changes_nothing(
    clean: Any, act: Act, maker: Maker, kind: str, predict: Callable[..., str]
) -> None:
    made = maker.make(kind, "A")
    status = given(act, "deployment_start", made)
    assert (status["status"], status["state"]) == ("passing", "ready"), status
    assert predict(status["data"]["predictionUrl"]) == "A"
    before = clean.containers()
    again = given(act, "deployment_start", made)
    assert (again["msg"], clean.containers()) == ("deployment d1 already serves model A; nothing changed", before)


def test_replace__moves_traffic_without_a_failed_request(
    clean: Any, act: Act, maker: Maker, kind: str, predict: Callable[..., str]
) -> None:
    url = given(act, "deployment_start", maker.make(kind, "A"))["data"]["predictionUrl"]
    there = standing(clean, kind)
    new = maker.make(kind, "B")
    with Load(lambda: predict(url), threads=2) as load:
        assert load.flowing()
        status = given(act, "deployment_replace_model", new, newModelId="B")
        assert predict(url) == "B"
    assert (status["status"], status["data"]["currentModelId"]) == ("passing", "B"), status
    assert [one.fault for one in load.failed()] == []
    assert [len(part) if isinstance(part, list) else part for part in standing(clean, kind)] == [
        len(part) if isinstance(part, list) else part for part in there
    ]


def test_relaunch__takes_what_is_kept_without_a_failed_request(
    clean: Any, act: Act, maker: Maker, kind: str, predict: Callable[..., str]
) -> None:
    made = maker.make(kind, "A")
    url = given(act, "deployment_start", made)["data"]["predictionUrl"]
    before, there = clean.containers(), standing(clean, kind)
    with Load(lambda: predict(url), threads=2) as load:
        assert load.flowing()
        status = act("deployment_relaunch", {"id": "d1"}, **made.settings)
    assert (status["status"], predict(url)) == ("passing", "A"), status
    assert ([one.fault for one in load.failed()], standing(clean, kind)) == ([], there)
    assert clean.containers() != before
    again = given(act, "deployment_start", made)
    assert again["msg"] == "deployment d1 already serves model A; nothing changed"


def test_stop__leaves_nothing_but_what_was_there_before(clean: Any, act: Act, maker: Maker, kind: str) -> None:
    made = maker.make(kind, "A")
    given(act, "deployment_start", made)
    status = given(act, "deployment_stop", made)
    assert (status["status"], status["state"]) == ("passing", "stopped"), status
    assert standing(clean, kind) == ([], [], 0)
    if kind == "image":
        assert clean("image", "inspect", "--format", "{{index .RepoTags 0}}", maker.users[0]) == maker.users[0]


def test_bad_model__leaves_the_old_one_serving_and_nothing_else(
    clean: Any, act: Act, maker: Maker, kind: str, predict: Callable[..., str]
) -> None:
    url = given(act, "deployment_start", maker.make(kind, "A"))["data"]["predictionUrl"]
    there = standing(clean, kind)
    bad = maker.make(kind, "B", crash_at_start=True)
    with Load(lambda: predict(url), threads=2) as load:
        assert load.flowing()
        status = given(act, "deployment_replace_model", bad, newModelId="B")
    assert (status["status"], status["state"]) == ("failing", "errored")
    assert status["data"] == {"oldModelInUse": True, "currentModelId": "A"}
    if kind != "shared":
        assert "ended with exit code 70; its last lines: " in status["msg"]
        assert [one.fault for one in load.failed()] == []
    assert (predict(url), standing(clean, kind)) == ("A", there)
