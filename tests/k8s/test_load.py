"""Replacements and relaunches in a loop under load, through Service and gateway: no request fails, none is late."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from asking import kept_open
from bosun_test.conformance.load import Load, percentile

pytestmark = [pytest.mark.k8s, pytest.mark.timeout(900)]

ROUNDS = 10 if os.environ.get("BOSUN_THOROUGH") else 2


@pytest.mark.parametrize("action", ["deployment_replace_model", "deployment_relaunch"])
def test_no_request_fails_in_a_loop_under_load(
    clean: Any,
    act: Callable[..., Any],
    package: Callable[..., str],
    predict: Callable[..., str],
    action: str,
) -> None:
    packages = [package(name, load_seconds=1) for name in ("A", "B")]
    started = act("deployment_start", {"id": "d1", "modelId": "M0", "modelArtifact": packages[0]})
    gateway = started["data"]["predictionUrl"]
    service = f"http://{clean.service_of('d1')['spec']['clusterIP']}/predictions"
    clients = [lambda: kept_open(gateway), lambda: kept_open(service, renewed=True)]
    ended: list[tuple[float, str]] = []
    with (
        Load(lambda: predict(gateway), threads=2, limit=1_000_000, kept_open=clients[:1]) as by_gateway,
        Load(lambda: predict(service), threads=2, limit=1_000_000, kept_open=clients[1:]) as by_service,
    ):
        assert by_gateway.flowing()
        assert by_service.flowing()
        for number in range(ROUNDS):
            old, new = f"M{number}", f"M{number + 1}"
            info = {"id": "d1", "modelId": old, "newModelId": new, "modelArtifact": packages[(number + 1) % 2]}
            if action == "deployment_relaunch":
                info = {"id": "d1"}
            status = act(action, info)
            pods = [one["metadata"]["name"] for one in clean.objects("pods")]
            assert (status["status"], status["state"], status["data"]["workloads"]) == ("passing", "ready", pods)
            ended.append((by_gateway.mark(new), old))
            by_service.mark(new)
    for name, load in (("gateway", by_gateway), ("service", by_service)):
        failed = load.failed()
        late = [one for moment, old in ended for one in load.answered_by(old, since=moment)]
        if action == "deployment_relaunch":
            late = []  # the model is the same; but no pod is left that could answer too late
        print(
            f"{action} through the {name}: {ROUNDS} rounds, {len(load.samples)} requests (99% within "
            f"{percentile(load.samples, 0.99) * 1000:.0f} ms), {len(failed)} failed, {len(late)} answered too late"
        )
        print([(round(one.began, 2), round(one.seconds, 2), one.fault) for one in failed[:20]], ended)
        assert (failed[:3], late[:3]) == ([], [])
