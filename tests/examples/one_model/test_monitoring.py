"""Monitoring: its settings, and what is reported."""

from pathlib import Path

import pytest
from one_model import ROW
from prediction_server.exchange import Request
from prediction_server.faults import Faults
from prediction_server.launch import running_server
from prediction_server.monitoring import MonitoringError, MonitoringSettings, PredictionReport, read_monitoring
from prediction_server.routes import SingleModel
from prediction_server.serving import load_file

QUEUE = "amqp://user:hidden-word@broker:5672/?heartbeat=5"


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
