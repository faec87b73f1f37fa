"""Faults on demand, by flag, by environment and by package."""

import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from one_model import ROW, package
from prediction_server.faults import SWITCHES, Faults
from prediction_server.launch import RunningServer, ServerDidNotStartError, running_server
from prediction_server.make_package import write_package
from prediction_server.serving import load_file

README = Path(__file__).parents[3] / "examples" / "prediction_server" / "README.md"


def test_while_it_loads_everything_is_a_503_and_then_a_200(model: Path, until: Callable[..., Any]) -> None:
    with running_server("--model", model, "--load-seconds", "1") as running:
        asked = [("GET", "/ping"), ("GET", "/info"), ("POST", "/predictions")]
        assert [running.request(*what).status for what in asked] == [503, 503, 503]
        until(lambda: running.request("GET", "/ping").status == 200)
        assert running.request("POST", "/predictions", [ROW]).status == 200


def test_a_closed_server_listens_only_once_it_has_loaded(model: Path) -> None:
    began = time.monotonic()
    faults = {"PPS_STANDIN_LOADING_MODE": "closed", "PPS_STANDIN_LOAD_SECONDS": "1"}
    with running_server("--model", model, environ=faults) as running:
        assert time.monotonic() - began >= 1
        assert running.request("GET", "/ping").status == 200


def test_a_crash_at_start_is_no_start(model: Path) -> None:
    with (
        pytest.raises(ServerDidNotStartError) as error,
        running_server("--model", model, "--crash-at-start"),
    ):
        pass
    assert (error.value.exit_code, error.value.stderr) == (70, "crashing: crash_at_start is set\n")


def test_a_crash_after_loading_ends_a_server_that_has_answered(model: Path) -> None:
    with running_server("--model", model, "--crash-after-seconds", "0.5") as running:
        assert running.request("POST", "/predictions", [ROW]).status == 200
        assert running.process.wait(20) == 70


@pytest.mark.parametrize(
    ("flag", "hung", "well"),
    [
        ("--hang-predictions", ("POST", "/predictions", [ROW]), ("GET", "/ping")),
        ("--hang-ping", ("GET", "/ping"), ("POST", "/predictions", [ROW])),
    ],
)
def test_a_hung_part_never_answers_and_the_other_does(
    model: Path, flag: str, hung: tuple[Any, ...], well: tuple[Any, ...]
) -> None:
    with running_server("--model", model, flag) as running:
        with pytest.raises(TimeoutError):
            running.request(*hung, timeout=0.5)
        assert running.request(*well).status == 200
        running.stop(signal.SIGKILL)


def test_a_failing_health_check_leaves_predictions_alone(model: Path) -> None:
    with running_server("--model", model, "--fail-ping") as running:
        ping, prediction = running.request("GET", "/ping"), running.request("POST", "/predictions", [ROW])
    assert (ping.status, prediction.status) == (503, 200)


def test_slow_predictions_take_their_time(model: Path) -> None:
    with running_server("--model", model, "--predict-seconds", "0.3") as running:
        began = time.monotonic()
        assert running.request("POST", "/predictions?delay=0.2", [ROW]).status == 200
        assert time.monotonic() - began >= 0.5


def test_a_flag_wins_over_the_environment_and_the_package_over_both(tmp_path: Path) -> None:
    faults = Faults().updated({"load_seconds": "1", "predict_seconds": "1"}).updated({"predict_seconds": 2})
    path = package(tmp_path / "m.mlpkg", faults={"load_seconds": 0, "fail_ping": True})
    loaded = load_file(path, deployment_id=None, model_id=None, faults=faults)
    assert loaded.faults == Faults(load_seconds=0, predict_seconds=2, fail_ping=True)


def test_a_package_can_be_bad_by_itself(tmp_path: Path) -> None:
    path = write_package(tmp_path / "m.mlpkg", "opaque", faults={"fail_ping": True})
    with running_server("--model", path) as running:
        assert running.request("GET", "/ping").status == 503


@pytest.mark.parametrize(
    ("arguments", "environ", "reason"),
    [
        (["--load-seconds", "soon"], {}, "fault load_seconds: give seconds from 0 to 86400, not 'soon'"),
        ([], {"PPS_STANDIN_HANG_PING": "maybe"}, "fault hang_ping: give true or false, not 'maybe'"),
        ([], {"PPS_STANDIN_EXPLODE": "1"}, "there is no fault 'explode'; the faults are load_seconds, "),
        (["--port", "70000"], {}, "argument --port: give a port from 0 to 65535, not '70000'"),
        (["--models", "x"], {}, "argument --models: not allowed with argument --model"),
    ],
)
def test_a_wrong_switch_is_wrong_usage(model: Path, arguments: list[str], environ: dict[str, str], reason: str) -> None:
    with (
        pytest.raises(ServerDidNotStartError) as error,
        running_server("--model", model, *arguments, environ=environ),
    ):
        pass
    assert error.value.exit_code == 2
    assert reason in error.value.stderr


def test_a_taken_port_is_one_line(model: Path, server: RunningServer) -> None:
    port = str(urlsplit(server.url).port)
    with pytest.raises(ServerDidNotStartError) as error, running_server("--model", model, "--port", port):
        pass
    expected = f"bosun-prediction-server: cannot listen on 127.0.0.1:{port}: Address already in use\n"
    assert (error.value.exit_code, error.value.stderr) == (1, expected)


def test_the_readme_names_every_switch() -> None:
    rows = re.findall(r"^\| `--([a-z-]+).*?` \| `(PPS_\w+)` \|.*\| `(\w+)`.*\|$", README.read_text(), re.MULTILINE)
    expected = [(name.replace("_", "-"), f"PPS_STANDIN_{name.upper()}", name) for name in SWITCHES]
    assert rows == expected
