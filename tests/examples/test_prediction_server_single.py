"""The example prediction server with one model: predictions, HTTP, faults, its end, monitoring."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from prediction_server.exchange import Request
from prediction_server.faults import SWITCHES, Faults
from prediction_server.launch import RunningServer, ServerDidNotStartError, running_server
from prediction_server.make_package import TooSmallError, write_package
from prediction_server.monitoring import MonitoringError, MonitoringSettings, PredictionReport, read_monitoring
from prediction_server.routes import SingleModel
from prediction_server.serving import load_file

README = Path(__file__).parents[2] / "examples" / "prediction_server" / "README.md"
ROW = {"x": 1, "y": 2}
QUEUE = "amqp://user:hidden-word@broker:5672/?heartbeat=5"


def package(path: Path, **manifest: Any) -> Path:
    """A package with predictions that one can work out: 10 + x + 2 y."""
    linear = {"kind": "linear", "features": ["x", "y"], "coefficients": [1, 2], "intercept": 10}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.json", json.dumps(linear | manifest))
    return path


def until(check: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until `check` holds."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.01)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return package(tmp_path / "model.mlpkg")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One well-behaved server for the tests that do not change it."""
    path = package(tmp_path_factory.mktemp("single") / "model.mlpkg")
    ids = {"MLOPS_DEPLOYMENT_ID": "d1", "MLOPS_MODEL_ID": "m1"}
    with running_server("--model", path, "--max-body", "1000", environ=ids) as running:
        yield running


# --- predictions


def test_a_json_list_of_records_is_scored(server: RunningServer) -> None:
    answer = server.request("POST", "/predictions", [ROW, {"x": 0, "y": 0, "other": "ignored"}])
    data = [{"prediction": 15.0, "rowId": 0}, {"prediction": 10.0, "rowId": 1}]
    assert (answer.status, answer.content) == (200, {"data": data, "deploymentId": "d1", "modelId": "m1"})


def test_a_csv_is_scored_like_json(server: RunningServer) -> None:
    csv = server.request("POST", "/predictions", "y,x\r\n2,1\r\n", content_type="text/csv; charset=utf-8")
    assert csv.content == server.request("POST", "/predictions", [ROW]).content


def test_no_records_are_no_predictions(server: RunningServer) -> None:
    assert server.request("POST", "/predictions", []).content["data"] == []


def test_every_answer_names_the_model_also_one_that_refuses(server: RunningServer) -> None:
    answers = [server.request("POST", "/predictions", body) for body in ([ROW], "nonsense")]
    assert [(answer.status, answer.headers["x-model-id"]) for answer in answers] == [(200, "m1"), (400, "m1")]


def test_a_model_id_that_no_header_can_hold_is_encoded(model: Path) -> None:
    with running_server("--model", model, environ={"MLOPS_MODEL_ID": "modèle"}) as running:
        answer = running.request("POST", "/predictions", [ROW])
    assert (answer.content["modelId"], answer.headers["x-model-id"]) == ("modèle", "mod%C3%A8le")


def test_info_tells_what_the_model_is(server: RunningServer) -> None:
    info = server.request("GET", "/info").content
    sha256 = info.pop("packageSha256")
    assert re.fullmatch("[0-9a-f]{64}", sha256)
    assert info == {"deploymentId": "d1", "modelId": "m1", "kind": "linear", "features": ["x", "y"]}


def test_ping_answers(server: RunningServer) -> None:
    answer = server.request("GET", "/ping")
    assert (answer.status, answer.content) == (200, {"response": "pong"})


def test_without_ids_the_package_names_the_model(model: Path) -> None:
    with running_server("--model", model) as running:
        content = running.request("POST", "/predictions", []).content
    assert content == {"data": [], "deploymentId": None, "modelId": "model"}


def test_the_environment_names_the_folder_of_the_package(model: Path) -> None:
    with running_server(environ={"PREDICTION_API_MODEL_REPOSITORY_PATH": str(model.parent)}) as running:
        assert running.request("GET", "/ping").status == 200


