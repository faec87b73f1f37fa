"""The private configuration, as the document writes it and as a user may get it wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from bosun_core.errors import ConfigurationError
from bosun_core.settings import load
from bosun_docker.proxy.addresses import Published
from bosun_docker.settings import DockerSettings

DOCUMENT = """
dockerNetwork: "bosun"
traefikImage: "traefik:2.3.3"
outfacingPredictionURLPrefix: "http://10.10.12.22:81"
agentImage: "datarobot/mlops-tracking-agent:latest"
rabbitmqImage: "rabbitmq:3-management"
ppsBaseImage: "datarobot/datarobot-portable-prediction-api:latest"
generatedImagePrefix: "mlops_"
containerNamePrefix: "mlops_"
traefikPortMapping:
    80: 81
    8080: 8081
rabbitmqPortMapping:
    15672: 15673
    5672: 5673
"""


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., DockerSettings]:
    """Reads a private configuration with these keys."""

    def written(text: str | None = None, **given: Any) -> DockerSettings:
        path = tmp_path / "private.yaml"
        path.write_text(text or yaml.safe_dump({"outfacingPredictionURLPrefix": "http://h:81", **given}))
        return load(DockerSettings, str(path))

    return written


Read = Callable[..., DockerSettings]


def test_the_documents_own_file_is_read(read: Read) -> None:
    settings = read(DOCUMENT)
    assert settings.proxy_ports == (Published(80, "0.0.0.0", 81), Published(8080, "127.0.0.1", 8081))
    assert settings.broker_ports == (Published(5672, "127.0.0.1", 5673), Published(15672, "127.0.0.1", 15673))


@pytest.mark.parametrize(
    ("given", "ports"),
    [
        ({}, (Published(80, "0.0.0.0", 81),)),
        ({"outfacingPredictionURLPrefix": "https://h"}, (Published(80, "0.0.0.0", 80),)),
        (
            {"outfacingPredictionURLPrefix": "https://h", "traefikCertificate": "/c", "traefikKey": "/k"},
            (Published(443, "0.0.0.0", 443),),
        ),
    ],
)
def test_without_a_mapping_the_prefix_tells_the_port(
    read: Read, given: dict[str, Any], ports: tuple[Published, ...]
) -> None:
    assert read(**given).proxy_ports == ports


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"outfacingPredictionURLPrefix": None}, "outfacingPredictionURLPrefix is missing"),
        ({"outfacingPredictionURLPrefix": "10.10.12.22"}, "is no URL; write http://"),
        ({"outfacingPredictionURLPrefix": "http://h/a%20b"}, "'http://h/a%20b' has a path that is percent-encoded"),
        ({"outfacingPredictionURLPrefix": "http://h/é"}, "has a path that is percent-encoded"),
        ({"traefikPortMapping": {80: "x"}}, "traefikPortMapping maps '80' to 'x'; write container port: host port"),
        ({"traefikPortMapping": {9000: 9000}}, "traefikPortMapping maps 9000, where the proxy does not listen"),
        ({"traefikPortMapping": {443: 443}}, "443 with traefikCertificate and traefikKey"),
        ({"traefikCertificate": "/c"}, "traefikCertificate and traefikKey go together"),
        ({"containerNamePrefix": "a b"}, "containerNamePrefix 'a b' cannot begin a name"),
        ({"containerNamePrefix": ""}, "containerNamePrefix '' cannot begin a name"),
        ({"generatedImagePrefix": "/x"}, "generatedImagePrefix '/x' cannot begin a name"),
        ({"dockerNetwork": "{{x}}"}, "dockerNetwork '{{x}}' cannot begin a name"),
        ({"traefikImage": "A b"}, "traefikImage 'A b' is no image"),
        ({"logMaxSize": "large"}, "logMaxSize 'large' is no size"),
        ({"readinessLimit": -1}, "readinessLimit"),
        ({"restartPolicy": "sometimes"}, "restartPolicy"),
        ({"proxyProbeURL": "x"}, "proxyProbeURL 'x' is no http:// with a host and a port alone"),
        ({"proxyProbeURL": "https://h:1"}, "proxyProbeURL 'https://h:1' is no http://"),
        ({"proxyProbeURL": "http://h:1/x"}, "proxyProbeURL 'http://h:1/x' is no http://"),
        ({"traefikPortMaping": {}}, "traefikPortMapping"),
    ],
)
def test_a_mistake_is_told_with_its_key(read: Read, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read(**given)
    assert message in str(raised.value)
