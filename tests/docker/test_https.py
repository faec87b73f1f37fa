"""Predictions by HTTPS, with a certificate of the user's."""

import http.client
import json
import ssl
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.docker


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, str]:
    """The settings that name a certificate for 127.0.0.1, which is its own authority."""
    files = {"traefikCertificate": str(tmp_path / "cert.pem"), "traefikKey": str(tmp_path / "key.pem")}
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", files["traefikKey"])
    name = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-out", files["traefikCertificate"])
    subprocess.run(["openssl", "req", "-x509", *key, *name], check=True, capture_output=True)
    return files


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