def test_a_scikit_learn_model_predicts_what_it_predicts_elsewhere(tmp_path: Path) -> None:
    import joblib

    path = write_package(tmp_path / "iris.mlpkg", "sklearn", seed=4)
    with zipfile.ZipFile(path) as archive, archive.open("model.joblib") as file:
        expected = joblib.load(file).predict([[5.1, 3.5, 1.4]]).tolist()
    flower = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4}
    with running_server("--model", path) as running:
        answer = running.request("POST", "/predictions", [flower])
    assert [row["prediction"] for row in answer.content["data"]] == expected


@pytest.mark.parametrize("kind", ["sklearn", "linear", "opaque"])
def test_another_seed_is_another_model(tmp_path: Path, kind: str) -> None:
    record = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "x": 1, "y": 2}

    def score(seed: int) -> float:
        path = write_package(tmp_path / "m.mlpkg", kind, seed=seed)
        loaded = load_file(path, deployment_id=None, model_id=None, faults=Faults())
        (prediction,) = loaded.package.model.score([record])
        return float(prediction)

    scores = [score(seed) for seed in range(4)]
    assert len({round(value, 2) for value in scores}) == 4


def test_the_same_seed_is_the_same_package(tmp_path: Path) -> None:
    one, two = (write_package(tmp_path / name, "linear", seed=7, size=5000) for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


# --- packages


@pytest.mark.parametrize("kind", ["sklearn", "linear", "opaque"])
def test_a_package_is_made_as_large_as_asked(tmp_path: Path, kind: str) -> None:
    command = [sys.executable, "-m", "prediction_server.make_package", "--kind", kind, "--size", "1500000"]
    path = tmp_path / "m.mlpkg"
    subprocess.run([*command, str(path), "--fault", "fail_ping=true"], check=True)
    assert path.stat().st_size == 1_500_000
    assert load_file(path, deployment_id=None, model_id=None, faults=Faults()).faults == Faults(fail_ping=True)


def test_a_package_cannot_be_smaller_than_its_model(tmp_path: Path) -> None:
    with pytest.raises(TooSmallError, match="bytes or more, not 10"):
        write_package(tmp_path / "m.mlpkg", "linear", size=10)


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ({"kind": "quantum"}, "kind 'quantum' is not one of linear, opaque, sklearn"),
        ({"format": 2}, "format 2 is not known here, only 1"),
        ({"features": "x"}, "features is no list of names"),
        ({"coefficients": [1]}, "coefficients is no list of 2 numbers, one a feature"),
        ({"coefficients": [1, "2"]}, "'2' is no finite number"),
        ({"coefficients": [1, 10**400]}, "is no finite number"),
        ({"faults": {"explode": True}}, "there is no fault 'explode'"),
        ({"faults": {"load_seconds": -1}}, "fault load_seconds: give seconds from 0 to 86400, not -1"),
        ({"kind": "sklearn", "model": "gone.joblib"}, "names 'gone.joblib', which the package does not hold"),
        ({"kind": "sklearn", "model": "model.json"}, "model.json cannot be loaded: "),
    ],
)
def test_a_package_that_cannot_load_ends_the_start_with_one_line(
    tmp_path: Path, manifest: dict[str, object], reason: str
) -> None:
    path = package(tmp_path / "bad.mlpkg", **manifest)
    with pytest.raises(ServerDidNotStartError) as error, running_server("--model", path):
        pass
    line, nothing = error.value.stderr.split("\n")
    assert (error.value.exit_code, nothing) == (1, "")
    assert line.startswith(f"bosun-prediction-server: cannot load {path}: ")
    assert reason in line


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ([], "the folder holds no model package"),
        (["a.mlpkg", "b.mlpkg"], "the folder holds several model packages: a.mlpkg, b.mlpkg"),
    ],
)
def test_a_folder_without_the_one_package_ends_the_start(tmp_path: Path, names: list[str], reason: str) -> None:
    for name in names:
        package(tmp_path / name)
    with pytest.raises(ServerDidNotStartError, match=reason), running_server("--model", tmp_path):
        pass


def test_a_file_that_is_no_package_of_ours_is_an_opaque_model(tmp_path: Path) -> None:
    path = tmp_path / "model.jar"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("some/other.file", "")
    with running_server("--model", path) as running:
        answer = running.request("POST", "/predictions", [{"any": "thing"}, {}])
    first, second = (row["prediction"] for row in answer.content["data"])
    assert first == second
    assert 0 <= first <= 1


