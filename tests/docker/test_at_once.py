"""Several runners at once: one after the other on one deployment, side by side on many, past holders that have died."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from bosun_core.holders import this_process

pytestmark = pytest.mark.docker

MANY = 10
LABEL = "com.datarobot.bosun"
SILENCE_SECONDS = 15


def left(place: Any) -> list[str]:
    return sorted(name.removeprefix(place.prefix) for name in place.containers())


def start_of(package: str, deployment: str = "d1", model: str = "A") -> dict[str, Any]:
    return {"id": deployment, "modelId": model, "modelArtifact": package}


@pytest.mark.parametrize(
    "actions",
    [
        ("deployment_start", "deployment_start"),
        ("deployment_replace_model", "deployment_replace_model"),
        ("deployment_replace_model", "deployment_stop"),
        ("deployment_relaunch", "deployment_stop"),
    ],
    ids=" and ".join,
)
def test_two_on_one_deployment_are_done_one_after_the_other(
    clean: Any,
    act: Callable[..., Any],
    begin: Callable[..., Any],
    package: Callable[..., str],
    predict: Callable[..., str],
    actions: tuple[str, str],
) -> None:
    act("deployment_start", start_of(package("A")))
    models = iter(("B", "C"))

    def info(action: str) -> dict[str, Any]:
        if action == "deployment_start":
            return start_of(package("S"), model=next(models))
        if action == "deployment_replace_model":
            model = next(models)
            return {"id": "d1", "modelId": "A", "newModelId": model, "modelArtifact": package(model)}
        return {"id": "d1"}

    told = [finish() for finish in [begin(action, info(action)) for action in actions]]
    # One that comes after the stop finds nothing to replace or relaunch, and says so.
    assert all(one["status"] == "passing" or "is unknown in this environment" in one["msg"] for one in told), told
    listed = act("deployment_list")["data"]
    if "deployment_stop" in actions:
        assert [[*listed], left(clean)] in (
            [[], ["traefik"]],
            [["d1"], ["deployment_d1_B", "traefik"]],
            [["d1"], ["deployment_d1_A", "traefik"]],
        )
    else:
        model = listed["d1"]["data"]["currentModelId"]
        assert (model in ("B", "C"), left(clean)) == (True, [f"deployment_d1_{model}", "traefik"])
        assert predict(listed["d1"]["data"]["predictionUrl"]) == model
    assert len(clean.images()) == len(listed)


def test_many_deployments_at_once_lose_nothing(
    clean: Any, act: Callable[..., Any], begin: Callable[..., Any], package: Callable[..., str], predict: Any
) -> None:
    names = [f"d{number}" for number in range(MANY)]
    path = package("A")
    told = [finish() for finish in [begin("deployment_start", start_of(path, name)) for name in names]]
    assert [one["status"] for one in told] == ["passing"] * MANY
    changing = [
        begin("deployment_replace_model", {"id": name, "modelId": "A", "newModelId": "B", "modelArtifact": path})
        if number % 2
        else begin("deployment_stop", {"id": name})
        for number, name in enumerate(names)
    ]
    assert [finish()["status"] for finish in changing] == ["passing"] * MANY
    listed = act("deployment_list")["data"]
    assert sorted(listed) == names[1::2]
    assert {predict(entry["data"]["predictionUrl"]) for entry in listed.values()} == {"B"}
    assert left(clean) == sorted(["traefik", *[f"deployment_{name}_B" for name in names[1::2]]])


def test_plugin_start_twice_at_once_makes_one_proxy(place: Any, begin: Callable[..., Any]) -> None:
    place.clear()
    told = [finish() for finish in [begin("plugin_start") for _ in range(3)]]
    assert ([one["status"] for one in told], left(place)) == (["passing"] * 3, ["traefik"])


def test_a_first_start_beside_plugin_start_and_plugin_stop_ends_whole(
    place: Any, begin: Callable[..., Any], package: Callable[..., str], predict: Callable[..., str]
) -> None:
    place.clear()
    path = package("A")
    acting = [begin("plugin_start"), begin("deployment_start", start_of(path)), begin("plugin_stop")]
    told = [finish() for finish in acting]
    # Whatever came first: nobody hangs, and the same start again serves.
    assert all(len(one["msg"].splitlines()) == 1 for one in told)
    status = begin("deployment_start", start_of(path))()
    assert (status["status"], predict(status["data"]["predictionUrl"])) == ("passing", "A")
    assert left(place) == ["deployment_d1_A", "traefik"]


def test_a_holder_that_was_killed_is_taken_over_at_once(
    clean: Any, begin: Callable[..., Any], package: Callable[..., str], until: Callable[..., Any]
) -> None:
    holder = begin("deployment_start", start_of(package("A", load_seconds=60)))
    until(lambda: any("lock_" in name for name in left(clean)))
    waiter = begin("deployment_start", start_of(package("A")))
    until(lambda: any("deployment_" in name for name in left(clean)))
    began = time.monotonic()
    os.kill(holder.process.pid, signal.SIGKILL)
    assert waiter()["status"] == "passing"
    assert time.monotonic() - began < SILENCE_SECONDS
    assert left(clean) == ["deployment_d1_A", "traefik"]


def test_a_dead_holder_on_another_machine_is_taken_over_when_it_has_been_silent(
    clean: Any, act: Callable[..., Any], package: Callable[..., str]
) -> None:
    act("plugin_start")
    hold(clean, lock_name(clean, act, package("A")), "another-boot/pid:[1] 4711 99")
    began = time.monotonic()
    assert act("deployment_start", start_of(package("A")))["status"] == "passing"
    assert SILENCE_SECONDS - 1 < time.monotonic() - began < SILENCE_SECONDS + 30
    assert left(clean) == ["deployment_d1_A", "traefik"]


def test_a_silent_holder_that_lives_on_this_machine_is_not_taken_over(
    clean: Any, act: Callable[..., Any], package: Callable[..., str]
) -> None:
    act("plugin_start")
    hold(clean, lock_name(clean, act, package("A")), this_process())
    told = act("deployment_stop", {"id": "d1"}, lockLimit=SILENCE_SECONDS + 2)
    assert told["msg"].startswith("another action on deployment d1 has not ended within 17 s")


def hold(place: Any, name: str, holder: str) -> None:
    """Make a lock that shows no life."""
    labels = {"part": "lock", "place": f"{place.network}/{place.prefix}", "holder": holder}
    words = [f"--label={LABEL}.{key}={value}" for key, value in labels.items()]
    place("create", f"--name={name}", *words, place.variables["BOSUN_TEST_TRAEFIK_IMAGE"])


def lock_name(place: Any, act: Callable[..., Any], path: str) -> str:
    """The name of d1's lock, seen while an action holds it."""
    from threading import Thread

    thread = Thread(target=act, args=["deployment_start", start_of(path)])
    seen: list[str] = []
    thread.start()
    while not seen and thread.is_alive():
        seen = [name for name in place.containers() if "lock_" in name]
    thread.join()
    act("deployment_stop", {"id": "d1"})
    return seen[0]


def test_an_action_waits_for_another_no_longer_than_the_lock_limit(
    clean: Any, begin: Callable[..., Any], package: Callable[..., str], until: Callable[..., Any]
) -> None:
    holder = begin("deployment_start", start_of(package("A", load_seconds=60)))
    until(lambda: any("lock_" in name for name in left(clean)))
    told = begin("deployment_stop", {"id": "d1"}, lockLimit=1)()
    assert told["msg"] == ("another action on deployment d1 has not ended within 1 s; run this again when it has")
    holder.process.terminate()
    assert holder()["status"] == "failing"
    assert left(clean) == ["traefik"]
