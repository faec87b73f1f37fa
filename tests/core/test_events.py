"""--events FILE: what an action does while it does it, one JSON object a line; and secrets, which show up nowhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.conftest import Bench

SECRET = "planted-secret-0123456789"
WORKS = """
def deployment_start(self, info):
    progress('copying', 1, 4)
    progress('copying', 4, 4)
    progress('waiting', 2.5)
    return ActionStatusInfo(ActionStatus.OK, 'it serves', 'ready')
"""
HEAD = "from bosun_core import BosunError, progress"


def events(file: Path) -> list[dict[str, Any]]:
    """Return the events without their time, which every one has."""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    times = [line.pop("time") for line in lines]
    assert times == sorted(times)
    return lines


def run(bench: Bench, body: str = WORKS, **request: Any) -> list[dict[str, Any]]:
    """Start a deployment with a plugin of this body and return the events."""
    file = bench.folder / "events"
    bench.act(bench.plugin(body, head=HEAD), "deployment_start", {}, events=str(file), **request)
    return events(file)


def about(bench: Bench) -> dict[str, Any]:
    return {"action": "deployment_start", "plugin": str(bench.folder / "sample.py"), "deploymentId": "d1"}


def test_an_action_is_told_from_its_start_through_its_progress_to_its_end(bench: Bench) -> None:
    same = about(bench)

    assert run(bench) == [
        {"event": "action_started", **same, "dryRun": False},
        {"event": "progress", **same, "step": "copying", "done": 1, "total": 4},
        {"event": "progress", **same, "step": "copying", "done": 4, "total": 4},
        {"event": "progress", **same, "step": "waiting", "done": 2.5, "total": None},
        {"event": "action_finished", **same, "status": "passing", "state": "ready", "msg": "it serves"},
    ]


def test_an_action_without_a_deployment_has_none_in_its_events(bench: Bench) -> None:
    file = bench.folder / "events"

    bench.act(bench.plugin(), "pe_status", events=str(file))

    assert [event["deploymentId"] for event in events(file)] == [None, None]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("raise BosunError('it is down')", "it is down"),
        ("raise ValueError('a\\nb')", "ValueError: a b"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_an_action_that_raises_is_told_as_failing(bench: Bench, statement: str, message: str) -> None:
    last = run(bench, f"def deployment_start(self, info):\n    {statement}")[-1]

    assert last == {"event": "action_finished", **about(bench), "status": "failing", "msg": message}


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("None", "returned None instead of an ActionStatusInfo"),
        ("ActionStatusInfo('fine')", "returned status 'fine', which is none of passing, warning, failing, unknown"),
    ],
)
def test_an_action_that_returns_no_status_is_told_as_failing(bench: Bench, returned: str, message: str) -> None:
    last = run(bench, f"def deployment_start(self, info):\n    return {returned}")[-1]

    assert last == {"event": "action_finished", **about(bench), "status": "failing", "msg": message}


def test_a_vetoed_action_is_told_as_failing(bench: Bench) -> None:
    text = (
        "from bosun_core import ActionVetoed, wrapper\n"
        "@wrapper\ndef around_action(context):\n    raise ActionVetoed('not now')\n    yield\n"
    )
    bench.install("acme-guard", "1.0", {"bosun.extensions": {"guard": "guard_mod"}}, guard_mod=text)

    assert [(event["event"], event.get("msg")) for event in run(bench)] == [
        ("action_started", None),
        ("action_finished", "extension guard vetoed around_action: not now"),
    ]


def test_a_dry_run_is_told_as_one(bench: Bench) -> None:
    assert run(bench, dry_run=True)[0]["dryRun"] is True


def test_events_of_one_action_after_the_other_are_appended(bench: Bench) -> None:
    run(bench)

    assert [event["event"] for event in run(bench)].count("action_finished") == 2


def test_events_can_be_read_while_the_action_runs(bench: Bench) -> None:
    bench.plugin("def pe_status(self):\n    progress('waiting', 1)\n    signal.pause()", head=f"{HEAD}\nimport signal")

    with bench.started("--plugin", "sample.py", "--action", "pe_status") as runner:
        runner.wait_for(lambda event: event["event"] == "progress")
        runner.process.terminate()
        last = runner.wait_for(lambda event: event["event"] == "action_finished")

    assert last["msg"] == "the action was ended by SIGTERM; run it again"


@pytest.mark.parametrize(("name", "reason"), [("no/such/folder", "No such file or directory"), (".", "Is a directory")])
def test_an_events_file_that_cannot_be_opened_stops_the_action_before_it_begins(
    bench: Bench, name: str, reason: str
) -> None:
    path = bench.plugin("def plugin_start(self):\n    raise AssertionError('asked')")
    file = str(bench.folder / name)

    assert bench.outcome(path, events=file) == (
        "failing",
        f"cannot append to --events {file}: {reason}; check the path",
    )


def test_an_events_file_on_a_full_disk_is_a_warning(bench: Bench) -> None:
    assert bench.outcome(bench.plugin(), events="/dev/full") == (
        "warning",
        "Sample plugin_start; extension events failed in around_action: "
        "cannot append to --events /dev/full: No space left on device; make room",
    )


# Secrets

TELLS = """
def deployment_start(self, info):
    import logging
    token = os.environ["MLOPS_API_TOKEN"]
    logging.getLogger("acme").warning("logged %s", token)
    handler = logging.StreamHandler()
    logging.getLogger("acme.deep").addHandler(handler)
    logging.getLogger("acme.deep").error("logged by a handler of its own: %s", token)
    try:
        raise ValueError(token)
    except ValueError:
        logging.getLogger("acme").exception("raised")
    progress("with " + token, 1, 2)
    if info.id == "raises":
        raise BosunError("raised " + token)
    if info.id == "errs":
        raise ValueError(token)
    return ActionStatusInfo(ActionStatus.OK, "said " + token, data={token: [token]})
"""


@pytest.mark.parametrize("imports", ["import os", "import os, logging"], ids=["logging later", "logging at import"])
@pytest.mark.parametrize("deployment", ["returns", "raises", "errs"])
@pytest.mark.parametrize("options", [(), ("--log-level", "debug", "--logfile", "log")], ids=["no log", "debug log"])
def test_a_token_shows_up_nowhere(bench: Bench, imports: str, deployment: str, options: tuple[str, ...]) -> None:
    bench.plugin(TELLS, head=f"{HEAD}\n{imports}")
    config = bench.action_file({"id": deployment})

    ran = bench.command(
        *("--plugin", "sample.py", "--action", "deployment_start", "--config", config),
        *("--status-file", "status.yaml", "--show-status", "--events", "events", *options),
        env={"MLOPS_API_TOKEN": SECRET},
    )

    files = {file.name: file.read_text() for file in bench.folder.iterdir() if file.is_file()}
    written = {"stdout": ran.stdout, "stderr": ran.stderr, **files}
    assert [name for name, text in written.items() if SECRET in text] == []
    assert "with ***" in written["events"]
    assert "logged by a handler of its own: ***" in written["stderr"]


def test_a_password_in_the_action_file_shows_up_nowhere(bench: Bench) -> None:
    path = bench.plugin("def pe_status(self):\n    return ok(str(self.plugin_config))")

    document = bench.act(path, "pe_status", None, {"registry": {"password": SECRET}, "name": "x"})

    assert document["msg"] == "{'registry': {'password': '***'}, 'name': 'x'}"