# --- what is refused


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b"{", "application/json", "the body is no JSON"),
        (b"[" * 900, "application/json", "the body is no JSON"),
        (b'{"x": 1}', "application/json", "the body is no list"),
        (b"[1]", "application/json", "row 0 is no JSON object of features"),
        (b'[{"x": 1}]', "application/json", "row 0 lacks the feature 'y'"),
        (b'[{"x": 1, "y": null}]', "application/json", "row 0 lacks the feature 'y'"),
        (b'[{"x": 1, "y": 2}, {"x": 1, "y": "two"}]', "application/json", "row 1: the feature 'y' is no finite"),
        (b'[{"x": 1, "y": NaN}]', "application/json", "row 0: the feature 'y' is no finite number"),
        (b'[{"x": 1, "y": 1.7e308}]', "application/json", "a prediction for these records is no finite number"),
        (b"\xff", "application/json", "the body is not UTF-8"),
        (b"", "text/csv", "the body is empty"),
        (b"x,y\n1\n", "text/csv", "row 0 has 1 values, the header 2"),
        (b"x,y\n1,\n", "text/csv", "row 0 lacks the feature 'y'"),
        (b'x,y\n"1,2\n', "text/csv", "the body is no CSV"),
    ],
)
def test_a_body_that_cannot_be_scored_is_a_400(
    server: RunningServer, body: bytes, content_type: str, message: str
) -> None:
    answer = server.request("POST", "/predictions", body, content_type=content_type)
    assert (answer.status, list(answer.content)) == (400, ["message"])
    assert message in answer.content["message"]


@pytest.mark.parametrize("delay", ["-1", "31", "soon", "nan"])
def test_a_delay_out_of_range_is_a_400(server: RunningServer, delay: str) -> None:
    answer = server.request("POST", f"/predictions?delay={delay}", [ROW])
    expected = {"message": "delay is a number of seconds from 0 to 30"}
    assert (answer.status, answer.content) == (400, expected)


@pytest.mark.parametrize("path", ["/", "/nothing", "/predictions/more", "/deployments/d1/predictions", "*", "//["])
def test_an_unknown_path_is_a_404(server: RunningServer, path: str) -> None:
    answer = server.request("GET", path)
    assert (answer.status, list(answer.content)) == (404, ["message"])


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/predictions", "POST"), ("POST", "/ping", "GET"), ("PATCH", "/info", "GET")],
)
def test_another_method_is_a_405_that_names_the_right_one(
    server: RunningServer, method: str, path: str, allowed: str
) -> None:
    answer = server.request(method, path)
    message = {"message": f"{method} is not allowed here, only {allowed}"}
    assert (answer.status, answer.headers["allow"], answer.content) == (405, allowed, message)


def test_a_body_over_the_limit_is_a_413(server: RunningServer) -> None:
    answer = server.request("POST", "/predictions", b" " * 5_000_000)
    assert (answer.status, answer.content) == (413, {"message": "the body is larger than 1000 bytes"})


# --- HTTP


def connect(server: RunningServer) -> "closing[http.client.HTTPConnection]":
    return closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30))


