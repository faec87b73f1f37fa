"""Whatever a plugin does, its action has a status: signatures, returned objects, exceptions, deaths, output."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.conftest import Bench

RAN = ("passing", "ran")


# How a method may be declared


@pytest.mark.parametrize(
    "parameters",
    [
        "self",
        "self, deployment_info",
        "self, info",
        "self, info, /",
        "self, *args",
        "self, info=None",
        "self, info, more=1",
        "self, *args, **kwargs",
    ],
)
def test_a_method_may_name_its_parameters_freely(bench: Bench, parameters: str) -> None:
    path = bench.plugin(f"def deployment_status({parameters}):\n    return ok('ran')")

    assert bench.outcome(path, "deployment_status", deployment={}) == RAN


@pytest.mark.parametrize("parameters", ["self, info", "self, *args", "self, info=None, /"])
def test_a_method_that_takes_the_deployment_gets_it(bench: Bench, parameters: str) -> None:
    first = "args[0]" if "*" in parameters else "info"
    path = bench.plugin(f"def deployment_status({parameters}):\n    return ok({first}.id)")

    assert bench.outcome(path, "deployment_status", deployment={}) == ("passing", "d1")


@pytest.mark.parametrize("parameters", ["self, *, info", "self, info, *, force", "self, one, two"])
def test_a_method_that_cannot_be_called_is_one_line(bench: Bench, parameters: str) -> None:
    path = bench.plugin(f"def deployment_status({parameters}):\n    return ok('ran')")

    assert bench.outcome(path, "deployment_status", deployment={}) == (
        "failing",
        f"Sample.deployment_status({parameters.removeprefix('self, ')}) cannot be called by the runner; "
        "declare it as deployment_status(self, deployment_info)",
    )


def test_a_static_method_that_cannot_be_called_is_one_line(bench: Bench) -> None:
    path = bench.plugin("@staticmethod\ndef pe_status(*, more):\n    return ok('ran')")

    assert bench.outcome(path, "pe_status") == (
        "failing",
        "Sample.pe_status(*, more) cannot be called by the runner; declare it as pe_status(self)",
    )


def test_a_method_of_the_environment_takes_nothing(bench: Bench) -> None:
    path = bench.plugin("def pe_status(self, more):\n    return ok('ran')")

    assert bench.outcome(path, "pe_status") == (
        "failing",
        "Sample.pe_status(more) cannot be called by the runner; declare it as pe_status(self)",
    )


def test_static_and_class_methods_are_methods(bench: Bench) -> None:
    path = bench.plugin(
        "@staticmethod\ndef pe_status():\n    return ok('ran')\n"
        "@classmethod\ndef deployment_status(cls, info):\n    return ok(info.id)"
    )

    assert bench.outcome(path, "pe_status") == RAN
    assert bench.outcome(path, "deployment_status", deployment={}) == ("passing", "d1")


# What it may return


@pytest.mark.parametrize(
    ("returned", "shown"), [("None", "None"), ("'done'", "'done'"), ("{'status': 'passing'}", "{'status': 'passing'}")]
)
def test_what_is_no_status_is_told(bench: Bench, returned: str, shown: str) -> None:
    path = bench.plugin(f"def pe_status(self):\n    return {returned}")

    status, message = bench.outcome(path, "pe_status")

    assert status == "failing"
    assert f"returned {shown} instead of an ActionStatusInfo" in message


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("status='fine'", "returned status 'fine', which is none of passing, warning, failing, unknown"),
        (
            "state='on'",
            "returned state 'on', which is none of "
            "ready, stopped, errored, launching, replacingModel, shuttingDown, unknown",
        ),
        ("data='x'", "returned 'x' as data instead of a dict"),
        ("duration='1 s'", "returned '1 s' as duration instead of a number"),
    ],
)
def test_a_status_that_no_status_file_can_hold_is_told(bench: Bench, fields: str, reason: str) -> None:
    path = bench.plugin(
        f"def pe_status(self):\n    return ActionStatusInfo(**{{'status': 'passing', **dict({fields})}})"
    )

    assert bench.outcome(path, "pe_status") == ("failing", f"Sample.pe_status {reason}")


def test_a_foreign_object_counts_by_its_attributes(bench: Bench) -> None:
    head = (
        "import enum\nclass Status(enum.Enum):\n    OK = 'passing'\n"
        "class Answer:\n    status = Status.OK\n    msg = 'foreign'\n    state = 'ready'\n"
        "    data = {'a': (1, Status.OK)}"
    )
    path = bench.plugin("def pe_status(self):\n    return Answer()", head=head)

    document = bench.act(path, "pe_status")

    del document["duration"], document["timestamp"]
    assert document == {"data": {"a": [1, "passing"]}, "msg": "foreign", "state": "ready", "status": "passing"}


# What it may raise


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("raise EnvironmentFailure('the platform is down; start it')", "the platform is down; start it"),
        (
            "raise ValueError('a\\nb')",
            "plugin {path} failed in pe_status: ValueError: a b ({path}:{line}); "
            "this is a bug of the plugin: --log-level debug shows where",
        ),
        ("raise SystemExit(7)", "plugin {path} called sys.exit(7); it should return a status"),
        ("import sys; sys.exit()", "plugin {path} called sys.exit(None); it should return a status"),
        (
            "raise StopIteration",
            "plugin {path} failed in pe_status: StopIteration ({path}:{line}); "
            "this is a bug of the plugin: --log-level debug shows where",
        ),
    ],
    ids=["our error", "a bug", "SystemExit", "sys.exit", "StopIteration"],
)
def test_what_a_plugin_raises_is_one_line(bench: Bench, statement: str, message: str) -> None:
    path = bench.plugin(f"def pe_status(self):\n    {statement}", head="from bosun_core import EnvironmentFailure")

    line = 1 + [text.strip() for text in Path(path).read_text().splitlines()].index(statement)
    assert bench.outcome(path, "pe_status") == ("failing", message.format(path=path, line=line))


def test_a_bug_keeps_its_traceback_in_the_log(bench: Bench) -> None:
    path = bench.plugin("def pe_status(self):\n    raise ValueError('no')")

    quiet = bench.command("--plugin", path, "--action", "pe_status")
    told = bench.command("--plugin", path, "--action", "pe_status", "--log-level", "debug")

    assert "Traceback" not in quiet.stderr
    assert "Traceback (most recent call last):" in told.stderr
    assert "raise ValueError('no')" in told.stderr


def test_a_constructor_that_raises_is_one_line(bench: Bench) -> None:
    path = bench.plugin("def __init__(self, *args):\n    raise KeyError('token')")

    status, message = bench.outcome(path, "pe_status")

    assert status == "failing"
    assert message.startswith(f"plugin {path} failed in pe_status: KeyError: 'token' ({path}:")


# How it may die


@pytest.mark.parametrize(
    ("statement", "how"),
    [
        ("os._exit(0)", "ended with exit code 0"),
        ("os._exit(3)", "ended with exit code 3"),
        ("os.kill(os.getpid(), 9)", "was killed by SIGKILL"),
        ("os.abort()", "was killed by SIGABRT"),
        ("sys.modules['ctypes'].string_at(0)", "was killed by SIGSEGV"),
    ],
)
def test_a_plugin_that_dies_has_a_status_all_the_same(bench: Bench, statement: str, how: str) -> None:
    path = bench.plugin(f"def pe_status(self):\n    {statement}", head="import ctypes, os, sys")

    run = bench.command("--plugin", path, "--action", "pe_status", "--status-file", "status.yaml")

    message = f"the action's process {how} before it had a status; run it again with --log-level debug"
    assert (run.code, run.stdout, run.outcome) == (0, "", ("failing", message))
    assert run.stderr == f"bosun-plugin-runner: {message}\n"


def test_a_plugin_that_dies_while_a_process_of_its_own_lives_on_has_a_status(bench: Bench) -> None:
    path = bench.plugin(
        "def pe_status(self):\n"
        "    if os.fork() == 0:\n"
        "        signal.alarm(40)\n"
        "        signal.pause()\n"
        "    os._exit(3)",
        head="import os, signal",
    )

    with bench.started("--plugin", path, "--action", "pe_status", "--status-file", "status.yaml") as runner:
        assert runner.process.wait(timeout=20) == 0

    assert "msg: the action's process ended with exit code 3 " in (bench.folder / "status.yaml").read_text()


# What it may print


def test_what_a_plugin_and_its_processes_print_goes_to_stderr(bench: Bench) -> None:
    path = bench.plugin(
        "def pe_status(self):\n"
        "    print('from Python')\n"
        "    sys.stdout.flush()\n"
        "    os.write(1, b'from the descriptor\\n')\n"
        "    subprocess.run(['echo', 'from a process'])\n"
        "    return ok('ran')",
        head="import os, subprocess, sys\nprint('at import')",
    )

    run = bench.command("--plugin", path, "--action", "pe_status")

    assert run.outcome == RAN
    assert set(run.stdout.splitlines()) == {line for line in run.stdout.splitlines() if ": " in line}
    assert sorted(run.stderr.splitlines()) == ["at import", "from Python", "from a process", "from the descriptor"]


def test_a_plugin_that_closes_stdout_does_not_lose_the_status(bench: Bench) -> None:
    path = bench.plugin(
        "def pe_status(self):\n    os.close(1)\n    sys.stdout.close()\n    return ok('ran')", head="import os, sys"
    )

    run = bench.command("--plugin", path, "--action", "pe_status")

    assert (run.code, run.outcome) == (0, RAN)
