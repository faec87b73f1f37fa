"""The bodies of containers, whole."""

from typing import Any

import pytest
from bosun_core.model_sources.kinds import CUSTOM, SCORING_CODE
from bosun_core.monitoring import OFF, Monitoring
from bosun_docker.environment import Environment, environment
from bosun_docker.key_values import KeyValues
from bosun_docker.monitoring import containers as monitoring_containers
from bosun_docker.settings import DockerSettings

from bosun_docker import containers

URL = "http://h:81"
HOST = {
    "NetworkMode": "bosun",
    "RestartPolicy": {"Name": "unless-stopped"},
    "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
}


def place(**settings: Any) -> Environment:
    return environment(DockerSettings(outfacing_prediction_url_prefix=URL, **settings), {}, dry_run=False)


def test_a_models_container_is_this() -> None:
    values = KeyValues(memory=1024**3, cpus=1.5, gpus=-1, shm_size=2**26, environment=(("A", "b"),))
    assert containers.model(place(), "d1", "m1", values, None) == {
        "Env": [
            "A=b",
            "MLOPS_DEPLOYMENT_ID=d1",
            "MLOPS_MODEL_ID=m1",
            "MONITORING_AGENT=False",
            "PREDICTION_API_MODEL_REPOSITORY_PATH=/opt/ml/model/model.mlpkg",
            "PREDICTION_API_MONITORING_ENABLED=False",
        ],
        "HostConfig": {
            **HOST,
            "Memory": 1024**3,
            "MemorySwap": 1024**3,
            "NanoCpus": 1_500_000_000,
            "ShmSize": 2**26,
            "DeviceRequests": [{"Driver": "", "Count": -1, "Capabilities": [["gpu"]]}],
        },
    }


def test_a_monitored_model_is_told_where_to_report_to() -> None:
    variables = containers.model(place(), "d1", "m1", KeyValues(), "amqp://u:p@h:5672")["Env"]
    assert [one for one in variables if "MONITORING" in one] == [
        "MONITORING_AGENT=False",
        "PREDICTION_API_MONITORING_ENABLED=True",
        "PREDICTION_API_MONITORING_SETTINGS="
        "spooler_type=rabbitmq;rabbitmq_queue_url=amqp://u:p@h:5672;rabbitmq_queue_name=bosun-monitoring",
    ]


def test_a_custom_model_is_told_who_it_is_and_where_the_mlops_library_reports_to() -> None:
    assert containers.model(place(), "d1", "m1", KeyValues(), None, CUSTOM)["Env"] == [
        "MLOPS_DEPLOYMENT_ID=d1",
        "MLOPS_MODEL_ID=m1",
    ]
    assert containers.model(place(), "d1", "m1", KeyValues(), "amqp://u:p@h:5672", CUSTOM)["Env"] == [
        "MLOPS_DEPLOYMENT_ID=d1",
        "MLOPS_MODEL_ID=m1",
        "MLOPS_RABBITMQ_QUEUE_NAME=bosun-monitoring",
        "MLOPS_RABBITMQ_QUEUE_URL=amqp://u:p@h:5672",
        "MLOPS_SPOOLER_TYPE=RABBITMQ",
    ]


def test_scoring_code_is_named_to_its_server_by_the_path_that_the_docs_give() -> None:
    variables = containers.model(place(), "d1", "m1", KeyValues(), None, SCORING_CODE)["Env"]
    assert "PREDICTION_API_MODEL_REPOSITORY_PATH=/opt/ml/model/model.jar" in variables


def test_the_settings_hash_changes_with_each_setting_and_path() -> None:
    one = containers.model(place(), "d1", "m1", KeyValues(), None)
    other = containers.model(place(), "d1", "m1", KeyValues(cpus=1.0), None)
    made = [containers.settings_digest(*pair) for pair in ((one, "/ping"), (other, "/ping"), (one, "/health"))]
    assert len(set(made)) == 3
    assert containers.settings_digest(one, "/ping") == made[0]


