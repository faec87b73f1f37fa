"""What the engine says of a container, judged."""

import pytest
from bosun_core.status import ActionStatus, DeploymentState
from bosun_docker.looks import health
from bosun_docker.looks.health import READY, Health

MORE_MEMORY = "give it more with keyValueConfig.memory"


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
            "ran out of memory (exit code 137); " + MORE_MEMORY,
        ),
        (
            {"Running": False, "Status": "exited", "OOMKilled": False, "ExitCode": 137},
            "was killed (exit code 137), as when memory runs out; " + MORE_MEMORY,
        ),
        (
            {"Running": True, "Restarting": True, "OOMKilled": True, "ExitCode": 137},
            "ran out of memory (exit code 137); " + MORE_MEMORY,
        ),
        # started again since its memory ran out
        ({"Running": True, "Status": "running", "OOMKilled": True, "ExitCode": 0}, None),
        ({"Running": False, "Error": "exec: no such\nfile"}, "could not be started (exec: no such file)"),
        ({"Running": True, "Health": {"Status": "unhealthy"}}, "is unhealthy, says its image's own health check"),
    ],
)
def test_why_a_container_no_longer_runs(state: dict[str, object], expected: str | None) -> None:
    assert health.why_ended(state) == expected


@pytest.mark.parametrize(
    ("action", "code", "out_of_memory", "expected"),
    [
        ("start", None, False, None),
        ("oom", None, True, None),
        ("health_status: healthy", None, False, None),
        ("health_status: unhealthy", None, False, "is unhealthy, says its image's own health check"),
        ("die", "1", False, "ended with exit code 1"),
        ("die", "137", False, "was killed (exit code 137), as when memory runs out; " + MORE_MEMORY),
        ("die", "137", True, "ran out of memory (exit code 137); " + MORE_MEMORY),
    ],
)
def test_what_an_event_tells(action: str, code: str | None, out_of_memory: bool, expected: str | None) -> None:
    event = {"Action": action, "Actor": {"Attributes": {"exitCode": code}}}
    assert health.told_by(event, out_of_memory=out_of_memory) == expected


def test_last_words_are_one_line() -> None:
    assert health.last_words("a\n\n\x1b[1mb\n" + "c" * 400) == f"; its last lines: a | b | {'c' * 300}"
    assert health.last_words(" \n") == "; it wrote nothing"
