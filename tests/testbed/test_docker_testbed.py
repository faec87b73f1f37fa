"""The Docker half of the testbed: its images run, its engine answers, and a prediction reaches the monitoring agent."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from prediction_server.make_package import write_package

pytestmark = pytest.mark.docker

ROOT = Path(__file__).parents[2]
USER, PASSWORD, QUEUE = "bosun", "a-planted-word", "predictions"
QUEUE_URL = f"amqp://{USER}:{PASSWORD}@broker:5672"
WARM_SECONDS = 10
OURS = ("image", "ls", "--quiet", "--no-trunc", "--filter=reference=bosun-test/*")
ROWS = b'[{"x": 1, "y": 2}, {"x": 3, "y": 4}]'
MONITORING = (
    "--env=PREDICTION_API_MONITORING_ENABLED=True",
    "--env=MONITORING_AGENT=False",
    "--env=PREDICTION_API_MONITORING_SETTINGS="
    f"spooler_type=rabbitmq;rabbitmq_queue_url={QUEUE_URL};rabbitmq_queue_name={QUEUE}",
)


def agent_settings(url: str) -> list[str]:
    settings = {
        "MLOPS_SERVICE_URL": "http://127.0.0.1:9",
        "MLOPS_API_TOKEN": "a-planted-token",
        "MLOPS_SPOOLER_TYPE": "RABBITMQ",
        "MLOPS_RABBITMQ_QUEUE_URL": url,
        "MLOPS_RABBITMQ_QUEUE_NAME": QUEUE,
    }
    return [f"--env={name}={value}" for name, value in settings.items()]


@pytest.fixture(scope="module")
def broker(docker: Any, until: Any, says_amqp: Any) -> str:
    login = (f"--env=RABBITMQ_DEFAULT_USER={USER}", f"--env=RABBITMQ_DEFAULT_PASS={PASSWORD}")
    options = ("--network-alias=broker", docker.publish(5672), *login)
    container: str = docker.run("BOSUN_TEST_RABBITMQ_IMAGE", *options)
    began = time.monotonic()
    until(lambda: says_amqp(docker.address(container, 5672)))
    print(f"broker ready in {time.monotonic() - began:.1f} s")
    return container


@pytest.fixture(scope="module")
def agent(docker: Any, broker: str, until: Any) -> str:
    for image in ("BOSUN_TEST_PPS_IMAGE", "BOSUN_TEST_AGENT_IMAGE"):
        if not docker.variables[image].startswith("bosun-test/"):
            pytest.skip(f"{image} is not the stand-in: only that takes our packages and shows what it recorded")
    options = (*agent_settings(QUEUE_URL), docker.publish(8080))
    container: str = docker.run("BOSUN_TEST_AGENT_IMAGE", *options)
    until(lambda: docker.request(container, "/ping")[0] == 200)
    return container


def messages_of(docker: Any, agent: str, until: Any, json_lines: Any, deployment: str) -> list[dict[str, Any]]:
    """What the agent has read about a deployment, without the times, once it has read something."""

    def seen() -> list[dict[str, Any]]:
        every = json_lines(docker.request(agent, "/messages")[1])
        return [message for message in every if message["deploymentId"] == deployment]

    times = ("milliseconds", "timestamp")
    return [{key: value for key, value in message.items() if key not in times} for message in until(seen)]


def test_the_proxy_answers_its_ping(docker: Any, until: Any) -> None:
    flags = ("--ping=true", "--entryPoints.traefik.address=:8080")
    proxy = docker.run("BOSUN_TEST_TRAEFIK_IMAGE", docker.publish(8080), command=flags)
    # It listens before it has its routes, and answers 404 then.
    assert until(lambda: docker.request(proxy, "/ping") == (200, b"OK"))


def test_the_broker_accepts_the_login_it_was_given_and_no_other(docker: Any, broker: str) -> None:
    docker("exec", broker, "rabbitmqctl", "authenticate_user", USER, PASSWORD)
    with pytest.raises(AssertionError, match="failed to authenticate"):
        docker("exec", broker, "rabbitmqctl", "authenticate_user", USER, "another-word")


def test_a_prediction_of_a_server_with_one_model_reaches_the_agent(
    docker: Any, agent: str, until: Any, json_lines: Any, tmp_path: Path
) -> None:
    path = "/opt/ml/model/model.mlpkg"
    ids = ("--env=MLOPS_DEPLOYMENT_ID=d1", "--env=MLOPS_MODEL_ID=m1")
    options = (f"--env=PREDICTION_API_MODEL_REPOSITORY_PATH={path}", *ids, *MONITORING, docker.publish(8080))
    server = docker.create("BOSUN_TEST_PPS_IMAGE", *options)
    docker("cp", write_package(tmp_path / "model.mlpkg"), f"{server}:{path}")
    docker("start", server)
    until(lambda: docker.request(server, "/ping")[0] == 200)
    assert docker.request(server, "/predictions", ROWS)[0] == 200
    assert messages_of(docker, agent, until, json_lines, "d1") == [
        {"type": "prediction", "deploymentId": "d1", "modelId": "m1", "rows": 2}
    ]


def test_a_prediction_of_a_server_with_many_models_reaches_the_agent(
    docker: Any, agent: str, until: Any, json_lines: Any, tmp_path: Path
) -> None:
    server = docker.run("BOSUN_TEST_PPS_IMAGE", *MONITORING, docker.publish(8080))
    until(lambda: docker.request(server, "/ping")[0] == 200)
    package = write_package(tmp_path / "model.mlpkg").read_bytes()
    docker.request(server, "/deployments/d2?modelId=m2", package, "application/octet-stream")
    assert docker.request(server, "/deployments/d2/predictions", ROWS)[0] == 200
    assert messages_of(docker, agent, until, json_lines, "d2") == [
        {"type": "prediction", "deploymentId": "d2", "modelId": "m2", "rows": 2}
    ]


def test_reports_wait_for_a_broker_that_is_away(
    docker: Any, broker: str, agent: str, until: Any, json_lines: Any, says_amqp: Any
) -> None:
    server = docker.run("BOSUN_TEST_PPS_IMAGE", *MONITORING, docker.publish(8080))
    until(lambda: docker.request(server, "/ping")[0] == 200)
    docker.request(server, "/deployments/d3?modelId=m3", b"an opaque model", "application/octet-stream")
    docker("kill", broker)
    answer = docker.request(server, "/deployments/d3/predictions", ROWS)
    docker("start", broker)
    until(lambda: says_amqp(docker.address(broker, 5672)))
    assert answer[0] == 200
    assert messages_of(docker, agent, until, json_lines, "d3") == [
        {"type": "prediction", "deploymentId": "d3", "modelId": "m3", "rows": 2}
    ]


def test_the_agent_records_what_it_read_in_its_log_and_in_a_file(docker: Any, agent: str) -> None:
    log = docker("logs", agent)
    assert log == docker("exec", agent, "cat", "/var/log/agent/messages.jsonl")


def test_the_agent_ends_when_the_broker_refuses_its_credentials(docker: Any, broker: str) -> None:
    agent = docker.run("BOSUN_TEST_AGENT_IMAGE", *agent_settings(QUEUE_URL.replace(PASSWORD, "another-word")))
    assert docker.ended(agent) == 1


def test_the_agent_ends_when_a_setting_is_missing(docker: Any) -> None:
    agent = docker.run("BOSUN_TEST_AGENT_IMAGE", *agent_settings(QUEUE_URL)[1:])
    assert docker.ended(agent) == 2


def test_the_engine_answers_by_tls_to_those_with_a_certificate_only(docker: Any) -> None:
    host = docker.variables.get("BOSUN_TEST_DOCKER_TLS_HOST")
    if host is None:
        pytest.skip("this engine is not the testbed's own: BOSUN_TEST_DOCKER_TLS_HOST names no TLS listener")
    certificates = Path(docker.variables["BOSUN_TEST_DOCKER_CERT_PATH"])
    authority = ("--tlsverify", f"--tlscacert={certificates / 'ca.pem'}")
    client = (f"--tlscert={certificates / 'cert.pem'}", f"--tlskey={certificates / 'key.pem'}")
    question = ("version", "--format", "{{.Server.Version}}")
    assert docker("--host", host, *authority, *client, *question) == docker(*question)
    with pytest.raises(AssertionError, match="certificate"):
        docker("--host", host, *authority, "--tlscert=", "--tlskey=", *question)


def test_making_the_testbed_again_takes_seconds_and_changes_nothing(docker: Any) -> None:
    before = sorted(docker(*OURS).splitlines())  # the engine lists images of one second in any order
    began = time.monotonic()
    again = subprocess.run(
        [sys.executable, "-m", "testbed", "docker", "up"],
        cwd=ROOT,
        env={**os.environ, **docker.variables},
        capture_output=True,
        text=True,
        timeout=100,
    )
    seconds = time.monotonic() - began
    print(f"again in {seconds:.1f} s\n{again.stdout}")
    assert (again.returncode, again.stderr, sorted(docker(*OURS).splitlines())) == (0, "", before)
    assert seconds < WARM_SECONDS
