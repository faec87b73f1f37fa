"""Replacements and relaunches in a loop under load: no request fails, none is cut off, none is answered late."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from bosun_test.conformance.load import Load, percentile

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]

ROUNDS = 20 if os.environ.get("BOSUN_THOROUGH") else 4
LEAST_A_SECOND = 200
SLOW_SECONDS = 2


@pytest.mark.parametrize("action", ["deployment_replace_model", "deployment_relaunch"])
@pytest.mark.parametrize(
    ("on_sigterm", "settings"),
    [
        ("finish", {}),
        ("drop", {"drainBeforeStop": SLOW_SECONDS + 0.5}),
        ("finish", {"modelServing": "shared"}),
    ],
)
def test_no_request_fails_in_a_loop_under_load(
    clean: Any,
    act: Callable[..., Any],
    package: Callable[..., str],
    predict: Callable[..., str],
    action: str,
    on_sigterm: str,
    settings: dict[str, Any],
) -> None:
    packages = [package(name, load_seconds=1, on_sigterm=on_sigterm) for name in ("A", "B")]
    started = act("deployment_start", {"id": "d1", "modelId": "M0", "modelArtifact": packages[0]}, **settings)
    url = started["data"]["predictionUrl"]
    ended: list[tuple[float, str]] = []
    with (
        Load(lambda: predict(url), threads=3, limit=1_000_000) as load,
        Load(lambda: predict(f"{url}?delay={SLOW_SECONDS}"), threads=8) as slow,
    ):
        assert load.flowing()
        assert slow.flowing()
        for number in range(ROUNDS):
            old, new = f"M{number}", f"M{number + 1}"
            info = {"id": "d1", "modelId": old, "newModelId": new, "modelArtifact": packages[(number + 1) % 2]}
            if action == "deployment_relaunch":
                info = {"id": "d1"}
            status = act(action, info, **settings)
            assert (status["status"], status["state"]) == ("passing", "ready")
            ended.append((load.mark(new), old))
    seconds = load.samples[-1].began
    failed = load.failed() + slow.failed()
    late = [one for moment, old in ended for one in load.answered_by(old, since=moment)]
    if action == "deployment_relaunch":
        late = []  # the model is the same
    print(
        f"{action}, {on_sigterm}: {ROUNDS} rounds, {len(load.samples)} requests at {len(load.samples) / seconds:.0f}/s "
        f"(99% within {percentile(load.samples, 0.99) * 1000:.0f} ms) and {len(slow.samples)} slow ones, "
        f"{len(failed)} failed, {len(late)} answered by the old model too late"
    )
    print([(round(one.began, 2), round(one.seconds, 2), one.fault) for one in failed[:50]], ended)
    assert ([one.fault for one in failed[:5]], late) == ([], [])
    assert len(load.samples) / seconds > LEAST_A_SECOND
