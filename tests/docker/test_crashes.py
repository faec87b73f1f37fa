"""SIGKILL at the calls to the engine: traffic goes on, the same action again converges, nothing is left behind."""

import functools
import os
import re
import signal
import sys
from collections.abc import Callable
from typing import Any

import pytest
from bosun_test.conformance.crashes import spread

pytestmark = [pytest.mark.docker, pytest.mark.timeout(3000)]

MOST = None if os.environ.get("BOSUN_THOROUGH") else 6


def in_a_child(work: Callable[[], Any], kill_at: int | None = None) -> int | None:
    """Run `work` in a child that is killed at its n-th call to the engine; returns how many it made, None if killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        count = 0

        def hook(event: str, _: object) -> None:
            nonlocal count
            if event == "bosun.step":
                count += 1
                if count == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        try:
            work()
            os.write(writer, str(count).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        told = stream.read()
    os.waitpid(child, 0)
    return int(told) if told else None


def left(place: Any) -> tuple[list[str], int, int]:
    """Names of the containers, number of models that are kept (as images, or in the shared server), and of routes."""
    names = [name.removeprefix(place.prefix) for name in place.containers()]
    servers = [name for name in names if re.fullmatch("pps_[0-9a-f]{8}", name)]
    models = [place("exec", f"{place.prefix}{name}", "ls", "-A", "/opt/ml/model").split() for name in servers]
    kept = len(place.images()) + sum(len(found) for found in models)
    return sorted(name.partition("_")[0] if name in servers else name for name in names), kept, len(place.route_files())


ACTIONS = {
    "deployment_start": (None, (["deployment_d1_A", "traefik"], 1, 1)),
    "deployment_replace_model": ("A", (["deployment_d1_B", "traefik"], 1, 1)),
    "deployment_relaunch": ("A", (["deployment_d1_A", "traefik"], 1, 1)),
    "deployment_stop": ("A", (["traefik"], 0, 0)),
    "plugin_start": (None, (["traefik"], 0, 0)),
    "plugin_stop": (None, ([], 0, 0)),
}


@pytest.mark.parametrize("mode", ["dedicated", "shared"])
@pytest.mark.parametrize("action", ACTIONS)
def test_killed_at_any_call_and_run_again_it_converges(
    place: Any,
    act: Callable[..., Any],
    package: Callable[..., str],
    predict: Callable[..., str],
    action: str,
    mode: str,
) -> None:
    run = functools.partial(act, modelServing=mode)
    old, new = package("A"), package("B")
    beginning, (names, kept, routes) = ACTIONS[action]
    end = sorted([*names, "pps"] if mode == "shared" and names else names), kept, routes
    infos = {
        "deployment_start": {"id": "d1", "modelId": "A", "modelArtifact": old},
        "deployment_replace_model": {"id": "d1", "modelId": "A", "newModelId": "B", "modelArtifact": new},
        "deployment_relaunch": {"id": "d1"},
        "deployment_stop": {"id": "d1"},
    }
    info = infos.get(action)

    def prepare() -> None:
        place.clear(keep_proxy=action.startswith("deployment"))
        if action != "plugin_start":
            run("plugin_start")
        if beginning:
            run("deployment_start", infos["deployment_start"])

    prepare()
    calls = in_a_child(lambda: run(action, info))
    assert calls is not None
    hit = 0
    for number in spread(calls, MOST):
        prepare()
        hit += in_a_child(lambda: run(action, info), number) is None
        if beginning and action != "deployment_stop":
            assert predict(f"{place.url}/deployments/d1/predictions") in ("A", "B")
        status = run(action, info)
        assert (number, status["status"], left(place)) == (number, "passing", end), status["msg"]
    print(f"{action}, {mode}: {calls} calls to the engine, killed at {hit} of them")
    assert hit > 0