def test_the_proxy_publishes_what_is_mapped_and_a_port_for_probes() -> None:
    env = place(traefik_port_mapping={"80": 81, "8080": 8081})
    body = containers.proxy(env, remote=False, certificates="")
    assert (body["Image"], body["HostConfig"]) == (
        "traefik:v3.6",
        {
            **HOST,
            "PortBindings": {
                "80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "81"}],
                "8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8081"}],
                "8099/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}],
            },
            "Mounts": [{"Type": "volume", "Source": "mlops_routes", "Target": "/etc/bosun/routes"}],
        },
    )
    assert "--api.insecure=true" in body["Cmd"]


def test_the_port_for_probes_of_a_remote_engine_is_reached_from_elsewhere() -> None:
    bindings = containers.proxy(place(), remote=True, certificates="")["HostConfig"]["PortBindings"]
    assert bindings["8099/tcp"] == [{"HostIp": "0.0.0.0", "HostPort": ""}]


def test_without_a_mapping_there_is_no_dashboard_and_with_a_certificate_there_is_https() -> None:
    assert "--api.insecure=true" not in containers.proxy(place(), remote=False, certificates="")["Cmd"]
    env = place(traefik_certificate="/c", traefik_key="/k", traefik_port_mapping={"443": 443})
    one, other = (containers.proxy(env, remote=False, certificates=digest) for digest in ("a", "b"))
    assert "--entryPoints.websecure.address=:443" in one["Cmd"]
    assert one["Labels"] != other["Labels"]  # a renewed certificate is a change


@pytest.mark.parametrize("image", ["traefik:v2.3.3", "traefik:v3.6"])
def test_the_proxy_drops_an_idle_connection_before_any_usual_server_closes_it(image: str) -> None:
    body = containers.proxy(place(traefik_image=image), remote=False, certificates="")
    flag = "--serversTransport.forwardingTimeouts.idleConnTimeout="
    (milliseconds,) = (one.removeprefix(flag).removesuffix("ms") for one in body["Cmd"] if one.startswith(flag))
    assert 0 < int(milliseconds) < 1000


def test_the_brokers_password_stands_in_its_variables_alone() -> None:
    env = place(rabbitmq_port_mapping={"5672": 5673})
    one, other = monitoring_containers.broker(env, "secret-1"), monitoring_containers.broker(env, "secret-2")
    assert one["Env"] == ["RABBITMQ_DEFAULT_USER=bosun", "RABBITMQ_DEFAULT_PASS=secret-1"]
    assert {**one, "Env": None} == {**other, "Env": None}
    assert monitoring_containers.password_of(one["Env"]) == "secret-1"
    assert one["HostConfig"]["PortBindings"] == {"5672/tcp": [{"HostIp": "127.0.0.1", "HostPort": "5673"}]}


def test_the_agent_is_told_the_service_the_token_and_the_queue() -> None:
    env = place(agent_image="agent:1")
    url = monitoring_containers.queue_url(env, "secret")
    assert url == f"amqp://bosun:secret@{monitoring_containers.broker_host(env)}:5672"
    assert monitoring_containers.agent(env, Monitoring("https://mlops", "token"), url)["Env"] == [
        "MLOPS_SERVICE_URL=https://mlops",
        "MLOPS_API_TOKEN=token",
        "MLOPS_SPOOLER_TYPE=RABBITMQ",
        f"MLOPS_RABBITMQ_QUEUE_URL={url}",
        "MLOPS_RABBITMQ_QUEUE_NAME=bosun-monitoring",
    ]


def test_monitoring_is_wanted_with_an_agent_image_unless_it_is_turned_off() -> None:
    settings = DockerSettings(outfacing_prediction_url_prefix=URL, agent_image="agent:1")
    off = {"MLOPS_BOSUN_PRED_ENV_ENABLE_MONITORING": False}
    assert environment(settings, off, dry_run=False).monitoring == OFF
    assert place().monitoring == OFF
    found = environment(settings, {"mlopsUrl": "https://mlops"}, dry_run=False).monitoring
    assert found is not None
    assert found.service_url == "https://mlops"
