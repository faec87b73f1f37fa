"""The port for probes: where it is found, and what it answers."""

import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from fault_proxy import Faults, proxied

pytestmark = pytest.mark.docker


def probe_address(place: Any) -> str:
    """Return host and port at which the engine publishes the port for probes."""
    return str(place("port", f"{place.prefix}traefik", "8099/tcp").splitlines()[0])


def test_without_the_routes_secret_it_leads_to_no_deployment(
    clean: Any, act: Callable[..., Any], package: Callable[..., str], predict: Callable[..., str]
) -> None:
    status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")})
    url = status["data"]["predictionUrl"]
    assert predict(url) == "A"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(url.replace(clean.url, f"http://{probe_address(clean)}"), timeout=10)


class Noting(Faults):
    """No fault at all: notes what is asked for."""

    def loses(self, method: str, path: str) -> bool:
        self.happened.append(path)
        return False


def test_it_is_asked_where_proxyprobeurl_says(
    clean: Any, act: Callable[..., Any], package: Callable[..., str], predict: Callable[..., str]
) -> None:
    assert act("plugin_start")["status"] == "passing"
    asked = Noting()
    with proxied(f"http://{probe_address(clean)}", asked) as address:
        own = {"proxyProbeURL": f"http://{address}"}
        status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, **own)
    assert (status["status"], predict(status["data"]["predictionUrl"])) == ("passing", "A")
    assert [path for path in asked.happened if path.endswith("-public/deployments/d1/ping")]