def raw(server: RunningServer, sent: bytes) -> bytes:
    """Send these bytes and return all that comes back until the server closes."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as file:
            return file.read()


def test_a_connection_serves_many_requests_whatever_each_came_to(server: RunningServer) -> None:
    statuses = []
    with connect(server) as connection:
        for path, body in [("/nothing", "unread"), ("/predictions", "{"), ("/predictions", json.dumps([ROW]))]:
            connection.request("POST", path, body)
            first_socket = connection.sock
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
            assert connection.sock is first_socket
    assert statuses == [404, 400, 200]


def test_requests_sent_at_once_are_answered_in_order(server: RunningServer) -> None:
    one = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"
    answered = raw(server, one % b"ping" + one % b"nothing" + one % b"info")
    assert re.findall(rb"HTTP/1.1 (\d+)", answered) == [b"200", b"404", b"200"]


def test_a_chunked_body_is_read(server: RunningServer) -> None:
    whole = json.dumps([ROW]).encode()
    with connect(server) as connection:
        connection.request("POST", "/predictions", iter([whole[:5], whole[5:]]), encode_chunked=True)
        content = json.loads(connection.getresponse().read())
    assert content["data"] == [{"prediction": 15.0, "rowId": 0}]


def test_a_head_request_has_an_empty_answer(server: RunningServer) -> None:
    answered = raw(server, b"HEAD /ping HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answered.endswith(b"Content-Length: 21\r\nX-Model-Id: m1\r\n\r\n")


def test_an_http_1_0_client_may_keep_its_connection(server: RunningServer) -> None:
    one = b"GET /ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    assert raw(server, one + one).count(b'{"response": "pong"}') == 2


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /ping HTTP/1.1 more\r\n\r\n", 400),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /ping HTTP/3.0\r\n\r\n", 505),
        (b"POST /predictions HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST /predictions HTTP/1.1\r\nContent-Length: 9\r\n\r\n[]", 400),
        (b"POST /predictions HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"POST /predictions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 400),
        (b"POST /predictions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[]", 400),
    ],
)
def test_what_is_no_http_is_refused_in_json(server: RunningServer, sent: bytes, status: int) -> None:
    head, _, content = raw(server, sent).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert list(json.loads(content)) == ["message"]


def test_bad_input_leaves_no_traceback(server: RunningServer) -> None:
    raw(server, b"POST /predictions HTTP/1.1\r\nContent-Length: 9\r\n\r\n[")
    server.request("POST", "/predictions", b"[" * 100_000)
    assert server.stderr() == ""


def test_many_clients_are_answered_at_once(server: RunningServer) -> None:
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: server.request("POST", "/predictions", [ROW]).status, range(512)))
    assert answers == [200] * 512


# --- faults


def test_while_it_loads_everything_is_a_503_and_then_a_200(model: Path) -> None:
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


# --- its end


def in_flight(running: RunningServer, count: int, pool: ThreadPoolExecutor) -> list[Any]:
    """Start requests that take a second, and return their futures once the server has them all."""
    sent = threading.Barrier(count + 1)

    def ask() -> object:
        with connect(running) as connection:
            connection.request("POST", "/predictions?delay=1", json.dumps([ROW]))
            sent.wait()
            try:
                response = connection.getresponse()
            except OSError as error:
                return type(error)
            return response.status, response.getheader("Connection"), len(response.read()) > 0

    asked = [pool.submit(ask) for _ in range(count)]
    sent.wait()
    return asked


def test_sigterm_finishes_what_is_in_flight_and_ends_with_0(model: Path) -> None:
    with running_server("--model", model) as running, ThreadPoolExecutor(40) as pool:
        asked = in_flight(running, 40, pool)
        running.process.send_signal(signal.SIGTERM)
        assert [future.result() for future in asked] == [(200, "close", True)] * 40
        assert running.process.wait(20) == 0


def test_sigterm_accepts_no_more_connections(model: Path) -> None:
    with running_server("--model", model) as running, ThreadPoolExecutor(1) as pool:
        in_flight(running, 1, pool)
        running.process.send_signal(signal.SIGTERM)

        def refused() -> bool:
            try:
                return running.request("GET", "/ping").status != 200
            except OSError:
                return True

        until(refused)
        assert running.process.wait(20) == 0


def test_an_idle_connection_holds_nothing_up(model: Path) -> None:
    with running_server("--model", model) as running, connect(running) as connection:
        connection.request("GET", "/ping")
        connection.getresponse().read()
        assert running.stop(timeout=5) == 0


def test_drop_cuts_what_is_in_flight(model: Path) -> None:
    with running_server("--model", model, "--on-sigterm", "drop") as running, ThreadPoolExecutor(4) as pool:
        asked = in_flight(running, 4, pool)
        assert running.stop() == 128 + signal.SIGTERM
        cut = {http.client.RemoteDisconnected, ConnectionResetError}
        assert {future.result() for future in asked} <= cut


def test_interrupt_ends_it_quietly(model: Path) -> None:
    with running_server("--model", model) as running:
        assert (running.stop(signal.SIGINT), running.stderr()) == (0, "")


def test_sigterm_ends_a_closed_server_that_still_loads(model: Path) -> None:
    arguments = ["--model", str(model), "--load-seconds", "60", "--loading-mode", "closed", "--port", "0"]
    command = [sys.executable, "-m", "prediction_server", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line == "loading for 60 s before listening: loading_mode is closed\n"
        process.terminate()
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0


# --- monitoring


def monitored(**changes: str) -> dict[str, str]:
    settings = f"spooler_type=rabbitmq;rabbitmq_queue_url={QUEUE};rabbitmq_queue_name=spool"
    names = {"PREDICTION_API_MONITORING_ENABLED": "true", "PREDICTION_API_MONITORING_SETTINGS": settings}
    return names | changes


def test_monitoring_settings_are_read_from_the_environment() -> None:
    assert read_monitoring(monitored(MONITORING_AGENT="False")) == MonitoringSettings(
        spooler_type="rabbitmq", embedded_agent=False, rabbitmq_queue_url=QUEUE, rabbitmq_queue_name="spool"
    )


def test_the_folder_of_a_spool_is_read_from_the_environment() -> None:
    settings = monitored(PREDICTION_API_MONITORING_SETTINGS="spooler_type=filesystem;directory=/spool")
    assert read_monitoring(settings) == MonitoringSettings(spooler_type="filesystem", directory="/spool")


@pytest.mark.parametrize("word", ["", "false", "False", "0"])
def test_monitoring_is_off_unless_it_is_on(word: str) -> None:
    assert read_monitoring(monitored(PREDICTION_API_MONITORING_ENABLED=word)) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"PREDICTION_API_MONITORING_SETTINGS": ""}, "spooler_type is missing"),
        ({"PREDICTION_API_MONITORING_SETTINGS": "hidden-word"}, "write it as key=value;key=value"),
        (
            {"PREDICTION_API_MONITORING_SETTINGS": "spooler_type=rabbitmq;rabbitmq_queue_url=hidden-word"},
            "rabbitmq_queue_name is missing",
        ),
        ({"PREDICTION_API_MONITORING_SETTINGS": "spooler_type=filesystem"}, "directory is missing"),
        ({"PREDICTION_API_MONITORING_ENABLED": "perhaps"}, "give true or false"),
    ],
)
def test_monitoring_settings_that_cannot_be_followed_are_named_but_not_shown(
    changes: dict[str, str], reason: str
) -> None:
    with pytest.raises(MonitoringError, match=reason) as error:
        read_monitoring(monitored(**changes))
    assert "hidden-word" not in str(error.value)


def test_a_password_in_the_queue_url_is_not_in_the_text_of_the_settings() -> None:
    assert "hidden-word" not in repr(read_monitoring(monitored()))


def test_the_command_says_that_it_reports_nothing_and_serves(model: Path) -> None:
    with running_server("--model", model, environ=monitored()) as running:
        assert running.request("POST", "/predictions", [ROW]).status == 200
        expected = "monitoring is on, but nothing here reports to rabbitmq: no prediction is reported\n"
        assert running.stderr() == expected


class Sent:
    """A body that is at hand."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, size: int) -> bytes:
        piece, self.content = self.content[:size], self.content[size:]
        return piece


class Recorder:
    """A reporter that keeps what it is given."""

    def __init__(self) -> None:
        self.reports: list[PredictionReport] = []

    def report(self, report: PredictionReport) -> None:
        self.reports.append(report)


@pytest.mark.parametrize(("body", "reported"), [(b'[{"x": 1, "y": 2}]', [("d", "m", 1)]), (b"{", [])])
def test_a_reporter_gets_each_answered_request(model: Path, body: bytes, reported: list[tuple[str, str, int]]) -> None:
    recorder = Recorder()
    serving = load_file(model, deployment_id="d", model_id="m", faults=Faults())
    SingleModel(serving, reporter=recorder)(Request("POST", "/predictions", Sent(body)))
    assert [(report.deployment_id, report.model_id, report.rows) for report in recorder.reports] == reported
