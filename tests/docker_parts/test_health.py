"""What the engine says of a container, judged."""

import pytest
from bosun_core.status import ActionStatus, DeploymentState
from bosun_docker.looks import health
from bosun_docker.looks.health import READY, Health


def bad(fault: str) -> Health:
    return Health(ActionStatus.ERROR, DeploymentState.ERRORED, fault)


@pytest.mark.parametrize(
    ("state", "status", "expected"),
    [
        ("running", "Up 5 seconds", READY),
        ("running", "Up 5 seconds (healthy)", READY),
        ("running", "Up 5 seconds (health: starting)", READY),
        ("running", "Up 5 seconds (unhealthy)", bad("is unhealthy, says its image's own health check")),
        ("restarting", "Restarting (70) 2 seconds ago", bad("ends again and again (exit code 70)")),
        ("exited", "Exited (137) 2 minutes ago", bad("has ended (exit code 137)")),
        ("paused", "Up 5 seconds (Paused)", bad("is paused; run docker unpause")),
        ("created", "Created", bad("was never started")),
        ("dead", "Dead", bad("has ended")),
    ],
)
def test_a_listed_container_is_judged(state: str, status: str, expected: Health) -> None:
    assert health.of_listed(state, status) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"Running": True, "Status": "running", "ExitCode": 0}, None),
        ({"Running": False, "Status": "created", "ExitCode": 0}, None),
        ({"Running": False, "Status": "exited", "ExitCode": 70}, "ended with exit code 70"),
        ({"Running": True, "Restarting": True, "ExitCode": 1}, "ended with exit code 1"),
        (
            {"Running": False, "Status": "exited", "OOMKilled": True, "ExitCode": 137},
            "ran out of memory (exit code 137); give it more with keyValueConfig.memory",
        ),
        (
            {"Running": False, "Status": "exited", "OOMKilled": False, "ExitCode": 137},
            "was killed (exit code 137), as when memory runs out; give it more with keyValueConfig.memory",
        ),
        ({"Running": False, "Error": "exec: no such\nfile"}, "could not be started (exec: no such file)"),
        ({"Running": True, "Health": {"Status": "unhealthy"}}, "is unhealthy, says its image's own health check"),
    ],
)
def test_why_a_container_no_longer_runs(state: dict[str, object], expected: str | None) -> None:
    assert health.why_ended(state) == expected


def test_last_words_are_one_line() -> None:
    assert health.last_words("a\n\n\x1b[1mb\n" + "c" * 400) == f"; its last lines: a | b | {'c' * 300}"
    assert health.last_words(" \n") == "; it wrote nothing"
