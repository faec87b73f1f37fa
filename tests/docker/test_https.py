"""Predictions by HTTPS, with a certificate of the user's."""

import http.client
import json
import ssl
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

pytestmark = pytest.mark.docker


def test_an_endpoint_answers_by_https_with_the_configured_certificate(
    place: Any, act: Callable[..., Any], package: Callable[..., str], certificate: dict[str, str]
) -> None:
    place.clear()
    own = {**certificate, "outfacingPredictionURLPrefix": f"https://127.0.0.1:{place.port}"}
    status = act("deployment_start", {"id": "d1", "modelId": "A", "modelArtifact": package("A")}, **own)
    assert status["data"]["predictionUrl"] == f"https://127.0.0.1:{place.port}/deployments/d1/predictions", status
    trusted = ssl.create_default_context(cafile=certificate["traefikCertificate"])
    with closing(http.client.HTTPSConnection("127.0.0.1", place.port, context=trusted, timeout=10)) as link:
        link.request("POST", "/deployments/d1/predictions", b'[{"x": 1, "y": 2}]', {"Content-Type": "application/json"})
        assert json.loads(link.getresponse().read())["modelId"] == "A"
    place.clear()
